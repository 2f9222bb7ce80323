package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.posix.PassedVariables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program in place of queue gets of whoever started us. */
class QueueProgramVariablesTest {
    @TempDir
    Path home;

    private Path program;

    @BeforeEach
    void program() throws Exception {
        program = Files.writeString(
                home.resolve("filter"),
                "#!/bin/sh\nenv >variables\nps -o sid= -p $$ | tr -d ' ' >session\necho $$ >>session\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void run(Enqueue queue) throws Exception {
        try (var submission = queue.open()) {
            var envelope = new Envelope(
                    Address.NULL,
                    List.of(new Address("bob@y")),
                    Envelope.BodyType.SEVEN_BIT,
                    Envelope.AddressForm.ASCII,
                    0);
            assertThat(submission.commit(envelope)).isInstanceOf(Enqueue.Receipt.Accepted.class);
        }
        List<String> session = Files.readAllLines(home.resolve("session"));
        assertThat(session.get(0)).as("a session of its own").isEqualTo(session.get(1));
    }

    private List<String> names() throws Exception {
        return Files.readAllLines(home.resolve("variables")).stream()
                .filter(line -> line.matches("[A-Za-z_]\\w*=.*"))
                .map(line -> line.substring(0, line.indexOf('=')))
                .filter(name -> !List.of("PWD", "OLDPWD", "SHLVL", "_").contains(name)) // the shell's own
                .toList();
    }

    @Test
    void thatOfADaemonGetsItsClientsVariablesAndFewOfOurs() throws Exception {
        assertThat(System.getenv()).as("something that must not be passed on").containsKey("HOME");
        run(new ExternalQueueProgram(program.toString(), home, Map.of("RELAYCLIENT", "", "QS_SPAM", "x")));
        assertThat(names())
                .contains("RELAYCLIENT", "QS_SPAM")
                .allMatch(name -> name.equals("RELAYCLIENT")
                        || name.equals("QS_SPAM")
                        || PassedVariables.STANDARD.contains(name));
    }

    @Test
    void thatOfACommandGetsItsUsers() throws Exception {
        run(ExternalQueueProgram.orElse(
                () -> {
                    throw new AssertionError("queue is asked");
                },
                Map.of("QMAILQUEUE", program.toString()),
                home));
        assertThat(names()).contains("HOME");
    }
}

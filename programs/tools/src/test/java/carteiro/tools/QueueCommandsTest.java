package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.protocol.Inspection;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** qmail-qread and qmail-qstat, over the socket, against a queue of the test's. */
class QueueCommandsTest {
    @TempDir
    Path home;

    /** A queue that holds these messages. */
    private record Held(List<WaitingMessage> messages) implements Inspection {
        @Override
        public QueueCounts counts() {
            return new QueueCounts(messages.size(), 2, 5, 1000, 1, 4096);
        }

        @Override
        public List<WaitingMessage> page(long after, int most) {
            return messages.stream()
                    .filter(m -> m.message() > after)
                    .limit(most)
                    .toList();
        }

        @Override
        public List<String> reasons(long message, int from, int count) {
            return java.util.stream.IntStream.range(from, from + count)
                    .mapToObj(i -> message == 7 && i == 1 ? "192.0.2.7 said: 451 later\n(#4.7.1)" : "")
                    .toList();
        }

        @Override
        public carteiro.protocol.Waiting.Page recipients(long message, int from) {
            return carteiro.protocol.Waiting.Page.NONE;
        }
    }

    private static final Instant DUE = Instant.parse("2026-11-24T04:00:00Z");

    private static WaitingMessage message(
            long number, String sender, List<String> recipients, List<RecipientState> states) {
        return new WaitingMessage(
                number,
                Instant.parse("2026-11-24T03:01:34Z").plusSeconds(number),
                232,
                new Envelope(
                        new Address(sender),
                        recipients.stream().map(Address::new).toList(),
                        Envelope.BodyType.SEVEN_BIT,
                        Envelope.AddressForm.ASCII,
                        0),
                states);
    }

    @BeforeEach
    void control() throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/me"), "example.org\n");
        Files.writeString(home.resolve("control/virtualdomains"), "virtual.example:joe\n");
    }

    private Tool.Result read(Inspection queue, carteiro.posix.Invocation.CommandAction command, String... arguments)
            throws Exception {
        var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
        try (log;
                var wires = new SocketWires(new Installation(home), log);
                var _ = wires.offer(queue)) {
            return new Tool().run(command, arguments);
        }
    }

    @Test
    @Covers("qmail:T01")
    void qreadShowsEachMessageAndItsRecipients() throws Exception {
        var queue = new Held(List.of(
                message(
                        1,
                        "carol@example.org",
                        List.of("grace@EXAMPLE.org", "drop@remote.example"),
                        List.of(RecipientState.Due.NOW, new RecipientState.Done())),
                message(
                        7,
                        "",
                        List.of("first@local.example", "second@local.example"),
                        List.of(RecipientState.Due.NOW, new RecipientState.Due(DUE))),
                message(
                        26,
                        "",
                        List.of("x y\n\u00ff@virtual.example", "bare"),
                        List.of(new RecipientState.ToBounce(), new RecipientState.Due(DUE)))));
        var result =
                read(queue, call -> QueueView.with(call, "qmail-qread", QmailQread::run), "--home", home.toString());
        assertThat(result.out())
                .isEqualTo("24 Nov 2026 03:01:35 GMT  #1  232  <carol@example.org> \n"
                        + "\tlocal\tgrace@EXAMPLE.org\n"
                        + "  done\tremote\tdrop@remote.example\n"
                        + "24 Nov 2026 03:01:41 GMT  #7  232  <> \n"
                        + "\tremote\tfirst@local.example\n"
                        + "\tremote\tsecond@local.example\n"
                        + "\t\tnext try 24 Nov 2026 04:00:00 GMT: 192.0.2.7 said: 451 later/(#4.7.1)\n"
                        + "24 Nov 2026 03:02:00 GMT  #26  232  <>  bouncing\n"
                        + "  done\tlocal\tjoe-x_y__@virtual.example\n"
                        + "\tlocal\tbare@example.org\n"
                        + "\t\tnext try 24 Nov 2026 04:00:00 GMT\n");
        assertThat(result.code()).isZero();
    }

    @Test
    @Covers("qmail:T01")
    void qstatCounts() throws Exception {
        var queue = new Held(List.of(message(1, "a@b", List.of("c@d"), List.of(RecipientState.Due.NOW))));
        var result = read(
                queue,
                call -> QueueView.with(call, "qmail-qstat", (c, _, inspection) -> QmailQstat.run(c, inspection)),
                "--home",
                home.toString());
        assertThat(result)
                .isEqualTo(new Tool.Result(
                        0, "messages in queue: 1\nmessages in queue but not yet preprocessed: 2\n", ""));
    }

    @Test
    void withoutAQueueTheySayWhere() {
        var result = new Tool()
                .with("CARTEIRO_HOME", home.toString())
                .run(call -> QueueView.with(call, "qmail-qstat", (c, _, inspection) -> QmailQstat.run(c, inspection)));
        assertThat(result.code()).isEqualTo(111);
        assertThat(result.err()).contains("queue", home.toString());
        assertThat(new Tool()
                        .run(call -> QueueView.with(call, "qmail-qread", QmailQread::run), "x")
                        .code())
                .isEqualTo(100);
    }
}

package carteiro.checkpassword;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.posix.Identity;
import carteiro.protocol.PasswordChecker.CheckerAnswer;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.LoginService;
import carteiro.testkit.AlsoAsOrdinaryUser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs of the checkpassword interface, written as shell scripts, run as the daemon runs them. */
@AlsoAsOrdinaryUser
class CheckerRunTest {
    private static final int NOBODY = 65534;
    private static final boolean AS_ROOT = Identity.ownUid() == 0;

    /** Lets ann in by her password, as nobody, with a home of her own. */
    private static final String GOOD = """
            said=$(tr '\\0' '/' <&3)
            [ "$said" = 'ann/s e same//' ] || exit 1
            export HOME=/home/ann
            """;

    @TempDir
    private Path folder;

    private Duration limit = Duration.ofSeconds(20);

    private CheckerAnswer check(String script, String name, String password) throws IOException {
        Path program = Files.writeString(folder.resolve("checker"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        var command = new CheckerCommand(List.of(program.toString(), "-s", "mail"));
        try {
            return new CheckerRun(command, folder, AS_ROOT, 7, limit)
                    .check(
                            new LoginAttempt(LoginService.POP3, "192.0.2.7"),
                            name,
                            password.getBytes(StandardCharsets.UTF_8));
        } finally {
            try (Stream<Path> left = Files.list(folder)) {
                assertThat(left.map(each -> String.valueOf(each.getFileName())))
                        .noneMatch(each -> each.startsWith("report"));
            }
        }
    }

    private CheckerAnswer check(String script) throws IOException {
        return check(script, "ann", "s e same");
    }

    /** What becomes the user and goes on; the first two words are the program's own. */
    private static String become() {
        return "shift 2\nexec " + (AS_ROOT ? "setpriv --reuid 65534 --regid 65534 --clear-groups -- " : "")
                + "\"$@\"\n";
    }

    private static void assertAccepted(CheckerAnswer answer) {
        int uid = AS_ROOT ? NOBODY : Identity.ownUid();
        assertThat(answer).isInstanceOfSatisfying(CheckerAnswer.PasswordAccepted.class, accepted -> {
            assertThat(accepted.uid()).isEqualTo(uid);
            assertThat(accepted.home()).isEqualTo("/home/ann");
        });
    }

    private static void assertUndecided(CheckerAnswer answer, String reason) {
        assertThat(answer)
                .isInstanceOfSatisfying(
                        CheckerAnswer.CheckerUndecided.class,
                        undecided -> assertThat(undecided.reason()).contains(reason));
    }

    @Test
    void whomItLetsInHasTheIdsOfTheProcessAndTheHomeItNames() throws Exception {
        assertAccepted(check(GOOD + become()));
        assertThat(check(GOOD + become(), "ann", "sesame")).isEqualTo(new CheckerAnswer.PasswordRefused());
        assertThat(check(GOOD + become(), "bob", "s e same")).isEqualTo(new CheckerAnswer.PasswordRefused());
    }

    /** As those do that keep a session open (PAM). */
    @Test
    void itMayStayAsTheParent() throws Exception {
        assertAccepted(check(GOOD + become().replace("exec ", "") + "exit $?\n"));
    }

    @Test
    void itHasNothingAtItsStandardDescriptorsAndNoNetwork() throws Exception {
        String looks = "[ \"$1 $2 $SERVICE $TCPREMOTEIP\" = '-s mail pop3 192.0.2.7' ] || exit 21\n"
                + "for i in 0 1 2; do [ \"$(readlink /proc/$$/fd/$i)\" = /dev/null ] || exit 22; done\n"
                + "[ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] || exit 23\n";
        if (AS_ROOT) {
            looks += "[ \"$(grep -c : /proc/net/dev)\" = 1 ] || exit 24\n";
        }
        assertAccepted(check(looks + GOOD + become()));
    }

    @ParameterizedTest
    @CsvSource({
        "exit 2, code 2",
        "exit 111, code 111",
        "exit 42, code 42",
        "exit 0, has not started",
        "kill -9 $$, code 137",
        "'shift 2; unset HOME; exec \"$@\"', has set no HOME",
        "'shift 2; HOME=home exec \"$@\"', has set no HOME"
    })
    void whateverElseHappensIsNoRefusal(String script, String reason) throws Exception {
        assertUndecided(check(script + "\n"), reason);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aRefusal(int code) throws Exception {
        assertThat(check("exit " + code + "\n")).isEqualTo(new CheckerAnswer.PasswordRefused());
    }

    @Test
    void rootIsNobody() throws Exception {
        assumeTrue(AS_ROOT, "SKIPPED: only root's programs can stay root");
        assertUndecided(check(GOOD + "shift 2\nexec \"$@\"\n"), "stayed root");
    }

    /** The user may have a hand in the process by then: it can name no other one. */
    @ParameterizedTest
    @CsvSource({
        "1, not in its session",
        "99999999999, not what it was to start",
        "x, not what it was to start",
        "999999999, ended too early"
    })
    void aReportOfAnotherProcessIsNotBelieved(String pid, String reason) throws Exception {
        assertUndecided(check("printf '" + pid + "\\0/home/bob\\0' >&4\nsleep 20\n"), reason);
    }

    @Test
    @Timeout(20)
    void aFloodOfAReportIsNotRead() throws Exception {
        assertUndecided(check("exec yes >&4\n"), "not what it was to start");
    }

    @Test
    @Timeout(60)
    void allThatItHasStartedEndsWithIt() throws Exception {
        limit = Duration.ofSeconds(2);
        assertUndecided(
                check("sleep 300 & echo $! > " + folder + "/first\nsetsid sleep 300 & echo $! > " + folder
                        + "/second\nwait\n"),
                "did not end within 2 s");
        for (String name : List.of("first", "second")) {
            long pid = Long.parseLong(Files.readString(folder.resolve(name)).strip());
            for (int i = 0; i < 200 && ProcessHandle.of(pid).isPresent(); i++) {
                Thread.sleep(50);
            }
            assertThat(ProcessHandle.of(pid)).as(name).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\0b", "long"})
    void whatTheInterfaceHasNoWordsForIsRefusedUnseen(String password) throws Exception {
        String longest = "x".repeat(CheckerRun.LONGEST - "ann".length() - 3);
        String script = "touch " + folder + "/asked\nexit 1\n";
        assertThat(check(script, "ann", password.equals("long") ? longest + "x" : password))
                .isEqualTo(new CheckerAnswer.PasswordRefused());
        assertThat(folder.resolve("asked")).doesNotExist();
        check(script, "ann", longest);
        assertThat(folder.resolve("asked")).exists();
    }

    @Test
    void aProgramThatOthersCouldReplaceIsNotRun() throws Exception {
        Path control = Files.createDirectory(folder.resolve("control"));
        Path setting = control.resolve("checkpassword");
        var installation = new Installation(folder);
        for (String wrong : List.of("", "bin/true", "/nonexistent/checker")) {
            Files.writeString(setting, wrong + "\n");
            assertThatThrownBy(() -> CheckerCommand.read(installation)).isInstanceOf(ControlException.class);
        }
        Files.writeString(setting, "/bin/true  -s\tmail \n");
        assertThat(CheckerCommand.read(installation).words()).containsExactly("/bin/true", "-s", "mail");
        assumeTrue(AS_ROOT, "SKIPPED: only what root runs has to be root's");
        Path own = Files.copy(Path.of("/bin/true"), folder.resolve("own"));
        Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxrwxr-x"));
        Files.writeString(setting, own + "\n");
        assertThatThrownBy(() -> CheckerCommand.read(installation)).hasMessageContaining("others could change it");
        Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(CheckerCommand.read(installation).words()).containsExactly(own.toString());
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> CheckerCommand.read(installation)).hasMessageContaining("is run by root");
    }
}

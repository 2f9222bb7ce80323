package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.posix.SystemAccount;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitTest {
    @TempDir
    Path home;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    /** The folders above it are made, too. */
    @Test
    void aHomeBelowAFolderThatIsMissing() throws Exception {
        Path below = home.resolve("srv/mail");
        new Init(new Installation(below), new PrintStream(said), false, _ -> Optional.empty())
                .write("mail.example.org", Optional.empty(), Optional.empty());
        assertThat(below.resolve("control/me")).hasContent("mail.example.org\n");
    }

    @Test
    @Timeout(20)
    void whatIsNoFileIsNotWaitedFor() throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/me"), "mail.example.org\n");
        assertThat(new ProcessBuilder("mkfifo", home.resolve("rc").toString())
                        .start()
                        .waitFor())
                .isZero();
        assertThatThrownBy(() -> init("mail.example.org")).hasMessageContaining("--delivery ./Mailbox");
    }

    private void init(String me) throws IOException {
        new Init(new Installation(home), new PrintStream(said), false, _ -> Optional.empty())
                .write(me, Optional.empty(), Optional.empty());
    }

    @Test
    @Covers("qmail:C14")
    void theFirstControlFilesAreThoseOfConfigFast() throws Exception {
        init("A.b.example.org");
        assertThat(home.resolve("control/me")).hasContent("a.b.example.org\n");
        assertThat(home.resolve("control/defaultdomain")).hasContent("b.example.org\n");
        assertThat(home.resolve("control/plusdomain")).hasContent("example.org\n");
        assertThat(home.resolve("control/locals")).hasContent("a.b.example.org\n");
        assertThat(home.resolve("control/rcpthosts")).hasContent("a.b.example.org\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("control/me"))))
                .isEqualTo("rw-r--r--");
        assertThat(home.resolve("control/smtpdlisten")).hasContent("127.0.0.1:2525\n");
        assertThat(home.resolve("alias/.qmail-postmaster")).hasContent("./Maildir/\n");
        assertThat(home.resolve("alias/Maildir/new")).isDirectory();
        assertThat((int) Files.getAttribute(home.resolve("spool"), "unix:mode") & 07777)
                .as("everybody adds to the spool, nobody lists it")
                .isEqualTo(03733);
        assertThat(said.toString()).contains("made   control/me = a.b.example.org", "Ready. Next: carteiro run --home");
    }

    @Test
    void whatExistsIsNeverChanged() throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.createDirectories(home.resolve("alias"));
        Files.writeString(home.resolve("control/locals"), "mine.example.org\n");
        Files.writeString(home.resolve("alias/.qmail-root"), "&ann@example.org\n");
        init("mail.example.org");
        init("other.example.org");
        assertThat(home.resolve("control/locals")).hasContent("mine.example.org\n");
        assertThat(home.resolve("alias/.qmail-root")).hasContent("&ann@example.org\n");
        assertThat(home.resolve("control/me")).hasContent("mail.example.org\n");
        assertThat(said.toString()).contains("exists control/locals = mine.example.org");
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '!', quoteCharacter = '`', textBlock = """
            qmail-start ./Mailbox splogger qmail                                ! ./Mailbox
            exec env - PATH="/var/qmail/bin:$PATH" \\Nqmail-start ./Maildir/  ! ./Maildir/
            qmail-start '|dot-forward .forwardN./Mailbox' splogger qmail        ! |dot-forward .forwardN./Mailbox
            qmail-start "|preline procmail"                                     ! |preline procmail
            echo # qmail-start ./OldNqmail-start ./New                               ! ./New
            """)
    void aSiteThatMovesKeepsItsDefaultDelivery(String script, String delivery) throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/me"), "mail.example.org\n");
        Files.writeString(
                home.resolve("rc"),
                "#!/bin/sh\n" + script.strip().replace('N', '\n').replace("\new", "New") + "\n");
        init("mail.example.org");
        assertThat(home.resolve("control/defaultdelivery"))
                .content()
                .isEqualTo(delivery.strip().replace('N', '\n').replace("\new", "New") + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "qmail-start \"`cat control/defaultdelivery`\"",
                "qmail-start $D",
                "# qmail-start ./Mailbox",
                "exec qmail-start >/var/log/qmail 2>&1",
                "echo qmail-start is not here",
                "qmail-start \"\" splogger qmail"
            })
    void aDefaultDeliveryThatNobodyTellsIsAskedFor(String script) throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/me"), "mail.example.org\n");
        Files.writeString(home.resolve("rc"), script + "\n");
        assertThatThrownBy(() -> init("mail.example.org")).hasMessageContaining("--delivery ./Mailbox");
        assertThat(home.resolve("control/defaultdelivery")).doesNotExist();
        new Init(new Installation(home), new PrintStream(said), false, _ -> Optional.empty())
                .write("mail.example.org", Optional.empty(), Optional.of("./Mailbox"));
        assertThat(home.resolve("control/defaultdelivery")).hasContent("./Mailbox");
    }

    @Test
    void programsOfOtherPackagesInTheDefaultDeliveryAreSaid() throws Exception {
        new Init(new Installation(home), new PrintStream(said), false, _ -> Optional.empty())
                .write("mail.example.org", Optional.empty(), Optional.of("|dot-forward .forward\n./Mailbox"));
        assertThat(said.toString()).contains("note: control/defaultdelivery runs dot-forward");
        assertThat(said.toString()).as("no Maildir is needed").doesNotContain("no Maildir yet");
    }

    @Test
    void anAccountWithoutItsMaildirIsSaid() throws Exception {
        SystemAccount us = SystemAccount.withUid(SystemAccount.effectiveUid()).orElseThrow();
        boolean missing = Files.isDirectory(Path.of(us.home()))
                && !Files.exists(Path.of(us.home()).resolve("Maildir"));
        init("mail.example.org");
        if (missing) {
            assertThat(said.toString())
                    .contains("note: no Maildir yet, so that their mail waits: " + us.name(), "carteiro maildirmake");
        } else {
            assertThat(said.toString()).doesNotContain("no Maildir yet");
        }
    }

    @ParameterizedTest
    @CsvSource({"y,true", "YES,true", "n,false", "'',false"})
    void theDomainWithoutTheHostIsAskedAboutAtATerminal(String answer, boolean taken) throws Exception {
        var asked = new java.util.ArrayList<String>();
        Init.Prompt prompt = question -> {
            asked.add(question);
            return Optional.of(answer);
        };
        var init = new Init(new Installation(home), new PrintStream(said), false, prompt);
        init.write("mail.example.org", Optional.empty(), Optional.empty());
        assertThat(asked).singleElement().asString().contains("user@example.org", "user@mail.example.org");
        for (String name : new String[] {"locals", "rcpthosts"}) {
            assertThat(home.resolve("control").resolve(name))
                    .hasContent(taken ? "mail.example.org\nexample.org\n" : "mail.example.org\n");
        }
        init.write("mail.example.org", Optional.empty(), Optional.empty());
        assertThat(asked).as("what is decided is not asked again").hasSize(1);
    }

    @Test
    void theFurtherDomainMayBeSaid() throws Exception {
        Init.Prompt nobody = question -> {
            throw new AssertionError(question);
        };
        var init = new Init(new Installation(home), new PrintStream(said), false, nobody);
        assertThatThrownBy(() -> init.write("mail.example.org", Optional.of("not a domain"), Optional.empty()))
                .hasMessageContaining("--domain wants one");
        init.write("mail.example.org", Optional.of("Example.org"), Optional.empty());
        assertThat(home.resolve("control/locals")).hasContent("mail.example.org\nexample.org\n");
        assertThat(said.toString()).doesNotContain("is refused");
    }

    @Test
    void whatANewcomerWouldMissIsSaid() throws Exception {
        init("mail.example.org");
        assertThat(said.toString())
                .contains("note: mail for user@mail.example.org is taken, mail for user@example.org is refused");
    }

    @Test
    void whatAFileHoldsReachesNoTerminalAsItIs() throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/locals"), "\u001b]0;evil\u0007\n");
        Files.createDirectories(home.resolve("alias"));
        Files.createSymbolicLink(home.resolve("alias/.qmail-root"), Path.of("/etc/hostname"));
        init("mail.example.org");
        assertThat(said.toString())
                .doesNotContain("\u001b", "\u0007")
                .contains("exists control/locals = _]0;evil_", "exists alias/.qmail-root (a link)");
    }

    @Test
    void aQueueThatIsStillQmailsIsSaid() throws Exception {
        Files.createDirectories(home.resolve("queue/mess"));
        Files.createDirectories(home.resolve("queue/lock"));
        init("mail.example.org");
        assertThat(said.toString()).contains("note: " + home + "/queue is qmail's own");
    }

    @ParameterizedTest
    @CsvSource({"a.b.c.org,b.c.org,c.org", "b.org,org,b.org", "localhost,localhost,localhost"})
    @Covers("qmail:C14")
    void domainsOfAHost(String host, String defaultDomain, String plusDomain) {
        assertThat(Init.defaultDomain(host)).isEqualTo(defaultDomain);
        assertThat(Init.plusDomain(host)).isEqualTo(plusDomain);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a..b", "-a.org", "a b", "a/b", "a\nb", "ann@example.org"})
    void whatIsNoHostIsRefusedAndNothingIsWritten(String me) {
        assertThatThrownBy(() -> init(me)).hasMessageContaining("is no name of a host");
        assertThat(home).isEmptyDirectory();
    }
}

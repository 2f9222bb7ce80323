package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process, with pipes. */
class QmailPop3dTest {
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path folder;

    private TestMaildir maildir = new TestMaildir(Path.of("/nonexistent"));

    @BeforeEach
    void make() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        maildir = TestMaildir.make(folder.resolve("Maildir"));
    }

    private static List<String> asOwner(String... arguments) {
        var words = new ArrayList<>(Pop3Process.asOwner());
        words.addAll(Pop3Process.java(QmailPop3d.class, List.of(arguments)));
        return words;
    }

    @Test
    @Covers("qmail:O10")
    void rootIsRefused() throws Exception {
        Assumptions.assumeTrue(Pop3Process.asRoot(), "skipped: needs root");
        maildir.put("new/1.a.host", "S: x\n", HOUR);
        Pop3Process.Ended ended = Pop3Process.run(
                Pop3Process.java(QmailPop3d.class, List.of(maildir.folder().toString())), "");
        assertThat(ended).isEqualTo(new Pop3Process.Ended("", "qmail-pop3d invoked as uid 0, terminating\n", 1));
        assertThat(maildir.files()).containsExactly("new/1.a.host");
    }

    @Test
    @Covers("qmail:O10")
    void withoutAMaildirItEndsAsQmailDoes() throws Exception {
        var refused = new Pop3Process.Ended("-ERR this user has no $HOME/Maildir\r\n", "", 0);
        assertThat(Pop3Process.run(asOwner(), "")).isEqualTo(refused);
        assertThat(Pop3Process.run(asOwner(folder + "/none"), "")).isEqualTo(refused);
    }

    @Test
    @NeedsOrdinaryUser("root may read everything")
    @Covers("qmail:O10")
    void aMaildirThatIsClosedToTheUserIsNone() throws Exception {
        Files.setPosixFilePermissions(maildir.folder(), PosixFilePermissions.fromString("---------"));
        assertThat(maildir.converse("QUIT")).isEqualTo("-ERR this user has no $HOME/Maildir\r\n");
        Files.setPosixFilePermissions(maildir.folder(), PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    @Covers({"qmail:O06", "qmail:O07", "qmail:O08"})
    void eachAnswerComesAtOnceAndQuitAloneChangesTheMaildir() throws Exception {
        maildir.put("new/1.a.host", "S: x\n\n.y\n", HOUR);
        maildir.put("new/2.b.host", "S: z\n", HOUR.dividedBy(2));
        Pop3Process.own(maildir.folder());
        try (var lost = Pop3Process.start(asOwner(maildir.folder().toString()))) {
            assertThat(lost.line()).isEqualTo("+OK \r\n");
            lost.say("DELE 1\r\n");
            assertThat(lost.line()).isEqualTo("+OK \r\n");
            assertThat(lost.end()).isEqualTo(new Pop3Process.Ended("", "", 0));
        }
        assertThat(maildir.files()).containsExactly("new/1.a.host", "new/2.b.host");
        try (var quit = Pop3Process.start(asOwner(maildir.folder().toString()))) {
            quit.say("RETR 1\r\nDELE 1\r\nQUIT\r\n"); // all at once
            assertThat(quit.rest())
                    .isEqualTo(new Pop3Process.Ended(
                            "+OK \r\n+OK \r\nS: x\r\n\r\n..y\r\n\r\n.\r\n+OK \r\n+OK \r\n", "", 0));
        }
        assertThat(maildir.files()).containsExactly("cur/2.b.host:2,");
    }
}

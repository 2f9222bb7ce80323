package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.control.Installation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What root does in folders of others, and does not. */
class LayoutTest {
    private static final int EVE = 41_007;

    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void prepare() throws Exception {
        assumeThat(System.getProperty("user.name")).as("needs root").isEqualTo("root");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        home = StartProcess.home(folder.resolve("h"));
    }

    private static void give(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", EVE, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(path, "unix:gid", EVE, java.nio.file.LinkOption.NOFOLLOW_LINKS);
    }

    private void init() throws IOException {
        new Init(new Installation(home), new PrintStream(new ByteArrayOutputStream()), true, _ -> Optional.empty())
                .write("mail.example.org", Optional.empty(), Optional.of("./Maildir/"));
    }

    @Test
    void aLinkInPlaceOfTheMailboxLeadsRootNowhere() throws Exception {
        Path roots = Files.createDirectory(folder.resolve("roots"));
        Path alias = Files.createDirectory(home.resolve("alias"));
        Files.createSymbolicLink(alias.resolve("Maildir"), roots);
        give(alias);
        assertThatThrownBy(this::init).isInstanceOf(IOException.class);
        assertThat(roots).isEmptyDirectory();
    }

    @Test
    void whatRootMakesInAFolderOfAliasIsThatOwners() throws Exception {
        Path alias = Files.createDirectory(home.resolve("alias"));
        give(alias);
        init();
        for (String made : new String[] {"Maildir", "Maildir/tmp", ".qmail-root"}) {
            assertThat(Files.getAttribute(alias.resolve(made), "unix:uid"))
                    .as(made)
                    .isEqualTo(EVE);
        }
    }

    @Test
    void aHomeThatOthersCouldReplaceIsRefused() throws Exception {
        var installation = new Installation(home);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> Layout.checkHome(installation)).hasMessageContaining(folder.toString());
        StartProcess run = StartProcess.toEnd("run", "--home", home.toString());
        assertThat(run.process.exitValue()).isEqualTo(111);
        assertThat(run.output()).startsWith("alert: cannot start: " + folder);
        assertThat(new ProcessBuilder("chmod", "+t", folder.toString()).start().waitFor())
                .isZero();
        Layout.checkHome(installation); // a folder that is root's own in a sticky one
        give(home);
        assertThatThrownBy(() -> Layout.checkHome(installation)).hasMessageContaining(home.toString());
    }

    @Test
    void theLoggersFolderIsTheLoggers() throws Exception {
        ProgramAccounts.create(home, new PrintStream(new ByteArrayOutputStream()));
        init();
        int qmaill = carteiro.posix.SystemAccount.named("qmaill").orElseThrow().uid();
        assertThat(Files.getAttribute(home.resolve("log"), "unix:uid")).isEqualTo(qmaill);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("log"))))
                .isEqualTo("rwxr-x---");
    }

    @Test
    void nothingIsDoneAsAnotherUserInRootsGroup() throws Exception {
        Path alias = Files.createDirectory(home.resolve("alias"));
        Files.setAttribute(alias, "unix:uid", EVE);
        assertThatThrownBy(this::init).hasMessageContaining("whose group is root's");
        assertThat(alias).isEmptyDirectory();
    }

    @Test
    void aMistakeOfTheWorkDoneAsAnotherUserIsNoSuccess() throws Exception {
        Path theirs = Files.createDirectory(folder.resolve("theirs"));
        give(theirs);
        assertThatThrownBy(() -> Layout.asOwner(theirs, () -> {
                    throw new StackOverflowError();
                }))
                .isInstanceOf(StackOverflowError.class);
    }

    @Test
    void aFolderOfAProgramThatIsALinkOrAFileIsRefused() throws Exception {
        var installation = new Installation(home);
        Path target = Files.createDirectory(folder.resolve("target"));
        give(target);
        Files.createDirectories(home.resolve("run"));
        Files.createSymbolicLink(home.resolve("run/start"), target);
        assertThatThrownBy(() -> Layout.run(installation, "start", new Layout.FolderOwner.Us()))
                .hasMessageContaining("in the way");
        assertThat(Files.getAttribute(target, "unix:uid")).isEqualTo(EVE);
        Files.delete(home.resolve("run/start"));
        Files.writeString(home.resolve("run/start"), "");
        assertThatThrownBy(() -> Layout.run(installation, "start", new Layout.FolderOwner.Us()))
                .hasMessageContaining("in the way");
    }

    /** Its former owner goes on making files there while root empties it: nothing of that may stay. */
    @Test
    void aFolderIsClosedToItsFormerOwnerBeforeItIsEmptied() throws Exception {
        var installation = new Installation(home);
        Path start = Files.createDirectories(home.resolve("run/start"));
        give(start);
        Files.setPosixFilePermissions(start, PosixFilePermissions.fromString("rwxrwxrwx"));
        Process eve = new ProcessBuilder(
                        "setpriv",
                        "--reuid",
                        EVE + "",
                        "--regid",
                        EVE + "",
                        "--clear-groups",
                        "sh",
                        "-c",
                        "cd run/start && i=0; while [ $i -lt 1000000 ] && : >x$i; do i=$((i+1)); done 2>/dev/null")
                .directory(home.toFile())
                .start();
        try {
            while (!Files.exists(start.resolve("x100"))) {
                assertThat(eve.isAlive()).isTrue();
                Thread.onSpinWait();
            }
            Layout.run(installation, "start", new Layout.FolderOwner.Us());
            assertThat(eve.waitFor(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
            assertThat(start).isEmptyDirectory();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(start)))
                    .isEqualTo("rwxr-xr-x");
        } finally {
            eve.destroyForcibly();
        }
    }

    @Test
    void rootEmptiesAFolderThatWasAnothersBeforeItWorksThere() throws Exception {
        var installation = new Installation(home);
        Path target = folder.resolve("target");
        Path start = Files.createDirectories(home.resolve("run/start"));
        Files.createSymbolicLink(start.resolve("lock"), target);
        Path below = Files.createDirectory(start.resolve("below"));
        Files.createSymbolicLink(below.resolve("out"), folder);
        Files.writeString(below.resolve("file"), "x");
        give(below);
        give(start);
        Layout.run(installation, "start", new Layout.FolderOwner.Us());
        try (var _ = HomeLock.whole(installation, java.util.List.of())) {
            assertThat(target).doesNotExist();
        }
        assertThat(below).doesNotExist();
        assertThat(folder).isDirectory();
        assertThat(Files.getAttribute(start, "unix:uid")).isEqualTo(0);
    }
}

package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.posix.FileStatus.FileKind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Work in folders whose owners may put links and pipes in the way at any time. */
@Timeout(30)
final class SafeFolderTest {
    @TempDir
    Path folder;

    private Path theirs; // with a link and a pipe in it
    private Path target;

    @BeforeEach
    void fill() throws Exception {
        folder = folder.toRealPath();
        theirs = Files.createDirectory(folder.resolve("theirs"));
        target = Files.createDirectory(folder.resolve("target"));
        Files.writeString(target.resolve("secret"), "s");
        mode(target, "rwx------");
        Files.createSymbolicLink(theirs.resolve("link"), target);
        Files.createSymbolicLink(theirs.resolve("filelink"), target.resolve("secret"));
        Fifo.make(theirs.resolve("pipe"));
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void aLinkIsNeitherEnteredNorWrittenNorReadNorReplaced() throws Exception {
        try (var safe = SafeFolder.open(theirs)) {
            assertThatThrownBy(() -> safe.folder("link")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> safe.folderOrMake("link", 0755)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> safe.makeFolder("link", 0755)).isInstanceOf(FileAlreadyExistsException.class);
            assertThatThrownBy(() -> safe.createFile("filelink", 0644, new byte[1]))
                    .isInstanceOf(FileAlreadyExistsException.class);
            assertThatThrownBy(() -> safe.openOrCreate("filelink", 0644)).hasMessageContaining("symbolic link");
            assertThatThrownBy(() -> safe.read("filelink", 10)).hasMessageContaining("symbolic link");
            assertThat(safe.status("link").orElseThrow().kind()).isEqualTo(FileKind.LINK);
        }
        assertThat(mode(target)).isEqualTo("rwx------");
        assertThat(target.resolve("secret")).hasContent("s");
    }

    @Test
    void aPipeDoesNotHoldItUp() throws Exception {
        try (var safe = SafeFolder.open(theirs)) {
            assertThatThrownBy(() -> safe.folder("pipe")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> safe.openOrCreate("pipe", 0644)).hasMessageContaining("no regular file");
            assertThatThrownBy(() -> safe.read("pipe", 10)).hasMessageContaining("no regular file");
            assertThat(safe.status("pipe").orElseThrow().kind()).isEqualTo(FileKind.OTHER);
        }
        assertThat(RegularFile.open(theirs.resolve("pipe"))).isEmpty();
        assertThat(RegularFile.open(theirs.resolve("none"))).isEmpty();
        assertThat(RegularFile.open(theirs)).isEmpty();
        assertThat(RegularFile.open(Path.of("/dev/null"))).isEmpty();
    }

    @Test
    void whatItMakesHasItsModeWhateverTheUmask() throws Exception {
        try (var safe = SafeFolder.open(theirs);
                var made = safe.makeFolder("made", 03733)) {
            assertThat(made.status().mode()).isEqualTo(03733);
            made.createFile("file", 0666, "octets".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertThat(theirs.resolve("made/file")).hasContent("octets");
            assertThat(made.status("file").orElseThrow().mode()).isEqualTo(0666);
            assertThat(safe.folderOrMake("made", 0700).status().mode()).isEqualTo(03733);
            made.mode(0711);
            assertThat(mode(theirs.resolve("made"))).isEqualTo("rwx--x--x");
            try (var opened = made.openOrCreate("lock", 0600);
                    var lock = opened.tryLock()) {
                assertThat(lock.isValid()).isTrue();
            }
            assertThat(mode(theirs.resolve("made/lock"))).isEqualTo("rw-------");
            made.remove("lock");
            made.remove("file");
            safe.removeFolder("made");
        }
        assertThat(theirs.resolve("made")).doesNotExist();
    }

    @Test
    void aFolderThatWasReplacedMeanwhileStaysTheOneThatWasOpened() throws Exception {
        try (var safe = SafeFolder.open(theirs)) {
            Files.move(theirs, folder.resolve("aside"));
            Files.createSymbolicLink(theirs, target);
            safe.makeFolder("new", 0755).close();
            safe.mode(0750);
        }
        assertThat(folder.resolve("aside/new")).isDirectory();
        assertThat(target.resolve("new")).doesNotExist();
        assertThat(mode(target)).isEqualTo("rwx------");
    }

    @Test
    void aFileWithASecondNameIsNotOpenedForWriting() throws Exception {
        Files.createLink(theirs.resolve("hard"), target.resolve("secret"));
        try (var safe = SafeFolder.open(theirs)) {
            assertThatThrownBy(() -> safe.openOrCreate("hard", 0600)).hasMessageContaining("one name");
        }
    }

    @Test
    void aFileIsReadUpToALimit() throws Exception {
        Files.write(target.resolve("large"), new byte[100_000]);
        Files.createFile(target.resolve("empty"));
        try (var safe = SafeFolder.open(target)) {
            assertThat(safe.read("large", 100_000).orElseThrow()).hasSize(100_000);
            assertThatThrownBy(() -> safe.read("large", 99_999)).hasMessageContaining("over 99999 octets");
            assertThat(safe.read("empty", 0).orElseThrow()).isEmpty();
            assertThat(safe.read("none", 10)).isEmpty();
        }
        try (var file = RegularFile.open(target.resolve("large")).orElseThrow()) {
            assertThat(file.read(100_001)).hasSize(100_000);
            assertThat(file.read(1)).isEmpty();
        }
    }

    @Test
    void aNameIsOneNameOfThisFolder() throws Exception {
        try (var safe = SafeFolder.open(theirs)) {
            for (String name : new String[] {"", ".", "..", "a/b", "/etc", "a\0b"}) {
                assertThatThrownBy(() -> safe.folder(name)).hasMessageContaining("is no name of a file");
                assertThatThrownBy(() -> safe.makeFolder(name, 0700)).hasMessageContaining("is no name of a file");
                assertThatThrownBy(() -> safe.remove(name)).hasMessageContaining("is no name of a file");
                assertThatThrownBy(() -> safe.own(name, 1, 1)).hasMessageContaining("is no name of a file");
            }
        }
        assertThatThrownBy(() -> SafeFolder.open(Path.of("relative"))).hasMessageContaining("absolute");
        assertThatThrownBy(() -> SafeFolder.open(folder.resolve("theirs/../target")))
                .hasMessageContaining("..");
    }

    @Test
    void aLinkOfRootsOrOursOnTheWayIsFollowedInAFolderThatIsClosedToOthers() throws Exception {
        mode(theirs, "rwxr-xr-x");
        Files.createDirectory(target.resolve("in"));
        try (var safe = SafeFolder.open(theirs.resolve("link").resolve("in"))) {
            safe.createFile("x", 0600, new byte[0]);
        }
        assertThat(target.resolve("in/x")).exists();
        Files.createSymbolicLink(theirs.resolve("relative"), Path.of("../target/in"));
        SafeFolder.open(theirs.resolve("relative")).close();
        Files.createSymbolicLink(theirs.resolve("loop"), theirs.resolve("loop"));
        assertThatThrownBy(() -> SafeFolder.open(theirs.resolve("loop"))).isInstanceOf(IOException.class);
        mode(theirs, "rwxrwxrwx");
        assertThatThrownBy(() -> SafeFolder.open(theirs.resolve("link"))).hasMessageContaining("symbolic link");
    }

    @Test
    void aFolderThatOthersCanReplaceIsNotTrusted() throws Exception {
        Path in = Files.createDirectories(theirs.resolve("a/b"));
        SafeFolder.openTrusted(in).close(); // below a sticky /tmp, but ours
        mode(theirs, "rwxrwxrwx");
        assertThatThrownBy(() -> SafeFolder.openTrusted(in))
                .hasMessageContaining(theirs.toString())
                .hasMessageContaining("chmod go-w it");
        Files.setAttribute(theirs, "unix:mode", 01777);
        SafeFolder.openTrusted(in).close();
        mode(theirs, "rwxr-xr-x");
        SafeFolder.openTrusted(in).close();
        Files.setAttribute(in.getParent(), "unix:mode", 0775);
        if ((int) Files.getAttribute(in, "unix:gid") != 0) {
            assertThatThrownBy(() -> SafeFolder.openTrusted(in)).hasMessageContaining("chmod go-w it");
        }
    }

    @Test
    void aFolderOfAnotherUserIsNotTrustedAndALinkOfHisNotFollowed() throws Exception {
        Assumptions.assumeTrue(Identity.ownUid() == 0, "needs root");
        mode(theirs, "rwxr-xr-x");
        Files.setAttribute(theirs, "unix:uid", 41001);
        Path in = Files.createDirectory(theirs.resolve("in"));
        assertThatThrownBy(() -> SafeFolder.openTrusted(in)).hasMessageContaining("belongs to user 41001");
        SafeFolder.open(in).close();
        assertThatThrownBy(() -> SafeFolder.open(theirs.resolve("link"))).hasMessageContaining("symbolic link");
        Path closed = Files.createDirectory(folder.resolve("ours"));
        Path link = Files.createSymbolicLink(closed.resolve("link"), target);
        SafeFolder.open(link).close();
        Files.setAttribute(link, "unix:uid", 41001, LinkOption.NOFOLLOW_LINKS);
        assertThatThrownBy(() -> SafeFolder.open(link)).hasMessageContaining("symbolic link");
    }

    @Test
    void aLinkIsGivenAwayItselfAndNotWhatItLeadsTo() throws Exception {
        Assumptions.assumeTrue(Identity.ownUid() == 0, "needs root");
        try (var safe = SafeFolder.open(theirs)) {
            safe.own("filelink", 41001, 41002);
            safe.own(41003, 41004);
        }
        assertThat(Files.getAttribute(target.resolve("secret"), "unix:uid")).isEqualTo(0);
        assertThat(Files.getAttribute(theirs.resolve("filelink"), "unix:uid", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(41001);
        assertThat(Files.getAttribute(theirs, "unix:gid")).isEqualTo(41004);
    }

    @Test
    void aFolderThatMayOnlyBeEnteredIsPassed() throws Exception {
        Path passed = Files.createDirectory(folder.resolve("passed"));
        Path in = Files.createDirectory(passed.resolve("in"));
        mode(passed, "-wx--x--x");
        SafeFolder.open(in).close();
        if (Identity.ownUid() != 0) {
            assertThatThrownBy(() -> SafeFolder.open(passed)).isInstanceOf(AccessDeniedException.class);
        }
        mode(passed, "rwx------");
    }
}

package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
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
    void aLinkIsNeitherEnteredNorReplaced() throws Exception {
        try (var safe = SafeFolder.openTrusted(theirs)) {
            assertThatThrownBy(() -> safe.folderOrMake("link", 0755)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> safe.folderOrMake("filelink", 0755)).isInstanceOf(IOException.class);
        }
        assertThat(theirs.resolve("link")).isSymbolicLink();
        assertThat(theirs.resolve("filelink")).isSymbolicLink();
        assertThat(mode(target)).isEqualTo("rwx------");
        assertThat(target.resolve("secret")).hasContent("s");
    }

    @Test
    void aPipeDoesNotHoldItUp() throws Exception {
        try (var safe = SafeFolder.openTrusted(theirs)) {
            assertThatThrownBy(() -> safe.folderOrMake("pipe", 0755)).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> SafeFolder.openTrusted(theirs.resolve("pipe"))).isInstanceOf(IOException.class);
        assertThat(RegularFile.open(theirs.resolve("pipe"))).isEmpty();
        assertThat(RegularFile.open(theirs.resolve("none"))).isEmpty();
        assertThat(RegularFile.open(theirs)).isEmpty();
        assertThat(RegularFile.open(Path.of("/dev/null"))).isEmpty();
    }

    @Test
    void whatItMakesHasItsModeWhateverTheUmask() throws Exception {
        try (var safe = SafeFolder.openTrusted(theirs);
                var made = safe.folderOrMake("made", 03733)) {
            assertThat(made.status().mode()).isEqualTo(03733);
            Files.createFile(made.path().resolve("file"));
            assertThat(theirs.resolve("made/file")).exists();
            try (var again = safe.folderOrMake("made", 0700)) {
                assertThat(again.status().mode()).isEqualTo(03733);
            }
            made.mode(0711);
            assertThat(mode(theirs.resolve("made"))).isEqualTo("rwx--x--x");
        }
    }

    @Test
    void aFolderThatWasReplacedMeanwhileStaysTheOneThatWasOpened() throws Exception {
        try (var safe = SafeFolder.openTrusted(theirs)) {
            Files.move(theirs, folder.resolve("aside"));
            Files.createSymbolicLink(theirs, target);
            safe.folderOrMake("new", 0755).close();
            safe.mode(0750);
        }
        assertThat(folder.resolve("aside/new")).isDirectory();
        assertThat(target.resolve("new")).doesNotExist();
        assertThat(mode(target)).isEqualTo("rwx------");
    }

    @Test
    void aFileIsReadUpToALimit() throws Exception {
        Files.write(target.resolve("large"), new byte[100_000]);
        try (var file = RegularFile.open(target.resolve("large")).orElseThrow()) {
            assertThat(file.read(100_001)).hasSize(100_000);
            assertThat(file.read(1)).isEmpty();
        }
    }

    @Test
    void aNameIsOneNameOfThisFolder() throws Exception {
        try (var safe = SafeFolder.openTrusted(theirs)) {
            for (String name : new String[] {"", ".", "..", "a/b", "/etc", "a\0b"}) {
                assertThatThrownBy(() -> safe.folderOrMake(name, 0700)).hasMessageContaining("is no name of a file");
            }
        }
        assertThatThrownBy(() -> SafeFolder.openTrusted(Path.of("relative"))).hasMessageContaining("absolute");
        assertThatThrownBy(() -> SafeFolder.openTrusted(folder.resolve("theirs/../target")))
                .hasMessageContaining("..");
    }

    @Test
    void aLinkOfRootsOrOursOnTheWayIsFollowedInAFolderThatIsClosedToOthers() throws Exception {
        mode(theirs, "rwxr-xr-x");
        Files.createDirectory(target.resolve("in"));
        try (var safe = SafeFolder.openTrusted(theirs.resolve("link").resolve("in"))) {
            safe.folderOrMake("x", 0700).close();
        }
        assertThat(target.resolve("in/x")).exists();
        Files.createSymbolicLink(theirs.resolve("relative"), Path.of("../target/in"));
        SafeFolder.openTrusted(theirs.resolve("relative")).close();
        Files.createSymbolicLink(theirs.resolve("loop"), theirs.resolve("loop"));
        assertThatThrownBy(() -> SafeFolder.openTrusted(theirs.resolve("loop"))).isInstanceOf(IOException.class);
        mode(theirs, "rwxrwxrwx");
        assertThatThrownBy(() -> SafeFolder.openTrusted(theirs.resolve("link"))).hasMessageContaining("chmod go-w it");
        Files.setAttribute(theirs, "unix:mode", 01777);
        assertThatThrownBy(() -> SafeFolder.openTrusted(theirs.resolve("link"))).hasMessageContaining("symbolic link");
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
        assertThatThrownBy(() -> SafeFolder.openTrusted(theirs.resolve("link")))
                .hasMessageContaining("belongs to user 41001");
        Files.setAttribute(theirs, "unix:mode", 01777);
        assertThatThrownBy(() -> SafeFolder.openTrusted(in))
                .as("its owner may replace what is in it, sticky or not")
                .hasMessageContaining("belongs to user 41001");
        Path closed = Files.createDirectory(folder.resolve("ours"));
        Path link = Files.createSymbolicLink(closed.resolve("link"), target);
        SafeFolder.openTrusted(link).close();
        Files.setAttribute(link, "unix:uid", 41001, LinkOption.NOFOLLOW_LINKS);
        assertThatThrownBy(() -> SafeFolder.openTrusted(link)).hasMessageContaining("symbolic link");
    }

    @Test
    void aFolderThatAGroupMayWriteIsTrustedIfThatIsRootsGroup() throws Exception {
        Assumptions.assumeTrue(Identity.ownUid() == 0, "needs root");
        Path in = Files.createDirectory(theirs.resolve("in"));
        mode(theirs, "rwxrwxr-x");
        Files.setAttribute(theirs, "unix:gid", 0);
        SafeFolder.openTrusted(in).close();
        Files.setAttribute(theirs, "unix:gid", 41001);
        assertThatThrownBy(() -> SafeFolder.openTrusted(in)).hasMessageContaining("chmod go-w it");
    }

    @Test
    void whatTheSystemRefusesIsAnError() throws Exception {
        Assumptions.assumeTrue(Identity.ownUid() == 0, "needs root");
        try (var safe = SafeFolder.openTrusted(theirs)) {
            var asAnother = new FutureTask<>(() -> {
                try {
                    ThreadIdentity.assume(41001, 41001);
                    assertThatThrownBy(() -> safe.own(41001, 41001)).isInstanceOf(AccessDeniedException.class);
                    assertThatThrownBy(() -> safe.mode(0777)).isInstanceOf(AccessDeniedException.class);
                    return null;
                } finally {
                    ThreadIdentity.restore();
                }
            });
            Thread.ofPlatform().start(asAnother);
            asAnother.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void noProgramThatIsStartedGetsItsDescriptor() throws Exception {
        try (var opened =
                Descriptor.open(Descriptor.CURRENT_FOLDER, target.toString(), Descriptor.READ, 0, target.toString())) {
            String flags = Files.readAllLines(Path.of("/proc/self/fdinfo/" + opened.number())).stream()
                    .filter(line -> line.startsWith("flags:"))
                    .findFirst()
                    .orElseThrow()
                    .substring("flags:".length())
                    .strip();
            assertThat(Long.parseLong(flags, 8) & 02000000).as("O_CLOEXEC").isNotZero();
        }
    }

    @Test
    void aFolderIsGivenAway() throws Exception {
        Assumptions.assumeTrue(Identity.ownUid() == 0, "needs root");
        try (var safe = SafeFolder.openTrusted(theirs)) {
            Files.move(theirs, folder.resolve("aside"));
            Files.createSymbolicLink(theirs, target);
            safe.own(41003, 41004);
        }
        assertThat(Files.getAttribute(target, "unix:uid")).isEqualTo(0);
        assertThat(Files.getAttribute(folder.resolve("aside"), "unix:uid")).isEqualTo(41003);
        assertThat(Files.getAttribute(folder.resolve("aside"), "unix:gid")).isEqualTo(41004);
    }

    @Test
    void aFolderThatMayOnlyBeEnteredIsPassed() throws Exception {
        Path passed = Files.createDirectory(folder.resolve("passed"));
        Path in = Files.createDirectory(passed.resolve("in"));
        mode(passed, "-wx--x--x");
        SafeFolder.openTrusted(in).close();
        if (Identity.ownUid() != 0) {
            assertThatThrownBy(() -> SafeFolder.openTrusted(passed)).isInstanceOf(AccessDeniedException.class);
        }
        mode(passed, "rwx------");
    }
}

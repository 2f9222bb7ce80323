package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.posix.FileStatus.FileKind;
import carteiro.testkit.NeedsOrdinaryUser;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileStatusTest {
    @TempDir
    Path folder;

    @Test
    void aFileAFolderAndNothing() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-x--x"));
        Files.createSymbolicLink(folder.resolve("link"), file);
        Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
        int uid = SystemAccount.effectiveUid();
        int gid = (int) Files.getAttribute(file, "unix:gid");
        assertThat(FileStatus.of(file.toString())).contains(new FileStatus(FileKind.REGULAR, uid, gid, 0651, 1, 0));
        assertThat(FileStatus.of(folder + "/link").orElseThrow().kind()).isEqualTo(FileKind.REGULAR);
        assertThat(FileStatus.of(folder.toString()).orElseThrow().kind()).isEqualTo(FileKind.FOLDER);
        assertThat(FileStatus.of("/dev/null").orElseThrow().kind()).isEqualTo(FileKind.OTHER);
        assertThat(FileStatus.of(folder + "/none")).isEmpty();
        assertThat(FileStatus.of(folder + "/loop")).isEmpty();
        assertThat(FileStatus.of(folder + "/file/below")).isEmpty();
        assertThat(FileStatus.of(folder + "/" + "x".repeat(300))).isEmpty();
    }

    @Test
    void namesAreOctetsWhateverTheLocaleSays() throws Exception {
        Process shell = new ProcessBuilder(
                        "/bin/sh", "-c", "> \"$1/$(printf '\\377\\303\\251')\"", "sh", folder.toString())
                .start();
        assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(FileStatus.of(folder + "/\u00ff\u00c3\u00a9").orElseThrow().kind())
                .isEqualTo(FileKind.REGULAR);
        assertThat(FileStatus.of(folder + "/\u00ff\u00c3")).isEmpty();
        shell = new ProcessBuilder("/bin/sh", "-c", "rm \"$1\"/*", "sh", folder.toString()).start();
        assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @NeedsOrdinaryUser("root may see everything")
    void whatMayNotBeSeenIsNotMissing() throws Exception {
        Path closed = Files.createDirectory(folder.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        try {
            assertThatThrownBy(() -> FileStatus.of(closed + "/file")).isInstanceOf(AccessDeniedException.class);
        } finally {
            Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        }
    }
}

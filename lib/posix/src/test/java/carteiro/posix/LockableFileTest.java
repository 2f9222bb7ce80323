package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LockableFileTest {
    @TempDir
    Path folder;

    @Test
    void oneHolderAtATime() throws Exception {
        Path file = folder.resolve("file");
        try (var one = LockableFile.open(file);
                var other = LockableFile.open(file)) {
            assertThat(one.tryLock()).isEqualTo(LockableFile.LockResult.LOCKED);
            assertThat(other.tryLock()).isEqualTo(LockableFile.LockResult.BUSY);
            one.close();
            assertThat(other.tryLock()).isEqualTo(LockableFile.LockResult.LOCKED);
        }
    }

    @Test
    void itsPathIsTheOpenFileEvenAfterItWasRenamed() throws Exception {
        Path file = folder.resolve("file");
        try (var opened = LockableFile.open(file)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            Files.move(file, folder.resolve("renamed"));
            Files.writeString(opened.path(), "x");
        }
        assertThat(folder.resolve("renamed")).hasContent("x");
    }

    @Test
    @Timeout(10)
    void aNamedPipeWithoutAReaderIsRefusedAtOnce() throws Exception {
        Path pipe = folder.resolve("pipe");
        Fifo.make(pipe);
        assertThatThrownBy(() -> LockableFile.open(pipe)).hasMessageContaining("cannot be opened");
        assertThatThrownBy(() -> Fifo.make(pipe)).hasMessageContaining("cannot make a named pipe");
    }

    @Test
    void aMissingFolderIsTold() {
        assertThatThrownBy(() -> LockableFile.open(folder.resolve("none/file")))
                .isInstanceOf(NoSuchFileException.class);
    }
}

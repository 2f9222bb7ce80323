package carteiro.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The test runs of this host that go on at the same time, each a process: the first notes how it found the host, the last is told.
 * Who dies is counted no more, since the system lets go of its lock.
 */
final class SessionCount {
    // Octets of the file that are locked, far behind its text.
    private static final long GATE = 1L << 40; // held by who comes or goes
    private static final long PRESENT = GATE + 1; // shared by all who are there

    private final FileChannel file;
    private final FileLock present;

    private SessionCount(FileChannel file, FileLock present) {
        this.file = file;
        this.present = present;
    }

    /**
     * One more.
     *
     * @param path a file that stays
     * @param found asked if nobody else is there: lines without LF
     */
    static SessionCount join(Path path, Supplier<List<String>> found) {
        try {
            FileChannel file = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try (FileLock _ = file.lock(GATE, 1, false)) {
                FileLock alone = file.tryLock(PRESENT, 1, false);
                if (alone != null) {
                    file.truncate(0);
                    file.write(ByteBuffer.wrap(String.join("\n", found.get()).getBytes(StandardCharsets.UTF_8)), 0);
                    alone.release();
                }
                return new SessionCount(file, file.lock(PRESENT, 1, true));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * One less.
     *
     * @param last given what the first found, before anybody else can join, if nobody is left
     */
    void leave(Consumer<List<String>> last) {
        try (file) {
            try (FileLock _ = file.lock(GATE, 1, false)) {
                present.release();
                FileLock alone = file.tryLock(PRESENT, 1, false);
                if (alone != null) {
                    last.accept(lines());
                    alone.release();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> lines() throws IOException {
        file.position(0);
        return new String(Channels.newInputStream(file).readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }
}

package carteiro.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/** A file of lines that several test runs add to, each a process of its own. */
final class ResultLines {
    private ResultLines() {}

    /**
     * Replaces the lines while no other run does.
     *
     * @param change given the lines so far
     */
    static void rewrite(Path path, Function<List<String>, Collection<String>> change) {
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            try (FileChannel file = FileChannel.open(
                            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                    FileLock _ = file.lock()) {
                List<String> before = new String(Channels.newInputStream(file).readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
                Collection<String> after = change.apply(before);
                byte[] text =
                        (String.join("\n", after) + (after.isEmpty() ? "" : "\n")).getBytes(StandardCharsets.UTF_8);
                file.truncate(0);
                for (ByteBuffer left = ByteBuffer.wrap(text); left.hasRemaining(); ) {
                    file.write(left, file.size());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path.toAbsolutePath(), e);
        }
    }
}

package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * A pipe that holds a few octets and then ends, by which a child gets what no argument, no variable and no file may hold, such as a
 * password. The child opens it by its name, which leads there as long as this process has it open; others of the same user and root may
 * do so too. Linux.
 */
public final class FilledPipe implements Closeable {
    /** What a pipe takes at once (pipe(7), PIPE_BUF). */
    public static final int LIMIT = 4096;

    private static final int CLOSE_ON_EXEC = 02000000;

    private final int readEnd;
    private boolean closed;

    private FilledPipe(int readEnd) {
        this.readEnd = readEnd;
    }

    private static final class PipeFunctions {
        static final CFunction PIPE = CFunction.named("pipe2");
        static final CFunction WRITE = CFunction.named("write");
        static final CFunction CLOSE = CFunction.named("close");
    }

    /**
     * A pipe with these octets in it.
     *
     * @param octets at most {@link #LIMIT}
     * @throws IOException if the system refuses
     */
    public static FilledPipe of(byte[] octets) throws IOException {
        if (octets.length > LIMIT) {
            throw new IllegalArgumentException(octets.length + " octets may have to wait in a pipe");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
            check(PipeFunctions.PIPE.call(ends.address(), CLOSE_ON_EXEC), "be made", 0);
            int writeEnd = ends.getAtIndex(ValueLayout.JAVA_INT, 1);
            var pipe = new FilledPipe(ends.getAtIndex(ValueLayout.JAVA_INT, 0));
            MemorySegment text = arena.allocate(Math.max(1, octets.length));
            MemorySegment.copy(octets, 0, text, ValueLayout.JAVA_BYTE, 0, octets.length);
            try {
                check(PipeFunctions.WRITE.call(writeEnd, text.address(), octets.length), "be written", octets.length);
            } catch (IOException e) {
                pipe.close();
                throw e;
            } finally {
                text.fill((byte) 0);
                var _ = PipeFunctions.CLOSE.call(writeEnd);
            }
            return pipe;
        }
    }

    private static void check(CFunction.CallResult answer, String what, int wanted) throws IOException {
        if (answer.result() != wanted) {
            throw Descriptor.trouble("a pipe", what, answer.errno());
        }
    }

    /** Its name for another process, which reads it to its end once. */
    public Path path() {
        return Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + readEnd);
    }

    /** Whoever has opened it may read on. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            var _ = PipeFunctions.CLOSE.call(readEnd);
        }
    }
}

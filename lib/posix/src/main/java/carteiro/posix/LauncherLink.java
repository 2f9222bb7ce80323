package carteiro.posix;

import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What a Java of ours tells the launcher, the shell script {@code carteiro}, that started it. */
public final class LauncherLink {
    /** The number of the descriptor of a pipe. */
    private static final String BEGUN = "carteiro.begun";

    /** What was standard error before the logger took it. */
    private static final int ERRORS = 3;

    private LauncherLink() {}

    private static final class WriteFunction {
        static final CFunction WRITE = CFunction.named("write");
    }

    /**
     * Tells that this command has come to its own code. A Java that ends before has read and done nothing, so that it may be started
     * once more; after this it never is.
     */
    public static void begun() {
        String descriptor = System.getProperty(BEGUN, "");
        if (descriptor.isEmpty()) {
            return;
        }
        try (var pipe = new FileOutputStream("/proc/self/fd/" + descriptor)) {
            pipe.write('b');
        } catch (IOException e) {
            throw new IllegalStateException("the launcher cannot be told that the command has begun", e);
        }
    }

    /** Says one line where standard error went before the launcher's logger took it; nothing if nobody reads that either. */
    public static void sayBesideTheLog(String line) {
        byte[] octets = (line + "\n").getBytes(StandardCharsets.US_ASCII);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, octets);
            var _ = WriteFunction.WRITE.call(ERRORS, text.address(), octets.length);
        }
    }
}

package carteiro.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** Paths as the C library has them: in the octets that Java's own calls would use for them. */
final class CPath {
    private static final Charset PATHS =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

    private CPath() {}

    /** The address of a path, or of a part of one, as a C string; it lives as long as the arena. */
    static long address(Arena arena, String path) {
        return arena.allocateFrom(path, PATHS).address();
    }

    /** The same of octets without NUL. */
    static long address(Arena arena, byte[] octets) {
        MemorySegment text = arena.allocate(octets.length + 1L);
        text.asByteBuffer().put(octets);
        return text.address();
    }

    static byte[] octets(String path) {
        return path.getBytes(PATHS);
    }

    /** The reverse of {@link #octets}. */
    static String text(byte[] octets, int count) {
        return new String(octets, 0, count, PATHS);
    }
}

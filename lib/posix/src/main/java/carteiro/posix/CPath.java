package carteiro.posix;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** Paths as the C library has them: in the octets that Java's own calls would use for them. */
final class CPath {
    private static final Charset PATHS =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

    /** What stands in a text for octets that are no characters. */
    private static final char NO_CHARACTER = '\ufffd';

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

    /** The octets of a path of the system's own, which need not be characters. */
    static byte[] octets(Path path) {
        String text = path.toString();
        return text.indexOf(NO_CHARACTER) < 0 ? octets(text) : uriOctets(path);
    }

    /** The same of a path that is not to begin at the root. */
    static byte[] relativeOctets(Path path) {
        String text = path.toString();
        if (text.indexOf(NO_CHARACTER) < 0) {
            return octets(text);
        }
        byte[] absolute = uriOctets(Path.of("/").resolve(path));
        return Arrays.copyOfRange(absolute, 1, absolute.length);
    }

    private static byte[] uriOctets(Path path) {
        String uri = path.toUri().getRawPath(); // each octet as it is, or in hexadecimal
        var octets = new ByteArrayOutputStream(uri.length());
        for (int i = 0; i < uri.length(); i++) {
            if (uri.charAt(i) == '%') {
                octets.write(HexFormat.fromHexDigits(uri, i + 1, i + 3));
                i += 2;
            } else {
                octets.write(uri.charAt(i));
            }
        }
        return octets.toByteArray();
    }

    static byte[] octets(String path) {
        return path.getBytes(PATHS);
    }

    /** The reverse of {@link #octets}. */
    static String text(byte[] octets, int count) {
        return new String(octets, 0, count, PATHS);
    }
}

package carteiro.local;

import carteiro.mail.Octets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Octet strings as the text by which Java names files and starts programs, and back. */
final class SystemText {
    private static final Charset CHARSET =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

    private SystemText() {}

    /** @throws CharacterCodingException if no text stands for these octets in this process's locale */
    static String ofOctets(String octets) throws CharacterCodingException {
        return Octets.areAscii(octets)
                ? octets
                : CHARSET.newDecoder()
                        .decode(ByteBuffer.wrap(Octets.bytes(octets)))
                        .toString();
    }

    /** @throws IOException if there can be no such file in this process's locale */
    static Path path(Path folder, String octets) throws IOException {
        try {
            return folder.resolve(ofOctets(octets));
        } catch (CharacterCodingException | InvalidPathException e) {
            throw new IOException(
                    "a file name has octets that the locale (" + CHARSET
                            + ") cannot name; start local with LC_ALL=C.UTF-8, and write names in UTF-8",
                    e);
        }
    }

    /** Whether this process's locale can name files of any text. */
    static boolean namesEverything() {
        return CHARSET.equals(StandardCharsets.UTF_8) || CHARSET.equals(StandardCharsets.ISO_8859_1);
    }
}

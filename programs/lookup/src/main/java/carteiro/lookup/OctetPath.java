package carteiro.lookup;

import carteiro.mail.Octets;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Paths from octets: Java names files by characters, in the encoding of the locale it was started with. */
final class OctetPath {
    private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private OctetPath() {}

    /** The path of these octets; empty if this Java cannot name such a file. */
    static Optional<Path> of(String octets) {
        try {
            if (Octets.areAscii(octets)) {
                return Optional.of(Path.of(octets));
            }
            String name = FILE_NAMES
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(Octets.bytes(octets)))
                    .toString();
            return Optional.of(Path.of(name));
        } catch (CharacterCodingException | InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** Whether a path leads through something that is no folder: then there is nothing at its end, for good. */
    static boolean crossesFile(Path path) {
        for (Path above = path.getParent(); above != null; above = above.getParent()) {
            if (Files.exists(above)) {
                return !Files.isDirectory(above);
            }
        }
        return false;
    }
}

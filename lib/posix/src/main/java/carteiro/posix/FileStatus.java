package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.util.Optional;

/**
 * What stands at a path that is given as octets, whatever the locale says: Java names files by characters, and under the
 * locale C it cannot name one with octets above 127. Symbolic links are followed (statx of Linux).
 *
 * @param kind what it is
 * @param uid whose it is
 * @param gid its group
 * @param mode the permission bits
 * @param links how many names it has
 * @param size octets
 */
public record FileStatus(FileKind kind, int uid, int gid, int mode, int links, long size) {
    /** For {@link #at}: the descriptor itself. */
    static final int EMPTY_PATH = 0x1000;

    /** For {@link #at}: a symbolic link itself. */
    static final int LINK_ITSELF = 0x100;

    private static final int SIZE = 256; // struct statx: links 16, uid 20, gid 24, mode 28, size 40
    private static final int WANTED = 1 | 2 | 4 | 8 | 16 | 0x200; // type, mode, links, uid, gid, size
    private static final int ENOENT = 2;
    private static final int EACCES = 13;
    private static final int ENOTDIR = 20;
    private static final int ENAMETOOLONG = 36;
    private static final int ELOOP = 40;

    /** What a path leads to. */
    public enum FileKind {
        /** A file with octets in it. */
        REGULAR,
        /** A folder. */
        FOLDER,
        /** A symbolic link; only where links are not followed. */
        LINK,
        /** A socket, a device, a named pipe. */
        OTHER
    }

    private static final class StatxFunction {
        static final CFunction STATX = CFunction.named("statx");
    }

    /**
     * Looks at a path; empty if nothing is there, nor ever can be (a part of the path is no folder, a name is too long).
     *
     * @param path octets without NUL
     * @throws AccessDeniedException if this process may not look
     * @throws IOException if the file system cannot tell now
     */
    public static Optional<FileStatus> of(String path) throws IOException {
        return at(Descriptor.CURRENT_FOLDER, path.getBytes(StandardCharsets.ISO_8859_1), 0, path);
    }

    /** The same from a descriptor on; the path is in Java's own encoding. */
    static Optional<FileStatus> at(int folder, String path, int flags, String name) throws IOException {
        return at(folder, CPath.octets(path), flags, name);
    }

    private static Optional<FileStatus> at(int folder, byte[] octets, int flags, String name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(SIZE, 8);
            CFunction.CallResult answer =
                    StatxFunction.STATX.call(folder, CPath.address(arena, octets), flags, WANTED, status.address());
            if (answer.result() != 0) {
                return switch (answer.errno()) {
                    case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP -> Optional.empty();
                    case EACCES -> throw new AccessDeniedException(name);
                    default -> throw new IOException(name + " cannot be examined (error " + answer.errno() + ")");
                };
            }
            int mode = Short.toUnsignedInt(status.get(ValueLayout.JAVA_SHORT, 28));
            FileKind kind = switch (mode & 0170000) {
                case 0100000 -> FileKind.REGULAR;
                case 0040000 -> FileKind.FOLDER;
                case 0120000 -> FileKind.LINK;
                default -> FileKind.OTHER;
            };
            return Optional.of(new FileStatus(
                    kind,
                    status.get(ValueLayout.JAVA_INT, 20),
                    status.get(ValueLayout.JAVA_INT, 24),
                    mode & 07777,
                    status.get(ValueLayout.JAVA_INT, 16),
                    status.get(ValueLayout.JAVA_LONG, 40)));
        }
    }
}

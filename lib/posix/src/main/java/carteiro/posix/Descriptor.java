package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;

/** A file descriptor of the kernel, closed on exec. One thread at a time. Linux. */
final class Descriptor implements Closeable {
    /** Stands for the folder in which this process works; for absolute paths. */
    static final int CURRENT_FOLDER = -100;

    static final int READ = 0;
    static final int WRITE = 1;
    static final int CREATE = 0100;
    static final int NO_TERMINAL = 0400;
    static final int APPEND = 02000;
    static final int NO_WAIT = 04000;
    static final int FOLDER_ONLY = isArm() ? 040000 : 0200000;
    static final int NO_FOLLOW = isArm() ? 0100000 : 0400000;
    /** For looking, and for going on from there; needs no permission to read. */
    static final int NAME_ONLY = 010000000;

    private static final int CLOSE_ON_EXEC = 02000000;

    private static final int NO_PERMISSION = 1;
    private static final int NO_ENTRY = 2;
    private static final int ACCESS = 13;
    private static final int EXISTS = 17;
    private static final int NO_FOLDER = 20;
    private static final int NO_SPACE = 28;
    private static final int READ_ONLY = 30;
    private static final int LOOP = 40;
    private static final int QUOTA = 122;
    private static final int INTERRUPTED = 4;

    private final int number;
    private final String name;
    private boolean closed;

    private Descriptor(int number, String name) {
        this.number = number;
        this.name = name;
    }

    private static final class DescriptorFunctions {
        static final CFunction OPENAT = CFunction.named("openat");
        static final CFunction READ = CFunction.named("read");
        static final CFunction CLOSE = CFunction.named("close");
    }

    private static boolean isArm() { // these two flags have other numbers there
        String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return machine.startsWith("aarch64") || machine.startsWith("arm") || machine.startsWith("ppc");
    }

    /**
     * Opens a path.
     *
     * @param folder the descriptor of the folder that a relative path begins at, or {@link #CURRENT_FOLDER}
     * @param path octets in Java's own encoding of paths
     * @param name what is said in messages
     */
    static Descriptor open(int folder, String path, int flags, int mode, String name) throws IOException {
        return open(folder, CPath.octets(path), flags, mode, name);
    }

    /** The same of a path that need not be characters, and begins at the folder in which this process works if it is not absolute. */
    static Descriptor open(Path path, int flags, int mode) throws IOException {
        return open(CURRENT_FOLDER, CPath.octets(path), flags, mode, path.toString());
    }

    /** The same from a folder on. */
    static Descriptor open(Descriptor folder, Path path, int flags) throws IOException {
        return open(folder.number, CPath.relativeOctets(path), flags, 0, folder.name + "/" + path);
    }

    private static Descriptor open(int folder, byte[] path, int flags, int mode, String name) throws IOException {
        CFunction.CallResult answer;
        try (Arena arena = Arena.ofConfined()) {
            answer = DescriptorFunctions.OPENAT.call(
                    folder, CPath.address(arena, path), flags | CLOSE_ON_EXEC | NO_TERMINAL, mode);
        }
        if (answer.result() < 0) {
            throw trouble(name, "be opened", answer.errno());
        }
        return new Descriptor(answer.result(), name);
    }

    /** The exception that Java's own calls would throw. */
    static IOException trouble(String name, String what, int errno) {
        return switch (errno) {
            case NO_ENTRY -> new NoSuchFileException(name);
            case NO_PERMISSION, ACCESS -> new AccessDeniedException(name);
            case EXISTS -> new FileAlreadyExistsException(name);
            case NO_FOLDER -> new NotDirectoryException(name);
            case LOOP -> new SymbolicLinkException(name);
            case READ_ONLY -> new FileSystemException(name, null, "the file system is read-only");
            case NO_SPACE -> new FileSystemException(name, null, "no space left on device");
            case QUOTA -> new FileSystemException(name, null, "disk quota exceeded");
            default -> new SystemCallException(name + ": cannot " + what + " (error " + errno + ")", errno);
        };
    }

    /** What Java has no exception of its own for. */
    static final class SystemCallException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int errno;

        SystemCallException(String message, int errno) {
            super(message);
            this.errno = errno;
        }

        int errno() {
            return errno;
        }
    }

    /** A symbolic link where none is followed. */
    static final class SymbolicLinkException extends FileSystemLoopException {
        private static final long serialVersionUID = 1L;

        SymbolicLinkException(String name) {
            super(name);
        }

        @Override
        public String getMessage() {
            return getFile() + " is a symbolic link, which is not followed here";
        }
    }

    int number() {
        return number;
    }

    String name() {
        return name;
    }

    /** A name for the very file that is open. */
    Path path() {
        return Path.of("/proc/self/fd/" + number);
    }

    FileStatus status() throws IOException {
        return FileStatus.at(number, "", FileStatus.EMPTY_PATH, name).orElseThrow(() -> new NoSuchFileException(name));
    }

    /** Reads at most that many octets of a regular file from where it stands. */
    byte[] read(int limit) throws IOException {
        byte[] octets = new byte[Math.min(limit, 8 * 1024)];
        int count = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(Math.clamp(limit, 1, 64 * 1024));
            while (count < limit) {
                int wanted = (int) Math.min(chunk.byteSize(), limit - count);
                CFunction.CallResult answer = DescriptorFunctions.READ.call(number, chunk.address(), wanted);
                if (answer.result() < 0) {
                    if (answer.errno() == INTERRUPTED) {
                        continue;
                    }
                    throw trouble(name, "be read", answer.errno());
                }
                if (answer.result() == 0) {
                    break;
                }
                if (count + answer.result() > octets.length) {
                    octets = java.util.Arrays.copyOf(
                            octets, Math.min(limit, Math.max(2 * octets.length, count + answer.result())));
                }
                MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, octets, count, answer.result());
                count += answer.result();
            }
        }
        return java.util.Arrays.copyOf(octets, count);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            var _ = DescriptorFunctions.CLOSE.call(number);
        }
    }
}

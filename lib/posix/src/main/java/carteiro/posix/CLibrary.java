package carteiro.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Links functions of the C library. */
@SuppressWarnings("restricted") // that is what this module is for
final class CLibrary {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final Charset PATHS =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

    private CLibrary() {}

    /** A handle for a function that leaves errno alone. */
    static MethodHandle plain(String name, FunctionDescriptor shape) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape);
    }

    /** A handle whose first argument is a segment from {@link #state} that takes errno. */
    static MethodHandle withErrno(String name, FunctionDescriptor shape) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), shape, Linker.Option.captureCallState("errno"));
    }

    /**
     * As {@link #withErrno}, for a function with a variable number of arguments.
     *
     * @param fixed how many arguments come before the variable ones
     */
    static MethodHandle variadicWithErrno(String name, FunctionDescriptor shape, int fixed) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                shape,
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    /** A path as a C string, in the octets that Java's own calls would use for it. */
    static MemorySegment path(Arena arena, Path path) {
        return text(arena, path.toString());
    }

    /** A path, or a part of one, as {@link #path} has it. */
    static MemorySegment text(Arena arena, String path) {
        return arena.allocateFrom(path, PATHS);
    }

    /** A path in the octets that Java's own calls would use for it. */
    static byte[] octets(String path) {
        return path.getBytes(PATHS);
    }

    /** The reverse of {@link #octets}. */
    static String text(byte[] octets, int count) {
        return new String(octets, 0, count, PATHS);
    }

    static MemorySegment state(Arena arena) {
        return arena.allocate(STATE);
    }

    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    /** The shape int f(int). */
    static FunctionDescriptor intOfInt() {
        return FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    }
}

package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Named pipes. */
public final class Fifo {
    private static final int OWNER_ONLY = 0600;

    private Fifo() {}

    private static final class MkfifoFunction {
        static final MethodHandle MAKE = CLibrary.withErrno(
                "mkfifo", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    }

    /**
     * Makes a named pipe that its owner alone may open.
     *
     * @throws IOException if the system refuses, also if the name is taken
     */
    public static void make(Path name) throws IOException {
        int result;
        int error;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = CLibrary.state(arena);
            result = (int) MkfifoFunction.MAKE.invokeExact(state, CLibrary.path(arena, name), OWNER_ONLY);
            error = CLibrary.errno(state);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (result != 0) {
            throw new IOException(name + ": cannot make a named pipe here (error " + error + ")");
        }
    }
}

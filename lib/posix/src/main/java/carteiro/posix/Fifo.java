package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Named pipes. */
public final class Fifo {
    private static final int OWNER_ONLY = 0600;

    private Fifo() {}

    private static final class MkfifoFunction {
        static final CFunction MAKE = CFunction.named("mkfifo");
    }

    /**
     * Makes a named pipe that its owner alone may open.
     *
     * @throws IOException if the system refuses, also if the name is taken
     */
    public static void make(Path name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            CFunction.CallResult answer = MkfifoFunction.MAKE.call(CPath.address(arena, name.toString()), OWNER_ONLY);
            if (answer.result() != 0) {
                throw new IOException(name + ": cannot make a named pipe here (error " + answer.errno() + ")");
            }
        }
    }
}

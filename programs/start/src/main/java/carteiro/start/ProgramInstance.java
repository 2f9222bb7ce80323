package carteiro.start;

import carteiro.control.ControlException;
import carteiro.protocol.Program;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** One life of a program, from ready to ended, in this process or in its own. */
interface ProgramInstance {
    /** How a life begins. */
    interface InstanceStarter {
        /**
         * Returns when the program is ready.
         *
         * @param wanted turns false when waiting for it has become pointless
         * @throws ControlException if its settings cannot be used
         * @throws IOException if it cannot start now
         */
        ProgramInstance begin(Program program, BooleanSupplier wanted) throws ControlException, IOException;
    }

    /** Whether it is still at work. Does not block. */
    boolean alive();

    /** Has {@code action} run when it ends by itself, where that can be known without looking; it must not block. */
    default void whenEnded(Runnable action) {}

    /** Why it is not, for the log. */
    String ending();

    /** The process it lives in. */
    long pid();

    /** Its status line; for at most a few seconds. */
    String status();

    /** See {@link Program.RunningProgram#reload}. */
    void reload() throws ControlException, IOException;

    /** See {@link Program.RunningProgram#tryNow}. */
    void tryNow() throws IOException;

    /** Ends it in order, or after that time without. Returns when it has ended. */
    void stop(Duration patience);
}

package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * A long-running program as start sees it. Found by {@link java.util.ServiceLoader}: start knows no program by name, and
 * none depends on another.
 */
public interface Program {
    /** Its name: {@code smtpd}, {@code queue}, ... */
    String name();

    /**
     * The system user it runs as when root started it; {@code root} for local alone. Before it answers, {@link #start}
     * must have called {@link ProgramContext#dropPrivileges}.
     */
    String user();

    /** When it is stopped, among the others. At the start all begin at once, but the ways in when the rest is ready. */
    StopStage stopStage();

    /** Whether {@code carteiro run} is to start it: false for one that works only where a setting asks for it. */
    default boolean isWanted(Installation installation) {
        return true;
    }

    /** What it reads again, and when. */
    default ReloadScope reloadScope() {
        return ReloadScope.WHOLE;
    }

    /**
     * Starts it and returns when it is ready.
     *
     * @throws ControlException naming every setting that cannot be used
     * @throws IOException if a socket or a file is in the way
     */
    RunningProgram start(ProgramContext context) throws ControlException, IOException;

    /**
     * Reads its settings and does nothing else, for {@code carteiro check}.
     *
     * @throws ControlException naming every setting that cannot be used
     */
    default void check(Installation installation) throws ControlException {}

    /**
     * What a program gets from start.
     *
     * @param installation where things are
     * @param wires how to reach the other programs and be reached
     * @param log where events go
     * @param environment the variables that reach local's programs
     * @param privileges how to give up root
     */
    record ProgramContext(
            Installation installation,
            Wires wires,
            EventLog log,
            Map<String, String> environment,
            Privileges privileges) {
        /** Copies the map. */
        public ProgramContext {
            environment = Map.copyOf(environment);
        }

        /** Gives up root, once everything is open that needs it; does nothing where there is nothing to give up. */
        public void dropPrivileges() throws IOException {
            privileges.drop();
        }
    }

    /** Gives up root. */
    @FunctionalInterface
    interface Privileges {
        /** @throws IOException if the system refuses; the program must not go on */
        void drop() throws IOException;
    }

    /** A program at work. */
    interface RunningProgram {
        /**
         * Reads its settings again (HUP). A bad one leaves the old settings.
         *
         * @throws ControlException naming every problem
         */
        void reload() throws ControlException;

        /** Tries everything that waits now (ALRM); for send alone. */
        default void tryNow() {}

        /**
         * Whether it still does its work: false once something it cannot do without has ended. start then stops it and
         * starts it again. Asked every second; does not block.
         */
        default boolean alive() {
            return true;
        }

        /** What it is doing, in one line of {@code name=value} pairs. */
        String status();

        /** Takes nothing new, finishes what is in hand for at most that long, then ends. Idempotent. */
        void stop(Duration patience);
    }
}

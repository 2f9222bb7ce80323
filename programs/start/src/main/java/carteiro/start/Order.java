package carteiro.start;

import carteiro.protocol.Program;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/**
 * The order of stopping: first nothing new comes in, then nothing new is tried, then what is being tried ends, and the
 * keeper of the messages goes last, so that every outcome is recorded. Starting is the reverse.
 */
enum Order {
    /** Queue: everybody talks to it to the end. */
    KEEPER,
    /** Lookup and whatever else others ask. */
    ASKED,
    /** Clean. */
    CLEANER,
    /** Local and remote. */
    WAY_OUT,
    /** Send. */
    SCHEDULER,
    /** What hears strangers; opened when the rest is ready, closed first. */
    WAY_IN;

    static Order of(String program) {
        return switch (program) {
            case "queue" -> KEEPER;
            case "clean" -> CLEANER;
            case "local", "remote" -> WAY_OUT;
            case "send" -> SCHEDULER;
            case "smtpd", "qmtpd", "qmqpd", "pop3d" -> WAY_IN;
            default -> ASKED;
        };
    }

    /** Every program on the class path, in the order of starting. */
    static List<Program> programs() {
        var programs = new ArrayList<Program>();
        ServiceLoader.load(Program.class, Order.class.getClassLoader()).forEach(programs::add);
        programs.sort(
                Comparator.comparing((Program program) -> of(program.name())).thenComparing(Program::name));
        return List.copyOf(programs);
    }
}

package carteiro.protocol;

import java.io.IOException;
import java.time.Instant;
import java.util.List;

/**
 * What an administrator asks of running programs. Whoever runs programs answers: start for all of them, a program that
 * runs alone for itself.
 */
public interface Control {
    /** Stands for every program that the other side runs. */
    String ALL = "";

    /**
     * Does what is asked and answers when it is done.
     *
     * @param program the name of one program, or {@link #ALL}
     * @throws IOException if nobody answers
     */
    ControlReply ask(ControlVerb verb, String program) throws IOException;

    /** What may be asked. */
    enum ControlVerb {
        /** How are they? */
        STATUS,
        /** Run it if it is down. */
        START,
        /** End it and leave it down; for all, the process ends too. */
        STOP,
        /** End it and run it again. */
        RESTART,
        /** Read the settings again. */
        RELOAD,
        /** Try now what waits (ALRM). */
        ALARM
    }

    /** How it went. */
    enum ControlResult {
        /** As asked; of a status: every program asked about is ready. */
        DONE,
        /** What was asked about does not run. */
        NOT_RUNNING,
        /** It could not be done; the text says why. */
        FAILED
    }

    /** How a program is. */
    enum ProgramState {
        /** Not yet at work. */
        STARTING,
        /** At work. */
        READY,
        /** It ended by itself or could not start, and will be started again soon. */
        PAUSING,
        /** Finishing what is in hand. */
        STOPPING,
        /** Stopped because somebody said so. */
        DOWN
    }

    /**
     * One program.
     *
     * @param since when it came into this state
     * @param pid its process
     * @param restarts how often it was started again after it ended by itself
     * @param status what it says of itself, or why it last ended
     */
    record ProgramStatus(String program, ProgramState state, Instant since, long pid, long restarts, String status) {}

    /**
     * An answer.
     *
     * @param text for people; may be empty, may have several lines
     * @param programs those asked about, in the order of their start
     */
    record ControlReply(ControlResult result, String text, List<ProgramStatus> programs) {
        /** Copies the list. */
        public ControlReply {
            programs = List.copyOf(programs);
        }
    }
}

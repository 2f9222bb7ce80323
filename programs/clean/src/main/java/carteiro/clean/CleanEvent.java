package carteiro.clean;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What clean logs; each line with its meaning in docs/programs/clean.md. */
sealed interface CleanEvent extends LogEvent {
    @Override
    default String program() {
        return "clean";
    }

    /** Files were removed. */
    @EventName("files-removed")
    record Removed(int files, long octets) implements CleanEvent {
        @Override
        public String line() {
            return "clean: removed: files " + files + " octets " + octets;
        }
    }

    /** A file could not be removed. */
    @EventName("file-stuck")
    record Stuck(String file, String why) implements CleanEvent {
        @Override
        public String line() {
            return "warning: clean: cannot remove queue/" + LogText.safe(file) + " (" + LogText.sentence(why)
                    + "); tried again; check owner and mode of its folder";
        }
    }

    /** Queue gave a name that clean will not touch. */
    @EventName("file-refused")
    record NameRefused(String file) implements CleanEvent {
        @Override
        public String line() {
            return "alert: clean: queue named \"" + LogText.safe(file)
                    + "\" as dead, which is no name of a segment or large message; left alone; please report";
        }
    }

    /** Queue does not answer. */
    @EventName("queue-not-answering")
    record QueueNotAnswering(String why) implements CleanEvent {
        @Override
        public String line() {
            return "clean: waiting for queue: " + LogText.sentence(why);
        }
    }
}

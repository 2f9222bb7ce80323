package carteiro.queue;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What queue logs of the spool; each line with its meaning in docs/programs/queue.md. */
sealed interface SpoolEvent extends LogEvent {
    @Override
    default String program() {
        return "queue";
    }

    /** It had been taken in before queue stopped. */
    @EventName("spool-taken-before")
    record TakenBefore(long message, String name) implements SpoolEvent {
        @Override
        public String line() {
            return "queue: spool: " + name + " had been taken in as msg " + message + " before queue stopped; removed";
        }
    }

    /** It is no message that can be taken in. */
    @EventName("spool-set-aside")
    record SetAside(String name, long uid, String why, String now, long others) implements SpoolEvent {
        @Override
        public String line() {
            return "alert: queue: spool/" + name + " of uid " + uid + " cannot be taken in ("
                    + LogText.sentence(why) + "); it is spool/" + now
                    + " now; look at it, then remove it; the rest goes on"
                    + (others == 0 ? "" : " (and " + others + " others since the last such line)");
        }
    }

    /** It cannot be read now. */
    @EventName("spool-left")
    record Left(String name, long uid, String why) implements SpoolEvent {
        @Override
        public String line() {
            return "warning: queue: spool/" + name + " of uid " + uid + " cannot be read now (" + LogText.sentence(why)
                    + "); it is tried again, and the rest goes on";
        }
    }

    /** The spool cannot be used. */
    @EventName("spool-unusable")
    record Unusable(String why) implements SpoolEvent {
        @Override
        public String line() {
            return "alert: queue: spool: " + LogText.sentence(why);
        }
    }

    /** It can be used again. */
    @EventName("spool-usable-again")
    record UsableAgain() implements SpoolEvent {
        @Override
        public String line() {
            return "queue: spool: can be used again";
        }
    }
}

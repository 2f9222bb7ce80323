package carteiro.lookup;

import carteiro.log.EventLog;
import carteiro.log.LogEvent;
import java.time.Duration;

/** Logs the same trouble once a minute and not for every address that meets it. Safe for any number of threads. */
final class FaultLogLimiter {
    private static final Duration QUIET = Duration.ofMinutes(1);
    private static final int REMEMBERED = 1024;

    /** Octets of what is remembered; a 64th of them is more than {@link #LONGEST}. */
    private static final long MOST_OCTETS = 1 << 20;

    /** Of what makes two events the same, so many octets count. */
    private static final int LONGEST = 2_000;

    private final EventLog log;
    private final TtlCache<Boolean> raised = new TtlCache<>(REMEMBERED, MOST_OCTETS, _ -> 16, System::nanoTime);

    FaultLogLimiter(EventLog log) {
        this.log = log;
    }

    /**
     * Logs the event, unless that was done within the last minute.
     *
     * @param trouble what makes two events the same
     */
    void raise(String trouble, LogEvent event) {
        String kind = trouble.length() > LONGEST ? trouble.substring(0, LONGEST) : trouble;
        if (raised.get(kind) == null) {
            raised.keep(kind, true, QUIET);
            log.log(event);
        }
    }

    /** Logs the event in any case. */
    void tell(LogEvent event) {
        log.log(event);
    }

    /** Logs a mistake of our own. */
    void bug(Throwable mistake) {
        log.bug("lookup", mistake);
    }
}

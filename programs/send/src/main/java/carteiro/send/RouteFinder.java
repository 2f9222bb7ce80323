package carteiro.send;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.RefusedException;
import carteiro.protocol.Route;
import carteiro.protocol.Routing;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * Asks lookup where recipients go. As long as lookup is away, what would be asked waits; after a while that is told. Safe for any
 * number of threads.
 */
final class RouteFinder {
    /** How long lookup may be away before it is told: longer than a restart takes. */
    private static final Duration SILENT = Duration.ofSeconds(5);

    private static final long FIRST_PAUSE = 50;
    private static final long LONGEST_PAUSE = 1_000;
    private static final String LOOKUP = "lookup";

    private final Routing routing;
    private final EventLog log;
    private final LongConsumer sleep;
    private final BooleanSupplier closed;

    private volatile boolean away;
    private long since; // guarded by this, as is told
    private boolean told;

    /** lookup runs, and yet these recipients get no route. */
    static final class UnroutedException extends Exception {
        private static final long serialVersionUID = 1L;

        UnroutedException(IOException cause) {
            super(LogText.reason(cause), cause);
        }
    }

    /**
     * @param sleep takes milliseconds; ends early when send ends
     * @param closed whether send ends
     */
    RouteFinder(Routing routing, EventLog log, LongConsumer sleep, BooleanSupplier closed) {
        this.routing = routing;
        this.log = log;
        this.sleep = sleep;
        this.closed = closed;
    }

    /** Whether waiting makes sense any longer. */
    @FunctionalInterface
    interface WaitingCheck {
        /** @throws IOException if what waits is gone */
        void check() throws IOException;
    }

    /**
     * The routes, however long lookup is away.
     *
     * @param still looked at after each pause
     * @throws UnroutedException if lookup was asked and there is no answer that makes sense
     * @throws IOException if send ends, or what {@code still} throws
     */
    List<Route> await(List<Address> recipients, WaitingCheck still) throws UnroutedException, IOException {
        for (long pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
            try {
                return routes(recipients);
            } catch (NotRunningException | RefusedException e) {
                if (closed.getAsBoolean()) {
                    throw e;
                }
            } catch (IOException e) {
                throw new UnroutedException(e);
            }
            sleep.accept(pause);
            still.check();
        }
    }

    /**
     * The routes, in the order of the recipients.
     *
     * @throws IOException if lookup cannot be asked now, or its answer makes no sense
     */
    List<Route> routes(List<Address> recipients) throws IOException {
        List<Route> routes;
        try {
            routes = routing.routes(recipients);
        } catch (NotRunningException | RefusedException e) {
            missed(e);
            throw e;
        } catch (RuntimeException e) { // a mistake of lookup's, in the same process
            log.bug(LOOKUP, e);
            throw new IOException("a mistake in lookup itself; see its log (" + e + ")", e);
        }
        if (away) {
            reached();
        }
        if (routes.size() != recipients.size()) {
            throw new MalformedFrameException(
                    "lookup gave " + routes.size() + " routes for " + recipients.size() + " recipients");
        }
        return routes;
    }

    private synchronized void missed(IOException e) {
        long now = System.nanoTime();
        if (!away) {
            away = true;
            since = now;
        }
        if (told || closed.getAsBoolean()) {
            return;
        }
        if (e instanceof RefusedException) { // waiting does not help
            told = true;
            log.log(new SendEvent.ProgramRefused(LOOKUP, LogText.reason(e)));
        } else if (now - since > SILENT.toNanos()) {
            told = true;
            log.log(new SendEvent.ProgramLost(LOOKUP, LogText.reason(e)));
        }
    }

    private synchronized void reached() {
        away = false;
        if (told) {
            told = false;
            log.log(new SendEvent.Back(LOOKUP));
        }
    }
}

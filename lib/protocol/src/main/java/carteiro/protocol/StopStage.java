package carteiro.protocol;

import java.time.Duration;

/**
 * The order of stopping: first nothing new comes in, then nothing new is tried, then what is being tried ends, and the
 * keeper of the messages goes last, so that every outcome is recorded. Starting has no such order: all programs begin at once, but
 * the ways in, which wait for the rest. Each {@link Program} says where it belongs.
 */
public enum StopStage {
    /** Queue: everybody talks to it to the end. */
    KEEPER(100),
    /** Lookup and whatever else others ask. */
    ASKED(90),
    /** Clean. */
    CLEANER(85),
    /** Local and remote. */
    WAY_OUT(80),
    /** Send. */
    SCHEDULER(45),
    /** What hears strangers; opened when the rest is ready, closed first. */
    WAY_IN(35);

    /** What a stage has at least, even when those before it took more than they had. */
    private static final Duration LEAST = Duration.ofSeconds(1);

    /** By which part of the time for a stop this stage has ended; what earlier ones did not need is there for it too. */
    private final int percent;

    StopStage(int percent) {
        this.percent = percent;
    }

    /**
     * How long this stage may take.
     *
     * @param whole what there is for the whole stop
     * @param spent what of it is over
     */
    public Duration left(Duration whole, Duration spent) {
        Duration left = whole.multipliedBy(percent).dividedBy(100).minus(spent);
        return left.compareTo(LEAST) < 0 ? LEAST : left;
    }
}

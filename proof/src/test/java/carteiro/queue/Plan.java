package carteiro.queue;

import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * What happens in one history.
 *
 * @param segmentSize octets
 */
record Plan(int segmentSize, List<Step> steps) {
    /** One thing that happens. What it picks from is counted modulo: any number is right. */
    sealed interface Step {
        /** A message comes. */
        sealed interface Arrival extends Step {}

        /**
         * @param octets of the message
         * @param recipients how many
         * @param alone whether it goes to a file of its own, however small
         */
        record Accept(int octets, int recipients, boolean alone) implements Arrival {}

        /** Messages come at once, and are written by one call. */
        record Together(List<Accept> messages) implements Arrival {}

        /** One recipient is tried. */
        record Attempt(int pick, End end) implements Step {}

        /** A message of which every recipient is done or failed is ended, after its bounce. */
        record Finish(int pick) implements Step {}

        /** All that waits is delivered and ended, up to so many recipients. */
        record Work(int most) implements Step {}

        /** A checkpoint is taken. */
        record Checkpoint() implements Step {}

        /** clean removes what is dead. */
        record Clean() implements Step {}

        /** A sparse segment is rewritten. */
        record Rewrite() implements Step {}

        /** An empty segment is prepared. */
        record Spare() implements Step {}

        /** queue and send stop and start. */
        record Restart() implements Step {}

        /** The clock is set to so many seconds after the start of the history, or before it. */
        record ClockSet(int seconds) implements Step {}

        /** So many calls to the disk fail, after so many more. */
        record DiskFails(int after, int count, boolean full) implements Step {}
    }

    /** How an attempt ends. */
    enum End {
        DELIVERED,
        FAILED,
        DEFERRED
    }

    /** Whether calls to the disk fail. */
    boolean diskFails() {
        return steps.stream().anyMatch(step -> step instanceof Step.DiskFails);
    }

    /** Whether the clock is set. */
    boolean clockIsSet() {
        return steps.stream().anyMatch(step -> step instanceof Step.ClockSet);
    }

    @Override
    public String toString() {
        return "segments of " + segmentSize + " octets:\n  "
                + steps.stream().map(Object::toString).collect(Collectors.joining("\n  "));
    }

    private static Arbitrary<Step.Accept> accept() {
        Arbitrary<Integer> octets = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.integers().between(16, 700)),
                Tuple.of(4, Arbitraries.integers().between(700, 7000)),
                Tuple.of(1, Arbitraries.integers().between(7000, 30_000)));
        return Combinators.combine(
                        octets, Arbitraries.integers().between(1, 4), Arbitraries.of(false, false, false, true))
                .as(Step.Accept::new);
    }

    /** Any history. */
    static Arbitrary<Plan> any() {
        Arbitrary<Integer> pick = Arbitraries.integers().between(0, 50);
        Arbitrary<Step> step = Arbitraries.frequencyOf(
                Tuple.of(10, accept().map(accept -> (Step) accept)),
                Tuple.of(2, accept().list().ofMinSize(2).ofMaxSize(5).map(Step.Together::new)),
                Tuple.of(
                        10,
                        Combinators.combine(
                                        pick, Arbitraries.of(End.DELIVERED, End.DELIVERED, End.FAILED, End.DEFERRED))
                                .as(Step.Attempt::new)),
                Tuple.of(5, pick.map(Step.Finish::new)),
                Tuple.of(3, Arbitraries.integers().between(1, 8).map(Step.Work::new)),
                Tuple.of(4, Arbitraries.just(new Step.Checkpoint())),
                Tuple.of(3, Arbitraries.just(new Step.Clean())),
                Tuple.of(2, Arbitraries.just(new Step.Rewrite())),
                Tuple.of(1, Arbitraries.just(new Step.Spare())),
                Tuple.of(2, Arbitraries.just(new Step.Restart())),
                Tuple.of(2, Arbitraries.of(SetClock.TIMES).map(Step.ClockSet::new)),
                Tuple.of(
                        1,
                        Combinators.combine(
                                        Arbitraries.integers().between(0, 8),
                                        Arbitraries.integers().between(1, 4),
                                        Arbitraries.of(true, false))
                                .as(Step.DiskFails::new)));
        return Combinators.combine(
                        Arbitraries.of(24 * 1024, 8 * 1024, 64 * 1024),
                        step.list().ofMinSize(2).ofMaxSize(30))
                .as(Plan::new);
    }
}

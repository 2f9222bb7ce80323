package carteiro.queue;

import carteiro.queue.Verdict.Presented;
import carteiro.testkit.ModelDisk;
import carteiro.testkit.ModelDisk.DiskOperation;
import carteiro.testkit.ModelDisk.Fate;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Records a history of queue, clean and deliveries into mailboxes, then has the power fail after every call to the disk,
 * in every way that {@link ModelDisk} knows: exhaustively where the ways are few, drawn where they are many. After each
 * failure the queue recovers, and everything that was promised is looked for (docs/durability.md). Recovery is stopped in
 * the same way at each of its own calls, and so is the recovery from that.
 */
final class DurabilityProof {
    /** Draws for each moment, beyond the outcomes that are tried always. */
    private static final int DRAWS = 3;

    /** Of so many recoveries one is itself stopped at every call. */
    private static final int NESTED = 60;

    /** Of so many recoveries one goes on until everything is delivered. */
    private static final int FINISHED = 12;

    /** How deep recoveries are stopped within recoveries. */
    private static final int DEPTH = 3;

    /** What was tried. */
    static final class Tally {
        final LongAdder histories = new LongAdder();
        final LongAdder calls = new LongAdder();
        final LongAdder messages = new LongAdder();
        final LongAdder deliveries = new LongAdder();
        final LongAdder failingDisks = new LongAdder();
        final LongAdder setClocks = new LongAdder();
        final LongAdder repeatedNames = new LongAdder();
        final LongAdder failures = new LongAdder();
        final LongAdder whole = new LongAdder();
        final LongAdder drawn = new LongAdder();
        final LongAdder[] nested = {new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder()};
        final LongAdder finished = new LongAdder();

        @Override
        public String toString() {
            return String.format(
                    java.util.Locale.ROOT,
                    """
                    histories              %,12d (%,d with a failing disk, %,d with a clock that is set)
                    messages               %,12d
                    deliveries             %,12d
                    calls to the disk      %,12d
                    power failures after   %,12d of them
                    disks rebuilt          %,12d
                      changes whole        %,12d
                      torn and reordered   %,12d
                      in a recovery        %,12d
                      in a recovery's one  %,12d
                      deeper               %,12d
                    worked on to the end   %,12d
                    names there already    %,12d
                    """,
                    histories.sum(),
                    failingDisks.sum(),
                    setClocks.sum(),
                    messages.sum(),
                    deliveries.sum(),
                    calls.sum(),
                    failures.sum(),
                    whole.sum() + drawn.sum(),
                    whole.sum(),
                    drawn.sum(),
                    nested[1].sum(),
                    nested[2].sum(),
                    nested[3].sum(),
                    finished.sum(),
                    repeatedNames.sum());
        }
    }

    private final Tally tally;
    private final Predicate<String> skipped;
    private final AlertWatch watch = new AlertWatch();

    /** @param skipped names of files and folders whose forces are left out: for proofs of the proof */
    DurabilityProof(Tally tally, Predicate<String> skipped) {
        this.tally = tally;
        this.skipped = skipped;
    }

    /** One history, being tried. */
    private final class Trial {
        final Plan plan;
        final long seed;
        final List<Promise> promises = new ArrayList<>();
        final List<Works.Delivery> deliveries = new ArrayList<>();
        List<DiskOperation> calls = List.of();
        String where = "while it was recorded";

        Trial(Plan plan, long seed) {
            this.plan = plan;
            this.seed = seed;
        }

        void run() throws Exception {
            watch.mark(where);
            ModelDisk disk = Works.fresh();
            ModelDisk walker = disk.copy();
            disk.skipSyncsOf(skipped);
            try (var works = new Works(disk, watch.log(), plan.segmentSize(), new SetClock(0), promises, deliveries)) {
                works.run(plan.steps());
                tally.repeatedNames.add(works.repeatedNames());
            }
            calls = disk.calls();
            tally.histories.increment();
            tally.calls.add(calls.size());
            tally.messages.add(promises.size());
            tally.deliveries.add(deliveries.size());
            tally.failingDisks.add(plan.diskFails() ? 1 : 0);
            tally.setClocks.add(plan.clockIsSet() ? 1 : 0);
            for (int count = 0; count <= calls.size(); count++) {
                if (count > 0) {
                    walker.apply(calls.get(count - 1));
                }
                tally.failures.increment();
                long dice = seed * 1_000_003 + count;
                for (Fate fate : walker.fates(DRAWS, new Random(dice))) {
                    String how = fate + " after " + count + " calls";
                    fails(walker.after(fate), fate, count, 0, Map.of(), how, next(dice, fate.hashCode()));
                }
            }
        }

        /** Each moment has dice of its own, so that it is repeated whatever was thrown before. */
        private static long next(long dice, int what) {
            return (dice + what) * 0x9E3779B97F4A7C15L;
        }

        /** The power has failed: recovers, and looks. */
        private void fails(
                ModelDisk disk, Fate fate, int count, int depth, Map<Long, Presented> must, String how, long dice)
                throws Exception {
            var random = new Random(dice);
            where = how;
            watch.mark(how);
            (fate instanceof Fate.Drawn ? tally.drawn : tally.whole).increment();
            tally.nested[depth].increment();
            boolean nests = depth < DEPTH && random.nextInt(NESTED * (1 + 3 * depth)) == 0;
            boolean finishes = !nests && random.nextInt(FINISHED) == 0;
            SetClock clock = SetClock.drawn(random);
            ModelDisk walker = nests ? disk.copy() : disk;
            disk.skipSyncsOf(skipped);
            var boxes = new Boxes(disk.root(), clock).look();
            var verdict = new Verdict(promises, deliveries, count);
            if (finishes) {
                worksOn(disk, count, clock);
                return;
            }
            Map<Long, Presented> presented;
            int opened;
            try (Queue queue = Works.open(disk, watch.log(), plan.segmentSize(), clock, () -> SETTINGS)) {
                opened = disk.callCount();
                presented = verdict.look(queue);
                if (!nests) {
                    verdict.numbersGoOn(queue);
                }
            }
            verdict.check(presented, boxes);
            if (!must.isEmpty() && !must.equals(presented)) {
                throw new Violation("send had been told of " + must + ", and now there is " + presented);
            }
            if (nests) {
                nest(walker, disk.calls(), opened, count, depth, presented, how, dice);
            }
        }

        private void nest(
                ModelDisk walker,
                List<DiskOperation> recovery,
                int opened,
                int count,
                int depth,
                Map<Long, Presented> presented,
                String how,
                long dice)
                throws Exception {
            for (int stop = 0; stop <= recovery.size(); stop++) {
                if (stop > 0) {
                    walker.apply(recovery.get(stop - 1));
                }
                long here = next(dice, stop);
                for (Fate fate : walker.fates(1, new Random(here))) {
                    String again =
                            how + ", then " + fate + " after " + stop + " calls of the recovery (of " + opened + ")";
                    fails(
                            walker.after(fate),
                            fate,
                            count,
                            depth + 1,
                            stop >= opened ? presented : Map.of(),
                            again,
                            next(here, fate.hashCode()));
                }
            }
        }

        /** All goes on until everything is delivered: once, or twice where the first time had not been synced. */
        private void worksOn(ModelDisk disk, int count, SetClock clock) throws Exception {
            tally.finished.increment();
            var left = new ArrayList<Promise>();
            promises.stream()
                    .filter(promise -> promise.submittedAt <= count)
                    .forEach(promise -> left.add(promise.until(count)));
            var begun = new ArrayList<Works.Delivery>();
            for (Works.Delivery delivery : deliveries) {
                if (delivery.begunAt <= count) {
                    var copy = new Works.Delivery(left.get(delivery.message.id), delivery.recipient, 0);
                    copy.deliveredAt = delivery.deliveredAt <= count ? 0 : Promise.NEVER;
                    begun.add(copy);
                }
            }
            try (var works = new Works(disk, watch.log(), plan.segmentSize(), clock, left, begun)) {
                works.clean();
                works.checkpoint();
                works.checkpoint();
                works.rewrite();
                works.clean();
                works.finishAll();
                tally.repeatedNames.add(works.repeatedNames());
            }
            Boxes.Found boxes = new Boxes(disk.root(), clock).look();
            new Verdict(left, begun, Promise.NEVER - 1).check(Map.of(), boxes);
        }
    }

    // What queue rightly says where a force failed, and then the power: outcomes that it had written are gone.
    private static final String SHORTER = " octets and had ";
    private static final String DAMAGED = " are damaged (";

    private static final QueueSettings SETTINGS = new QueueSettings(1 << 20, 1 << 20);

    /** What was found: null if nothing. */
    @Nullable
    String tryOut(Plan plan, long seed) throws InterruptedException {
        var trial = new Trial(plan, seed);
        @Nullable String found = null;
        try {
            trial.run();
        } catch (InterruptedException e) {
            throw e;
        } catch (Violation e) {
            found = trial.where + ": " + e.getMessage();
        } catch (Exception | AssertionError e) {
            var trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            found = trial.where + ": " + trace;
        }
        List<String> alerts = watch.alerts().stream()
                .filter(alert -> !plan.diskFails() || !alert.contains(SHORTER) && !alert.contains(DAMAGED))
                .toList();
        if (found == null && !alerts.isEmpty()) {
            found = alerts.getFirst();
        }
        return found == null ? null : found + "\n" + calls(trial);
    }

    private static String calls(Trial trial) {
        var text = new StringBuilder("the calls:\n");
        for (int i = 0; i < trial.calls.size(); i++) {
            text.append("  ")
                    .append(i + 1)
                    .append(' ')
                    .append(trial.calls.get(i))
                    .append('\n');
        }
        return text.toString();
    }
}

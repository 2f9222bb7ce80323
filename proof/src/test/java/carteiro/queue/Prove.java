package carteiro.queue;

import carteiro.queue.DurabilityProof.Tally;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import net.jqwik.api.Shrinkable;
import net.jqwik.api.sessions.JqwikSession;
import org.jspecify.annotations.Nullable;

/** Draws histories and tries them; {@code bench/prove} is this. */
final class Prove {
    /** How long a history that fails is made smaller. */
    private static final Duration SHRINKING = Duration.ofSeconds(60);

    private static final int SIZE = 1000; // as jqwik has it

    /**
     * A history that broke a promise.
     *
     * @param history its number among those of the seed
     * @param plan as small as it could be made
     */
    record Broken(long seed, int history, Plan plan, String found) {
        @Override
        public String toString() {
            return found + "\nThe history, " + plan + "\n\nTo repeat it: bench/prove --seed " + seed + " --history "
                    + history;
        }
    }

    private record Found(int history, String what) {}

    private final long seed;
    private final Tally tally;
    private final Predicate<String> skipped;

    /** @param skipped names whose forces are left out: for proofs of the proof */
    Prove(long seed, Tally tally, Predicate<String> skipped) {
        this.seed = seed;
        this.tally = tally;
        this.skipped = skipped;
    }

    /**
     * Tries the histories from one number on, before another, on so many threads; null if all is well.
     *
     * @param shrinking how long one that fails may be made smaller
     */
    @Nullable
    Broken histories(int from, int to, int threads, Duration shrinking, IntConsumer progress)
            throws InterruptedException {
        var plans = new ArrayList<Plan>();
        JqwikSession.run(() -> {
            for (int i = from; i < to; i++) {
                plans.add(draw(i).value());
            }
        });
        var next = new AtomicInteger(from);
        var found = new AtomicReference<@Nullable Found>();
        var workers = new ArrayList<Thread>();
        for (int i = 0; i < threads; i++) {
            workers.add(Thread.ofPlatform().name("proof " + i).start(() -> {
                var proof = new DurabilityProof(tally, skipped);
                for (int k = next.getAndIncrement(); k < to && found.get() == null; k = next.getAndIncrement()) {
                    @Nullable String what;
                    try {
                        what = proof.tryOut(plans.get(k - from), seed(k));
                    } catch (InterruptedException | RuntimeException | Error e) {
                        what = e.toString();
                    }
                    if (what != null) {
                        found.compareAndSet(null, new Found(k, what));
                    }
                    progress.accept(k);
                }
            }));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        Found one = found.get();
        return one == null ? null : smallest(one, shrinking);
    }

    private Shrinkable<Plan> draw(int history) {
        return Plan.any().generator(SIZE).next(new Random(seed(history)));
    }

    private long seed(int history) {
        return new Random(seed * 31 + history).nextLong();
    }

    private Broken smallest(Found found, Duration shrinking) {
        var proof = new DurabilityProof(new Tally(), skipped);
        var best = new AtomicReference<Broken>();
        long until = System.nanoTime() + shrinking.toNanos();
        JqwikSession.run(() -> {
            Shrinkable<Plan> now = draw(found.history());
            best.set(new Broken(seed, found.history(), now.value(), found.what()));
            while (now != null) {
                Shrinkable<Plan> smaller = null;
                Iterator<Shrinkable<Plan>> candidates = now.shrink().iterator();
                while (smaller == null && candidates.hasNext() && System.nanoTime() < until) {
                    Shrinkable<Plan> candidate = candidates.next();
                    String what = candidate.distance().compareTo(now.distance()) < 0
                            ? proof.tryOut(candidate.value(), seed(found.history()))
                            : null;
                    if (what != null) {
                        smaller = candidate;
                        best.set(new Broken(seed, found.history(), candidate.value(), what));
                    }
                }
                now = smaller;
            }
        });
        return best.get();
    }

    /** @param args {@code --seed N}, {@code --histories N}, {@code --history N} */
    public static void main(String[] args) throws InterruptedException {
        long seed = new Random().nextInt(1_000_000_000);
        int from = 0;
        int to = 2000;
        for (int i = 0; i + 1 < args.length; i += 2) {
            if (!args[i + 1].matches("[0-9]{1,9}")) {
                usage();
            }
            int number = Integer.parseInt(args[i + 1]);
            switch (args[i]) {
                case "--seed" -> seed = number;
                case "--histories" -> to = number;
                case "--history" -> {
                    from = number;
                    to = number + 1;
                }
                default -> usage();
            }
        }
        if (args.length % 2 != 0 || to <= from) {
            usage();
        }
        System.out.println("seed " + seed);
        long began = System.nanoTime();
        var tally = new Tally();
        var done = new AtomicInteger();
        int all = to - from;
        var proof = new Prove(seed, tally, name -> false);
        Broken broken = proof.histories(from, to, Runtime.getRuntime().availableProcessors(), SHRINKING, _ -> {
            int now = done.incrementAndGet();
            if (now % 100 == 0 && now < all) {
                System.out.println(now + " histories");
            }
        });
        System.out.print(tally);
        System.out.printf(
                java.util.Locale.ROOT,
                "%-20s %,14d s, seed %d%n",
                "time",
                (System.nanoTime() - began) / 1_000_000_000,
                seed);
        if (broken != null) {
            System.out.println("\nBROKEN: " + broken);
            System.exit(1);
        }
        System.out.println("Every promise was kept.");
    }

    private static void usage() {
        System.err.println("usage: bench/prove [--seed N] [--histories N | --history N]");
        System.exit(100);
    }
}

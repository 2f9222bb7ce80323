package carteiro.lookup;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Questions to the name service and to the file systems of homes. One that hangs holds a thread here, never one of those that
 * everything else runs on; and all that hang for one user or home, or at one server, hold some, so that the others are answered.
 * Safe for any number of threads.
 */
final class BlockingCalls implements AutoCloseable {
    static final int THREADS = 64;

    /** Of them, so many for one server: a host with homes, a file system, the name service. */
    static final int MOST_AT_ONE_SERVER = 16;

    /** Of those, so many for one user or home. */
    static final int MOST_OF_ONE = 4;

    private static final int WAITING = 2_000;

    private final Duration patience;
    private final ThreadPoolExecutor threads;
    private final Map<String, CallQuota> shares = new HashMap<>(); // guarded by itself

    /** What one user, home or server may have. */
    private static final class CallQuota {
        final Semaphore free;
        int users; // guarded by the map

        CallQuota(int most) {
            free = new Semaphore(most);
        }
    }

    /** A place within a share. */
    private record CallSlot(String key, CallQuota share) {}

    /** @param patience how long one question may take, with the wait for a thread */
    BlockingCalls(Duration patience) {
        this.patience = patience;
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING),
                Thread.ofPlatform().name("lookup-slow-", 0).daemon(true).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Asks.
     *
     * @param server who has the answer
     * @param whose the user or home that it is about
     * @param deadline the end of the whole of which this is a part
     * @throws IOException what the question throws; or there is no answer in time
     */
    <T> T ask(String server, String whose, Deadline deadline, Callable<T> question) throws IOException {
        Duration time = deadline.most(patience);
        Deadline end = Deadline.in(time);
        var places = new ArrayList<CallSlot>(2);
        boolean submitted = false;
        try {
            if (!enter("of " + whose, MOST_OF_ONE, end, places)
                    || !enter("at " + server, MOST_AT_ONE_SERVER, end, places)) {
                throw noAnswer(time, null);
            }
            Future<T> answer = submit(question, places);
            submitted = true; // the thread gives the places back, whenever it comes back itself
            return answer.get(end.left().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw noAnswer(time, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cannotTell -> throw cannotTell;
                case RuntimeException ours -> throw ours;
                case Error ours -> throw ours;
                case null, default -> throw new IllegalStateException(e);
            }
        } finally {
            if (!submitted) {
                leave(places);
            }
        }
    }

    private <T> Future<T> submit(Callable<T> question, List<CallSlot> places) throws IOException {
        try {
            return threads.submit(() -> {
                try {
                    return question.call();
                } finally {
                    leave(places);
                }
            });
        } catch (RejectedExecutionException e) {
            throw new IOException("too many questions wait for the system's name service or slow file systems", e);
        }
    }

    private static IOException noAnswer(Duration time, @Nullable Exception cause) {
        return new IOException(
                "the system's name service (see /etc/nsswitch.conf), or the file system of a home, gives no answer within "
                        + time.toSeconds() + " s",
                cause);
    }

    /** @return whether there was a place in time; it is added to those */
    private boolean enter(String key, int most, Deadline end, List<CallSlot> places) throws InterruptedException {
        CallQuota share;
        synchronized (shares) {
            share = shares.computeIfAbsent(key, _ -> new CallQuota(most));
            share.users++;
        }
        boolean entered = false;
        try {
            entered = share.free.tryAcquire(end.left().toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            if (!entered) {
                forget(key, share);
            }
        }
        return entered && places.add(new CallSlot(key, share));
    }

    private void leave(List<CallSlot> places) {
        for (CallSlot place : places) {
            place.share.free.release();
            forget(place.key, place.share);
        }
    }

    private void forget(String key, CallQuota share) {
        synchronized (shares) {
            share.users--;
            if (share.users == 0) {
                shares.remove(key, share);
            }
        }
    }

    /** Ends the threads; a question that hangs is left to its end. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}

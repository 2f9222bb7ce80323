package carteiro.lookup;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
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
 * everything else runs on; and all that hang for one user or home hold few, so that the others are answered. Safe for any
 * number of threads.
 */
final class SlowCalls implements AutoCloseable {
    static final int THREADS = 16;

    /** Of them, so many for one user or home. */
    static final int MOST_OF_ONE = 4;

    private static final int WAITING = 2_000;

    private final Duration patience;
    private final ThreadPoolExecutor threads;
    private final Map<String, Share> shares = new HashMap<>(); // guarded by itself

    /** What one user or home may have. */
    private static final class Share {
        final Semaphore free = new Semaphore(MOST_OF_ONE);
        int users; // guarded by the map
    }

    /** @param patience how long one answer, and the wait for a thread, may take */
    SlowCalls(Duration patience) {
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
     * @param whose the user or home that it is about
     * @throws IOException what the question throws; or there is no answer in time
     */
    <T> T ask(String whose, Callable<T> question) throws IOException {
        Share share = enter(whose);
        boolean held = false;
        try {
            held = share.free.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (!held) {
                throw noAnswer(null);
            }
            Future<T> answer = submit(whose, share, question);
            held = false; // the thread gives it back, whenever it comes back itself
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw noAnswer(e);
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
            if (held) {
                share.free.release();
            }
            leave(whose, share);
        }
    }

    private <T> Future<T> submit(String whose, Share share, Callable<T> question) throws IOException {
        again(share);
        boolean submitted = false;
        try {
            Future<T> answer = threads.submit(() -> {
                try {
                    return question.call();
                } finally {
                    share.free.release();
                    leave(whose, share);
                }
            });
            submitted = true;
            return answer;
        } catch (RejectedExecutionException e) {
            throw new IOException("too many questions wait for the system's name service or slow file systems", e);
        } finally {
            if (!submitted) {
                leave(whose, share);
            }
        }
    }

    private IOException noAnswer(@Nullable Exception cause) {
        return new IOException(
                "the system's name service (see /etc/nsswitch.conf), or the file system of a home, gives no answer within "
                        + patience.toSeconds() + " s",
                cause);
    }

    private Share enter(String whose) {
        synchronized (shares) {
            Share share = shares.computeIfAbsent(whose, _ -> new Share());
            share.users++;
            return share;
        }
    }

    private void again(Share share) {
        synchronized (shares) {
            share.users++;
        }
    }

    private void leave(String whose, Share share) {
        synchronized (shares) {
            share.users--;
            if (share.users == 0) {
                shares.remove(whose, share);
            }
        }
    }

    /** Ends the threads; a question that hangs is left to its end. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}

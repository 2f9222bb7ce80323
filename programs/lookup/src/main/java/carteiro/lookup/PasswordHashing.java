package carteiro.lookup;

import carteiro.password.PasswordCheck;
import carteiro.password.StoredPassword;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Compares passwords on a few threads of its own: hashes are made to be slow, and conversations must go on meanwhile. What waits is
 * bounded, and so is the memory that hashes take together.
 */
final class PasswordHashing implements AutoCloseable {
    /** Comparisons that wait or run; further ones are answered with "not now". */
    static final int MOST = 500;

    private final ExecutorService threads;
    private final Semaphore places = new Semaphore(MOST);
    private final int mebibytes = Math.clamp(Runtime.getRuntime().maxMemory() / 3 >> 20, 16, 1024);
    private final Semaphore memory = new Semaphore(mebibytes, true);

    PasswordHashing() {
        int count = Math.max(1, Runtime.getRuntime().availableProcessors());
        threads = Executors.newFixedThreadPool(
                count, Thread.ofPlatform().name("passwords-", 1).daemon(true).factory());
    }

    /** @throws IOException if it cannot be told now: too many wait, or there is no memory for such a hash */
    PasswordCheck check(StoredPassword stored, byte[] password, Deadline deadline) throws IOException {
        if (!places.tryAcquire()) {
            throw new IOException("over " + MOST + " passwords wait to be compared");
        }
        var copy = password.clone(); // the caller clears its own when it has waited long enough
        try {
            return threads.submit(() -> {
                        try {
                            return checkNow(stored, copy);
                        } finally {
                            java.util.Arrays.fill(copy, (byte) 0);
                            places.release();
                        }
                    })
                    .get(deadline.left().toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            places.release();
            throw new IOException("lookup is stopping", e);
        } catch (TimeoutException e) {
            throw new IOException("the password could not be compared in time: too many are", e);
        } catch (CancellationException e) {
            throw new IOException("lookup is stopping", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException ours -> throw ours;
                case Error ours -> throw ours;
                case null, default -> throw new IOException("the password could not be compared", e);
            }
        }
    }

    private PasswordCheck checkNow(StoredPassword stored, byte[] password) throws InterruptedException {
        int wanted = (int) Math.ceilDiv(stored.memory(), 1L << 20);
        if (wanted > mebibytes) {
            return new PasswordCheck.PasswordUnusable(
                    "its hash takes " + wanted + " MiB of memory, and hashes may take " + mebibytes
                            + " here; give lookup a larger heap (-Xmx in CARTEIRO_JAVA_OPTS), or set the password anew");
        }
        memory.acquire(wanted);
        try {
            return stored.check(password);
        } finally {
            memory.release(wanted);
        }
    }

    @Override
    public void close() {
        for (Runnable waiting : threads.shutdownNow()) {
            if (waiting instanceof Future<?> comparison) {
                comparison.cancel(false); // whoever waits for it is told now
            }
        }
    }
}

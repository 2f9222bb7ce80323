package carteiro.smtpd;

import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Names of clients from the system's resolver, each checked to lead back to the address. Asked for only if tcp.smtp has
 * rules by name. The resolver blocks its thread, so it gets a few of its own.
 */
final class HostNames implements AutoCloseable {
    private static final int THREADS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("smtpd-names").daemon(true).factory());

    HostNames() {
        threads.allowCoreThreadTimeOut(true);
    }

    /** The name; empty if there is none, or none in time. */
    String of(InetAddress address) {
        Future<String> asked;
        try {
            asked = threads.submit(address::getCanonicalHostName);
        } catch (RejectedExecutionException e) {
            return ""; // we are stopping
        }
        try {
            String name = asked.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            return name.equals(address.getHostAddress()) ? "" : name;
        } catch (TimeoutException | ExecutionException e) {
            asked.cancel(true);
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}

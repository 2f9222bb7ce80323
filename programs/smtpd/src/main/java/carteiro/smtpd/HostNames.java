package carteiro.smtpd;

import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
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

    /** What is being asked: one address takes one thread at most, however many connections come from it. */
    private final ConcurrentMap<InetAddress, Future<String>> asking = new ConcurrentHashMap<>();

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
            asked = asking.computeIfAbsent(address, this::ask);
        } catch (RejectedExecutionException e) {
            return ""; // we are stopping
        }
        try {
            String name = asked.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            return name.equals(address.getHostAddress()) ? "" : name;
        } catch (TimeoutException | ExecutionException e) {
            return ""; // the answer may come too late for this one and in time for the next
        } catch (CancellationException e) {
            return ""; // we are stopping
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    private Future<String> ask(InetAddress address) {
        return threads.submit(() -> {
            try {
                return address.getCanonicalHostName();
            } finally {
                asking.remove(address);
            }
        });
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}

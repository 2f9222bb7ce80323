package carteiro.listen;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Names of clients from the system's resolver, each checked to lead back to the address. Asked for only if there are
 * rules by name. The resolver blocks its thread, so it gets a few of its own. A question that nobody waits for any longer
 * is not begun.
 */
public final class HostNames implements AutoCloseable {
    /** Questions to the resolver at once. */
    static final int THREADS = 8;

    /** Questions that wait for a thread; for a further one there is no name. */
    static final int WAITING = 256;

    /** Questions of one {@link Client#key} at once; its next connections wait for their turn. */
    static final int SHARE = 2;

    /** How long a client waits for its name. */
    public static final Duration PATIENCE = Duration.ofSeconds(5);

    /** One address, asked for once however many connections come from it. */
    private static final class PendingName {
        final FutureTask<String> answer;
        int waiting;

        PendingName(FutureTask<String> answer) {
            this.answer = answer;
        }
    }

    private final Function<InetAddress, String> resolver;
    private final Duration patience;
    private final Map<InetAddress, PendingName> questions = new HashMap<>(); // guarded by this, as is the next
    private final Map<Long, Integer> ofClients = new HashMap<>();

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            Thread.ofPlatform().name("client-names").daemon(true).factory());

    /**
     * @param resolver gives the name of an address, or its text if there is none; blocks
     * @param patience {@link #PATIENCE}, but for a test
     */
    public HostNames(Function<InetAddress, String> resolver, Duration patience) {
        this.resolver = resolver;
        this.patience = patience;
        threads.allowCoreThreadTimeOut(true);
    }

    /** The name; empty if there is none, or none in time. */
    public String of(InetAddress address) {
        long until = System.nanoTime() + patience.toNanos();
        try {
            PendingName question = join(address, until);
            if (question == null) {
                return "";
            }
            try {
                String name = question.answer.get(until - System.nanoTime(), TimeUnit.NANOSECONDS);
                return name.equals(address.getHostAddress()) ? "" : name;
            } finally {
                leave(address, question);
            }
        } catch (TimeoutException | ExecutionException | CancellationException e) {
            return ""; // none, or too late, or we are stopping
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /** The question about an address, begun if need be; null if it finds no place in time. */
    private synchronized @Nullable PendingName join(InetAddress address, long until) throws InterruptedException {
        while (!questions.containsKey(address) && ofClients.getOrDefault(Client.key(address), 0) >= SHARE) {
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            if (left <= 0) {
                return null;
            }
            wait(left);
        }
        PendingName question = questions.get(address);
        if (question == null) {
            question = new PendingName(new FutureTask<>(() -> {
                try {
                    return resolver.apply(address);
                } finally {
                    forget(address);
                }
            }));
            try {
                threads.execute(question.answer);
            } catch (RejectedExecutionException e) {
                return null; // too many wait, or we are stopping
            }
            questions.put(address, question);
            ofClients.merge(Client.key(address), 1, Integer::sum);
        }
        question.waiting++;
        return question;
    }

    private synchronized void leave(InetAddress address, PendingName question) {
        question.waiting--;
        if (question.waiting == 0 && threads.remove(question.answer)) { // it has not begun
            forget(address);
        }
    }

    private synchronized void forget(InetAddress address) {
        questions.remove(address);
        ofClients.computeIfPresent(Client.key(address), (_, count) -> count == 1 ? null : count - 1);
        notifyAll();
    }

    /** Questions that wait for a thread now. */
    int waiting() {
        return threads.getQueue().size();
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}

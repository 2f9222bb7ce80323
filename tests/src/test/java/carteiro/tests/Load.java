package carteiro.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Clients that send numbered messages to bob, each again until it was answered 250, as a client with a queue of its own
 * would.
 */
final class Load {
    private static final long ALARM_PAUSE = Duration.ofSeconds(5).toNanos();

    private final Supplier<InetSocketAddress> server;
    private final int fullPace;
    private final List<Thread> clients = new ArrayList<>();
    private final Set<String> answered = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> refusals = new ConcurrentHashMap<>();
    private final AtomicInteger next = new AtomicInteger();
    private final ReentrantReadWriteLock talking =
            new ReentrantReadWriteLock(true); // held by each message for its time
    private volatile boolean over;
    private final Map<String, Integer> arrived = new HashMap<>();
    private final Set<Path> read = new HashSet<>();

    /** @param fullPace so many messages as fast as they are taken, then a few a second until {@link #stop} */
    Load(Supplier<InetSocketAddress> server, int fullPace) {
        this.server = server;
        this.fullPace = fullPace;
    }

    void start(int count) {
        for (int i = 0; i < count; i++) {
            clients.add(Thread.ofVirtual().start(this::send));
        }
    }

    private void send() {
        int number = next.getAndIncrement();
        while (true) {
            try (var client = new SmtpClient(server.get())) {
                while (true) {
                    send(client, "id-" + number + "-");
                    if (over) {
                        return;
                    }
                    if (number >= fullPace) {
                        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                    }
                    number = next.getAndIncrement();
                }
            } catch (IOException | RuntimeException e) { // what was begun is brought to its end
                refusals.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
                LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
            }
        }
    }

    private void send(SmtpClient client, String id) throws IOException {
        String reply;
        talking.readLock().lock();
        try {
            reply = client.send(
                    "ann@example.net",
                    List.of("bob@example.org"),
                    "Subject: " + id + "\n\n" + "x".repeat(70).concat("\n").repeat(20));
        } finally {
            talking.readLock().unlock();
        }
        if (!reply.startsWith("250 ")) {
            throw new IOException("answer " + reply.strip());
        }
        answered.add(id);
    }

    /** Something that is done. */
    interface Deed {
        void run() throws Exception;
    }

    /** Does something while no message is under way; then all clients go on. */
    void between(Deed deed) throws Exception {
        talking.writeLock().lock();
        try {
            deed.run();
        } finally {
            talking.writeLock().unlock();
        }
    }

    /** How many messages were answered 250. */
    int answered() {
        return answered.size();
    }

    /** What clients were told or met instead of 250, and how often. */
    Map<String, Integer> refusals() {
        return new TreeMap<>(refusals);
    }

    /** Begins nothing new; returns when every message that was begun is answered 250. */
    void stop() throws InterruptedException {
        over = true;
        for (Thread client : clients) {
            client.join();
        }
    }

    /** Waits until everything that was answered has arrived; how often each did. What is deferred meanwhile is tried again. */
    Map<String, Integer> awaitArrival(CarteiroProcess carteiro) {
        Path folder = carteiro.accountHome("bob").resolve("Maildir/new");
        var due = new AtomicLong(System.nanoTime() + ALARM_PAUSE);
        try {
            carteiro.await("the last of the messages", () -> {
                look(folder);
                boolean all = arrived.keySet().containsAll(answered);
                if (!all && System.nanoTime() - due.get() > 0) {
                    due.set(System.nanoTime() + ALARM_PAUSE);
                    tryNow(carteiro);
                }
                return all;
            });
        } catch (AssertionError e) {
            var missing = new TreeSet<>(answered);
            missing.removeAll(arrived.keySet());
            throw new AssertionError("answered, but not arrived: " + missing, e);
        }
        return arrived;
    }

    private static void tryNow(CarteiroProcess carteiro) {
        try {
            carteiro.control(CarteiroProcess.Verb.ALARM, "send");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void look(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (read.add(file)) {
                    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                    int at = text.indexOf("Subject: id-");
                    arrived.merge(text.substring(at + 9, text.indexOf('\n', at)), 1, Integer::sum);
                }
            }
        } catch (NoSuchFileException e) {
            // moved between listing and reading
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

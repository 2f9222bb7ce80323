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
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Clients that send numbered messages, each again until it was answered 250, as a client with a queue of its own would;
 * and the places where the messages arrive. What a message says follows from its number, so that each is compared whole.
 */
final class Load {
    private static final long ALARM_PAUSE = Duration.ofSeconds(5).toNanos();

    /** What the number of a message is found by. */
    private static final Pattern SUBJECT = Pattern.compile("Subject: id-(\\d+)-\n");

    /** Octets in small messages; in large ones, which queue keeps in files of their own (from 256 KiB on). */
    private static final int SMALL = 1_400;

    private static final int LARGE = 300_000;

    /** One of so many is large; odd, so that large ones are of all kinds. */
    private static final int LARGE_OF = 67;

    /** What bodies are made of; a line may begin with dots. */
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz .\u00e9";

    /** Who sends; has a mailbox here, for bounces. */
    static final String SENDER = "ann";

    /** Fails for good at the other host. */
    static final String NOBODY = "nobody@far.example";

    private static final String BOB = "bob@example.org";
    private static final String DORA = "dora@far.example";

    /** Where a message arrives. */
    enum Place {
        /** That of bob. */
        MAILBOX,
        OTHER_HOST,
        /** Whole, in a bounce in its sender's mailbox. */
        BOUNCE
    }

    /** Whom a message is for, and all the places where it must arrive. */
    private enum Kind {
        LOCAL(List.of(BOB), Set.of(Place.MAILBOX)),
        REMOTE(List.of(DORA), Set.of(Place.OTHER_HOST)),
        BOTH(List.of(BOB, DORA), Set.of(Place.MAILBOX, Place.OTHER_HOST)),
        FAILING(List.of(NOBODY), Set.of(Place.BOUNCE)),
        FAILING_FOR_ONE(List.of(BOB, NOBODY), Set.of(Place.MAILBOX, Place.BOUNCE));

        private final List<String> recipients;
        private final Set<Place> places;

        Kind(List<String> recipients, Set<Place> places) {
            this.recipients = recipients;
            this.places = places;
        }
    }

    /** Half of all mail stays here; the rest leaves, or fails. */
    private static final List<Kind> MIXED = List.of(
            Kind.LOCAL,
            Kind.REMOTE,
            Kind.LOCAL,
            Kind.BOTH,
            Kind.LOCAL,
            Kind.FAILING,
            Kind.LOCAL,
            Kind.REMOTE,
            Kind.LOCAL,
            Kind.FAILING_FOR_ONE);

    private final Supplier<InetSocketAddress> server;
    private final int fullPace;
    private final List<Kind> kinds;
    private final int largeOf;
    private final IntFunction<List<SmtpSink.Message>> otherHost;
    private final List<Thread> clients = new ArrayList<>();
    private final Set<Integer> answered = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> refusals = new ConcurrentHashMap<>();
    private final AtomicInteger next = new AtomicInteger();
    private final ReentrantReadWriteLock talking =
            new ReentrantReadWriteLock(true); // held by each message for its time
    private volatile boolean over;
    private final Map<Place, Map<Integer, Integer>> arrived = new EnumMap<>(Place.class); // how often, by number
    private final List<String> wrong = new ArrayList<>(); // cut, changed, or not for there
    private final Set<Path> read = new HashSet<>();
    private int taken; // of the other host's

    private Load(
            Supplier<InetSocketAddress> server,
            int fullPace,
            List<Kind> kinds,
            int largeOf,
            IntFunction<List<SmtpSink.Message>> otherHost) {
        this.server = server;
        this.fullPace = fullPace;
        this.kinds = kinds;
        this.largeOf = largeOf;
        this.otherHost = otherHost;
        for (Place place : Place.values()) {
            arrived.put(place, new HashMap<>());
        }
    }

    /**
     * Small messages to bob.
     *
     * @param fullPace so many messages as fast as they are taken, then a few a second until {@link #stop}
     */
    static Load toBob(Supplier<InetSocketAddress> server, int fullPace) {
        return new Load(server, fullPace, List.of(Kind.LOCAL), Integer.MAX_VALUE, _ -> List.of());
    }

    /**
     * Small and large messages to bob, to another host, to both, and to nobody, so that they bounce. For accounts bob and
     * {@link #SENDER} and a route to that host.
     *
     * @param fullPace so many messages as fast as they are taken, then a few a second until {@link #stop}
     */
    static Load ofAllKinds(Supplier<InetSocketAddress> server, int fullPace, SmtpSink otherHost) {
        otherHost.refuse(NOBODY, "550 5.1.1 nobody of that name");
        return new Load(server, fullPace, MIXED, LARGE_OF, otherHost::messagesFrom);
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
                    send(client, number);
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

    private void send(SmtpClient client, int number) throws IOException {
        String text = text(number);
        String reply;
        talking.readLock().lock();
        try {
            reply = client.send(SENDER + "@example.org", kind(number).recipients, text);
        } finally {
            talking.readLock().unlock();
        }
        if (!reply.startsWith("250 ")) {
            throw new IOException("answer " + reply.strip());
        }
        answered.add(number);
    }

    private Kind kind(int number) {
        return kinds.get(number % kinds.size());
    }

    private String text(int number) {
        var random = new SplittableRandom(number);
        int octets = number % largeOf == largeOf - 1 ? LARGE : SMALL;
        var text = new StringBuilder("Subject: id-" + number + "-\n\n");
        while (text.length() < octets) {
            for (int i = random.nextInt(76); i > 0; i--) {
                text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
            }
            text.append('\n');
        }
        return text.toString();
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

    /**
     * Waits until everything that was answered has arrived, wherever it is for. What is deferred meanwhile is tried again.
     *
     * @return in words, how many arrived at each place, and how many of them more than once
     * @throws AssertionError with the numbers of what is lost, or at once with what is cut, changed or bounced wrongly
     */
    String awaitArrival(CarteiroProcess carteiro) {
        var due = new AtomicLong(System.nanoTime() + ALARM_PAUSE);
        try {
            carteiro.await("the last of the messages", () -> {
                look(carteiro);
                boolean all = missing().isEmpty();
                if (!all && System.nanoTime() - due.get() > 0) {
                    due.set(System.nanoTime() + ALARM_PAUSE);
                    tryNow(carteiro);
                }
                return all || !wrong.isEmpty();
            });
        } catch (AssertionError e) {
            throw new AssertionError("answered, but not arrived: " + missing(), e);
        }
        if (!wrong.isEmpty()) {
            throw new AssertionError("arrived otherwise than they were sent: " + wrong);
        }
        return counts();
    }

    private Map<Place, Set<Integer>> missing() {
        var missing = new TreeMap<Place, Set<Integer>>();
        for (int number : answered) {
            for (Place place : kind(number).places) {
                if (!arrived.get(place).containsKey(number)) {
                    missing.computeIfAbsent(place, _ -> new TreeSet<>()).add(number);
                }
            }
        }
        return missing;
    }

    private String counts() {
        var counts = new ArrayList<String>();
        arrived.forEach((place, numbers) -> {
            long twice = numbers.values().stream().filter(count -> count > 1).count();
            counts.add(place + " " + numbers.size() + ", " + twice + " of them more than once");
        });
        return "lost 0; arrived: " + String.join("; ", counts);
    }

    private static void tryNow(CarteiroProcess carteiro) {
        try {
            carteiro.control(CarteiroProcess.Verb.ALARM, "send");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void look(CarteiroProcess carteiro) {
        look(carteiro.accountHome("bob").resolve("Maildir/new"), Place.MAILBOX);
        Path bounces = carteiro.accountHome(SENDER).resolve("Maildir/new");
        if (Files.exists(bounces)) {
            look(bounces, Place.BOUNCE);
        }
        for (SmtpSink.Message message : otherHost.apply(taken)) {
            taken++;
            arrive(message.text(), Place.OTHER_HOST);
        }
    }

    private void look(Path folder, Place place) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (read.add(file)) {
                    arrive(Files.readString(file, StandardCharsets.ISO_8859_1), place);
                }
            }
        } catch (NoSuchFileException e) {
            // moved between listing and reading
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void arrive(String text, Place place) {
        Matcher subject = SUBJECT.matcher(text);
        if (!subject.find()) {
            wrong.add(place + ": " + text.substring(0, Math.min(text.length(), 2_000)));
            return;
        }
        int number = Integer.parseInt(subject.group(1));
        String whole = text(number);
        if (!kind(number).places.contains(place)) {
            wrong.add(place + ": " + number + " is not for there: " + text.substring(0, subject.start()));
        } else if (!text.substring(subject.start()).equals(whole)) {
            wrong.add(place + ": " + number + " has " + (text.length() - subject.start()) + " octets of "
                    + whole.length() + ", or others");
        }
        arrived.get(place).merge(number, 1, Integer::sum);
    }
}

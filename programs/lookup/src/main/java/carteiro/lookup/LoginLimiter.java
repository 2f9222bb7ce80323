package carteiro.lookup;

import carteiro.mail.Octets;
import carteiro.protocol.LoginRecords.BlockedOrigin;
import carteiro.protocol.Passwords.LoginAttempt;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Slows down who guesses passwords: by account, by address, by network and in all. Each wrong password has its answer wait, longer
 * from one to the next; after many none is looked at for a time. An account from whose network somebody has logged in with the right
 * password is still open to that network, so that nobody can lock others out by wrong passwords.
 *
 * <p>An empty name is nobody's: of a token that does not say whose it is, the address and the network alone count.
 *
 * <p>The memory is bounded: of accounts and networks that have not been heard of for longest the least is known.
 */
final class LoginLimiter {
    /** How long a wrong password counts. */
    static final Duration WINDOW = Duration.ofMinutes(15);

    /** Wrong passwords within that time until none is looked at: of one account, of one address, of one network. */
    static final int MOST_OF_ACCOUNT = 10;

    static final int MOST_OF_ADDRESS = 20;
    static final int MOST_OF_NETWORK = 100;

    /** Wrong passwords in all until those who are not known have to wait longer. */
    static final int MANY_IN_ALL = 2_000;

    /** What the answer to a wrong password waits for; the same for all until several have been wrong. */
    static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

    private static final int WITHOUT_GROWTH = 3;
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(16);
    private static final int REMEMBERED = 50_000;
    private static final int KNOWN_NETWORKS = 8;

    /** After this, whoever waits for others' passwords of the same account looks again. */
    private static final Duration WAITED_ENOUGH = Duration.ofSeconds(1);

    private static final int LONGEST_KEY = 64;

    // What keys begin with.
    private static final String ACCOUNT = "account ";
    private static final String ADDRESS = "address ";
    private static final String NETWORK = "network ";
    private static final String UNKNOWN = "unknown";

    private final LongSupplier clock;
    private final Map<String, FailureCount> failures = bounded(); // guarded by this, as is the rest
    private final Map<String, KnownNetworks> known = bounded();
    private final Map<String, Integer> underWay = new HashMap<>(); // by account: no more than there are questions
    private final FailureCount inAll = new FailureCount();

    /** @param clock in nanoseconds, as {@link System#nanoTime} */
    LoginLimiter(LongSupplier clock) {
        this.clock = clock;
    }

    /** A count that forgets: all of it, when nothing was added for {@link #WINDOW}, and from one window to the next. */
    private static final class FailureCount {
        private int count;
        private long begun;

        /** Those of the window that now runs. */
        int at(long now) {
            if (now - begun >= WINDOW.toNanos()) {
                count = 0;
            }
            return count;
        }

        int add(long now) {
            if (at(now) == 0) {
                begun = now;
            }
            return ++count;
        }

        Duration left(long now) {
            return Duration.ofNanos(Math.max(0, WINDOW.toNanos() - (now - begun)));
        }
    }

    /** The last networks from which somebody logged in with the right password. */
    private static final class KnownNetworks {
        private final Deque<String> networks = new ArrayDeque<>(2);

        boolean has(String network) {
            return networks.contains(network);
        }

        void add(String network) {
            networks.remove(network);
            networks.addFirst(network);
            if (networks.size() > KNOWN_NETWORKS) {
                networks.removeLast();
            }
        }
    }

    private static <T> Map<String, T> bounded() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
                return size() > REMEMBERED;
            }
        };
    }

    /** How long no password is looked at; empty if one is now. */
    synchronized Optional<Duration> blocked(LoginAttempt attempt, String name) {
        long now = clock.getAsLong();
        List<String> origin = origin(attempt.client());
        Optional<Duration> ofOrigin = blocked(origin.getFirst(), MOST_OF_ADDRESS, now)
                .or(() -> blocked(origin.getLast(), MOST_OF_NETWORK, now));
        if (ofOrigin.isPresent() || isKnown(name, origin)) {
            return ofOrigin;
        }
        return name.isEmpty() ? Optional.empty() : blocked(account(name), MOST_OF_ACCOUNT, now);
    }

    /**
     * As {@link #blocked}; if a password is looked at, {@link #end} follows. Of an account, so many are looked at together as may still
     * be wrong until none is: further ones wait for them, or many who ask at once would have more guesses than one after another.
     *
     * @throws InterruptedException if the wait was
     */
    synchronized Optional<Duration> begin(LoginAttempt attempt, String name, Deadline deadline)
            throws InterruptedException {
        String key = account(name);
        boolean known = isKnown(name, origin(attempt.client()));
        while (true) {
            Optional<Duration> blocked = blocked(attempt, name);
            if (blocked.isPresent()) {
                return blocked;
            }
            FailureCount count = failures.get(key);
            int failed = count == null ? 0 : count.at(clock.getAsLong());
            int looking = underWay.getOrDefault(key, 0);
            if (known || name.isEmpty() || failed + looking < MOST_OF_ACCOUNT) {
                underWay.merge(key, 1, Integer::sum);
                return Optional.empty();
            }
            if (deadline.over()) {
                return Optional.of(WAITED_ENOUGH);
            }
            wait(deadline.most(WAITED_ENOUGH).toMillis() + 1);
        }
    }

    /** What came of it has been noted. */
    synchronized void end(String name) {
        underWay.computeIfPresent(account(name), (_, now) -> now == 1 ? null : now - 1);
        notifyAll();
    }

    private Optional<Duration> blocked(String key, int most, long now) {
        FailureCount count = failures.get(key);
        return count == null || count.at(now) < most ? Optional.empty() : Optional.of(count.left(now));
    }

    private boolean isKnown(String name, List<String> origin) {
        KnownNetworks networks = known.get(account(name));
        return networks != null && networks.has(origin.getLast());
    }

    /** Takes note of a wrong password. @return how long the answer waits */
    synchronized Duration failed(LoginAttempt attempt, String name) {
        long now = clock.getAsLong();
        List<String> origin = origin(attempt.client());
        int most = Math.max(add(origin.getFirst(), now), name.isEmpty() ? 0 : add(account(name), now));
        add(origin.getLast(), now);
        int all = inAll.add(now);
        Duration pause = pause(most);
        return all > MANY_IN_ALL && !isKnown(name, origin) ? LONGEST_PAUSE : pause;
    }

    private int add(String key, long now) {
        return failures.computeIfAbsent(key, _ -> new FailureCount()).add(now);
    }

    /** @param count of wrong passwords, this one included */
    static Duration pause(int count) {
        int doublings = Math.clamp(count - WITHOUT_GROWTH, 0, 10);
        Duration pause = FIRST_PAUSE.multipliedBy(1L << doublings);
        return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }

    /** Takes note of a right password. */
    synchronized void succeeded(LoginAttempt attempt, String name) {
        failures.remove(account(name));
        remember(name, attempt.client());
    }

    /** Somebody has logged in from there. */
    synchronized void remember(String name, String client) {
        known.computeIfAbsent(account(name), _ -> new KnownNetworks()).add(network(client));
    }

    /** What counts as one network (IPv4 /24, IPv6 /48). */
    static String network(String client) {
        return origin(client).getLast();
    }

    /** How long no password of an account is looked at, from networks that have not logged in; zero if one is. */
    synchronized Duration blocked(String name) {
        return blocked(account(name), MOST_OF_ACCOUNT, clock.getAsLong()).orElse(Duration.ZERO);
    }

    /** All names, addresses and networks of which no password is looked at, those with the longest time left first. */
    synchronized List<BlockedOrigin> blocked(int most) {
        long now = clock.getAsLong();
        var blocked = new ArrayList<BlockedOrigin>();
        failures.forEach((key, count) -> {
            if (count.at(now) >= mostOf(key)) {
                blocked.add(new BlockedOrigin(text(key), count.left(now)));
            }
        });
        blocked.sort(Comparator.comparing(BlockedOrigin::left).reversed());
        return blocked.stream().limit(most).toList();
    }

    private static int mostOf(String key) {
        if (key.startsWith(ACCOUNT)) {
            return MOST_OF_ACCOUNT;
        }
        return key.startsWith(ADDRESS) ? MOST_OF_ADDRESS : MOST_OF_NETWORK;
    }

    /** A key as an administrator writes it. */
    private static String text(String key) {
        String what = key.substring(key.indexOf(' ') + 1);
        if (key.startsWith(ACCOUNT) || what.equals(UNKNOWN)) {
            return what;
        }
        byte[] octets = HexFormat.of().parseHex(what);
        boolean six = octets.length > 4;
        int bits = octets.length * Byte.SIZE;
        try {
            String address = InetAddress.getByAddress(Arrays.copyOf(octets, six ? 16 : 4))
                    .getHostAddress();
            return bits == 32 ? address : address + "/" + bits;
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // the length is right
        }
    }

    /** Forgets the wrong passwords of a name, or of an address with its network. @return whether there were any */
    synchronized boolean lift(String name) {
        boolean any = failures.remove(account(name)) != null;
        int slash = name.indexOf('/'); // as blocked(int) writes it
        List<String> origin = origin(slash < 0 ? name : name.substring(0, slash));
        if (!origin.getFirst().equals(ADDRESS + UNKNOWN)) {
            any |= failures.remove(origin.getFirst()) != null;
            any |= failures.remove(origin.getLast()) != null;
        }
        return any;
    }

    private static String account(String name) {
        String key = Octets.lowerCase(name);
        return ACCOUNT + (key.length() <= LONGEST_KEY ? key : digest(key));
    }

    /** Stands for a long name: whoever invents names takes no more memory with long ones. */
    private static String digest(String name) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Octets.bytes(name)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** What counts as one address (IPv4, or the /64 of IPv6), and its network (/24, /48). */
    private static List<String> origin(String client) {
        try {
            InetAddress address = InetAddress.ofLiteral(client);
            byte[] octets = address.getAddress();
            boolean six = address instanceof Inet6Address;
            return List.of(ADDRESS + hex(octets, six ? 8 : 4), NETWORK + hex(octets, six ? 6 : 3));
        } catch (IllegalArgumentException e) {
            return List.of(ADDRESS + UNKNOWN, NETWORK + UNKNOWN);
        }
    }

    private static String hex(byte[] octets, int most) {
        return HexFormat.of().formatHex(Arrays.copyOf(octets, most));
    }
}

package carteiro.protocol;

import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/**
 * Domains of which lookup has said, a moment ago, that all of their addresses go to another host: of these it is not asked again
 * for that moment, since over a socket a question costs more than all else that such a recipient needs.
 *
 * <p>An answer is as old as lookup's socket: it holds for a second at most, and no longer than the socket is there and has the time
 * that it had when the question was put. lookup gives its sockets another time when it has read something anew, before it says so, and
 * takes them away when it is stopped. Safe for any number of threads.
 */
public final class ForeignDomains {
    /** How long an answer holds: so long at most a killed lookup is not missed. */
    static final Duration LIFE = Duration.ofSeconds(1);

    /** The most domains. */
    private static final int MOST = 10_000;

    /** The most octets of one: no domain of the DNS is longer (RFC 1035 section 3.1), but strangers may write such. */
    static final int LONGEST = 255;

    private final ConcurrentMap<String, Remembered> remembered = new ConcurrentHashMap<>();
    private final Path socket;
    private final LongSupplier clock;

    /**
     * When a question is put.
     *
     * @param now nanoseconds
     * @param socket of lookup's socket; empty if it cannot be seen: then nothing is remembered
     */
    record Asked(long now, Optional<SocketState> socket) {}

    /** Which socket it is. */
    record SocketState(Optional<Object> file, FileTime time) {}

    private record Remembered(long end, SocketState socket) {}

    ForeignDomains(Path socket) {
        this(socket, System::nanoTime);
    }

    /** @param clock nanoseconds, as {@link System#nanoTime} gives them */
    ForeignDomains(Path socket, LongSupplier clock) {
        this.socket = socket;
        this.clock = clock;
    }

    /** A question that is put now. */
    Asked asking() {
        return new Asked(clock.getAsLong(), state());
    }

    private Optional<SocketState> state() {
        try {
            BasicFileAttributes status =
                    Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new SocketState(Optional.ofNullable(status.fileKey()), status.lastModifiedTime()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whether the recipient's domain is one of them. */
    boolean holds(Address recipient) {
        Remembered known = recipient.hasDomain() ? remembered.get(key(recipient)) : null;
        return known != null
                && clock.getAsLong() - known.end < 0
                && state().filter(known.socket::equals).isPresent();
    }

    /** Notes the recipient's domain. */
    void add(Address recipient, Asked asked) {
        if (recipient.domain().length() > LONGEST) {
            return;
        }
        if (remembered.size() >= MOST) {
            remembered.clear();
        }
        asked.socket()
                .ifPresent(
                        state -> remembered.put(key(recipient), new Remembered(asked.now() + LIFE.toNanos(), state)));
    }

    int size() {
        return remembered.size();
    }

    private static String key(Address recipient) {
        return Octets.lowerCase(recipient.domain());
    }

    /**
     * For lookup: what it knows of domains has changed, and whoever remembers an answer asks again.
     *
     * @throws IOException if they cannot be told; then they ask again after a second
     */
    public static void forget(Installation installation) throws IOException {
        for (Endpoint endpoint : List.of(Endpoint.LOOKUP, Endpoint.ROUTING)) {
            Path socket = endpoint.socket(installation.run());
            try {
                BasicFileAttributeView view = Files.getFileAttributeView(
                        socket, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS); // no file that a link names
                Instant before = view.readAttributes().lastModifiedTime().toInstant();
                Instant now = Instant.now();
                view.setTimes(FileTime.from(now.equals(before) ? now.plusNanos(1_000) : now), null, null);
            } catch (NoSuchFileException e) {
                // nobody can ask there
            }
        }
    }
}

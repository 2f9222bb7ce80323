package carteiro.tokens;

import carteiro.log.EventLog;
import java.io.IOException;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The identity provider's keys, as its URL gives them (RFC 7517 section 5), remembered. Safe for any number of threads.
 *
 * <table>
 * <caption>When they are read</caption>
 * <tr><th>the keys are</th><th>then</th></tr>
 * <tr><td>none yet, or older than {@link #LIFE}</td><td>they are read before a token is looked at</td></tr>
 * <tr><td>younger, and a token names none of them</td><td>they are read anew, once in {@link #PAUSE} at most</td></tr>
 * <tr><td>not to be had</td><td>those that are there count up to {@link #HELD}, and the next try is after {@link #PAUSE}</td></tr>
 * </table>
 */
final class ProviderKeys {
    /** After this, keys are read again. */
    static final Duration LIFE = Duration.ofHours(1);

    /** So long they count if they cannot be. */
    static final Duration HELD = Duration.ofHours(24);

    /** From one reading to the next, whatever tokens name and whatever came of it. */
    static final Duration PAUSE = Duration.ofMinutes(1);

    private static final int MOST_OCTETS = 256 * 1024;
    private static final int MOST_KEYS = 100;

    /** A token that names no key is tried with so many. */
    private static final int MOST_TRIED = 8;

    private final URI url;
    private final ProviderClient client;
    private final EventLog log;
    private final LongSupplier clock;
    private List<SignatureKey> keys = List.of(); // guarded by this, as is the rest
    private long readAt;
    private long triedAt;
    private String trouble = "it has not been asked yet";
    private @Nullable FutureTask<List<SignatureKey>> reading;

    /** @param clock in nanoseconds, as {@link System#nanoTime} */
    ProviderKeys(URI url, ProviderClient client, EventLog log, LongSupplier clock) {
        this.url = url;
        this.client = client;
        this.log = log;
        this.clock = clock;
        this.triedAt = clock.getAsLong() - PAUSE.toNanos();
    }

    /**
     * Those that a token may be signed with.
     *
     * @param id which one it names; empty if none
     * @throws IOException if that cannot be told now
     */
    List<SignatureKey> of(String id, String algorithm) throws IOException {
        List<SignatureKey> found = matching(known(), id, algorithm);
        if (!found.isEmpty()) {
            return found;
        }
        if (mayRead()) {
            return matching(read(), id, algorithm);
        }
        synchronized (this) {
            if (!trouble.isEmpty()) {
                throw new IOException(trouble);
            }
        }
        return found;
    }

    private static List<SignatureKey> matching(List<SignatureKey> of, String id, String algorithm) {
        return of.stream()
                .filter(key -> key.isFor(algorithm) && (id.isEmpty() || key.id().equals(id)))
                .limit(MOST_TRIED)
                .toList();
    }

    private List<SignatureKey> known() throws IOException {
        synchronized (this) {
            if (!keys.isEmpty() && age() < LIFE.toNanos()) {
                return keys;
            }
        }
        if (mayRead()) {
            try {
                return read();
            } catch (IOException e) {
                // those that are there may do; trouble has the reason
            }
        }
        synchronized (this) {
            if (!keys.isEmpty() && age() < HELD.toNanos()) {
                return keys;
            }
            throw new IOException(trouble);
        }
    }

    private long age() {
        return clock.getAsLong() - readAt;
    }

    private synchronized boolean mayRead() {
        return reading != null || clock.getAsLong() - triedAt >= PAUSE.toNanos();
    }

    /** One reads, and all who want to meanwhile wait for it. */
    private List<SignatureKey> read() throws IOException {
        FutureTask<List<SignatureKey>> task;
        boolean ours = false;
        synchronized (this) {
            if (reading == null) {
                reading = new FutureTask<>(this::readNow);
                ours = true;
            }
            task = reading;
        }
        if (ours) {
            task.run(); // ends: the client's answer is bounded in time
        }
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause() instanceof IOException cause ? cause.getMessage() : e.toString(), e);
        }
    }

    private List<SignatureKey> readNow() throws IOException {
        String failed = "a mistake in tokens itself; see its log";
        List<SignatureKey> read = List.of();
        try {
            read = parse(client.get(url, MOST_OCTETS));
            failed = "";
            return read;
        } catch (IOException e) {
            failed = "the keys cannot be read: " + e.getMessage();
            throw new IOException(failed, e);
        } catch (RuntimeException e) {
            log.bug(TokensProgram.NAME, e);
            throw new IOException(failed, e);
        } finally {
            noteEnd(read, failed);
            log.log(
                    failed.isEmpty()
                            ? new TokensEvent.TokenKeysRead(url.toString(), read.size())
                            : new TokensEvent.ProviderTrouble(url.toString(), failed));
        }
    }

    private synchronized void noteEnd(List<SignatureKey> read, String failed) {
        triedAt = clock.getAsLong();
        trouble = failed;
        reading = null;
        if (failed.isEmpty()) {
            keys = read;
            readAt = triedAt;
        }
    }

    private static List<SignatureKey> parse(byte[] set) throws IOException {
        try {
            var keys = new ArrayList<SignatureKey>();
            if (JsonText.object(set).get("keys") instanceof List<?> listed) {
                for (Object each : listed.subList(0, Math.min(listed.size(), MOST_KEYS))) {
                    Optional<SignatureKey> key =
                            each instanceof Map<?, ?> map ? SignatureKey.of(map) : Optional.empty();
                    key.ifPresent(keys::add);
                }
            }
            if (keys.isEmpty()) {
                throw new IOException("its answer has no key for signatures that can be used");
            }
            return List.copyOf(keys);
        } catch (ParseException e) {
            throw new IOException("its answer is no set of keys", e);
        }
    }

    /** How many keys there are. */
    synchronized int count() {
        return keys.size();
    }
}

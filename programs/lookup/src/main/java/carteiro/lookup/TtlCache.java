package carteiro.lookup;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Remembers answers for a short time, and not more than a number of them nor more than so many octets: the one not asked
 * for longest is forgotten first. Safe for any number of threads; no lock is held while an answer is found out.
 */
final class TtlCache<V> {
    private static final int PARTS = 16;

    /** No value may have more than this share of a part: one large value must not drive out all the others. */
    private static final int SHARE = 4;

    /** What an entry costs beside the octets of its key and value: nodes, headers, references. */
    private static final int OVERHEAD = 200;

    private final LongSupplier nanoseconds;
    private final ToLongFunction<V> octetsOf;
    private final CacheShard<V>[] parts;

    private record CacheEntry<V>(V value, long until, long octets) {}

    private static final class CacheShard<V> {
        private final Map<String, CacheEntry<V>> kept = new LinkedHashMap<>(16, 0.75f, true);
        private long octets;

        @Nullable
        CacheEntry<V> forget(String key) {
            CacheEntry<V> forgotten = kept.remove(key);
            if (forgotten != null) {
                octets -= forgotten.octets;
            }
            return forgotten;
        }
    }

    private final int mostInOne;
    private final long mostOctetsInOne;

    /**
     * @param most entries in all, at least 16
     * @param mostOctets octets of memory in all, keys included; a value of over a 64th of them is not remembered
     * @param octetsOf about how many octets of memory a value has
     * @param nanoseconds a clock such as {@link System#nanoTime}
     */
    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic class
    TtlCache(int most, long mostOctets, ToLongFunction<V> octetsOf, LongSupplier nanoseconds) {
        this.nanoseconds = nanoseconds;
        this.octetsOf = octetsOf;
        this.mostInOne = Math.max(1, most / PARTS);
        this.mostOctetsInOne = mostOctets / PARTS;
        this.parts = new CacheShard[PARTS];
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new CacheShard<>();
        }
    }

    /** What was remembered and is not too old; else null. */
    @Nullable
    V get(String key) {
        CacheShard<V> part = part(key);
        synchronized (part) {
            CacheEntry<V> kept = part.kept.get(key);
            if (kept == null) {
                return null;
            }
            if (nanoseconds.getAsLong() - kept.until >= 0) {
                part.forget(key);
                return null;
            }
            return kept.value;
        }
    }

    /** The same, and forgets it. */
    @Nullable
    V take(String key) {
        CacheShard<V> part = part(key);
        synchronized (part) {
            CacheEntry<V> kept = part.forget(key);
            return kept == null || nanoseconds.getAsLong() - kept.until >= 0 ? null : kept.value;
        }
    }

    /** Remembers; not at all if {@code time} is zero or the value too large. */
    void keep(String key, V value, Duration time) {
        if (time.isZero()) {
            return;
        }
        long octets = OVERHEAD + key.length() + octetsOf.applyAsLong(value);
        CacheShard<V> part = part(key);
        synchronized (part) {
            part.forget(key);
            if (octets > mostOctetsInOne / SHARE) {
                return;
            }
            part.kept.put(key, new CacheEntry<>(value, nanoseconds.getAsLong() + time.toNanos(), octets));
            part.octets += octets;
            while (part.kept.size() > mostInOne || part.octets > mostOctetsInOne) {
                part.forget(part.kept.keySet().iterator().next());
            }
        }
    }

    /** About how many octets of memory all of it has. */
    long octets() {
        long octets = 0;
        for (CacheShard<V> part : parts) {
            synchronized (part) {
                octets += part.octets;
            }
        }
        return octets;
    }

    /** How many entries there are, the too old ones not yet forgotten included. */
    int size() {
        int size = 0;
        for (CacheShard<V> part : parts) {
            synchronized (part) {
                size += part.kept.size();
            }
        }
        return size;
    }

    private CacheShard<V> part(String key) {
        int hash = key.hashCode();
        return parts[(hash ^ hash >>> 16) & PARTS - 1];
    }
}

package carteiro.lookup;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers answers for a short time, and not more than a number of them: the one not asked for longest is forgotten
 * first. Safe for any number of threads; no lock is held while an answer is found out.
 */
final class BriefMemory<V> {
    private static final int PARTS = 16;

    private final LongSupplier nanoseconds;
    private final Part<V>[] parts;

    private record Kept<V>(V value, long until) {}

    private static final class Part<V> {
        private final Map<String, Kept<V>> kept = new LinkedHashMap<>(16, 0.75f, true);
    }

    private final int mostInOne;

    /**
     * @param most entries in all, at least 16
     * @param nanoseconds a clock such as {@link System#nanoTime}
     */
    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic class
    BriefMemory(int most, LongSupplier nanoseconds) {
        this.nanoseconds = nanoseconds;
        this.mostInOne = Math.max(1, most / PARTS);
        this.parts = new Part[PARTS];
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new Part<>();
        }
    }

    /** What was remembered and is not too old; else null. */
    @Nullable
    V recall(String key) {
        Part<V> part = part(key);
        synchronized (part) {
            Kept<V> kept = part.kept.get(key);
            if (kept == null) {
                return null;
            }
            if (nanoseconds.getAsLong() - kept.until >= 0) {
                part.kept.remove(key);
                return null;
            }
            return kept.value;
        }
    }

    /** Remembers; not at all if {@code time} is zero. */
    void keep(String key, V value, Duration time) {
        if (time.isZero()) {
            return;
        }
        Part<V> part = part(key);
        synchronized (part) {
            part.kept.put(key, new Kept<>(value, nanoseconds.getAsLong() + time.toNanos()));
            if (part.kept.size() > mostInOne) {
                var eldest = part.kept.entrySet().iterator();
                eldest.next();
                eldest.remove();
            }
        }
    }

    /** How many entries there are, the too old ones not yet forgotten included. */
    int size() {
        int size = 0;
        for (Part<V> part : parts) {
            synchronized (part) {
                size += part.kept.size();
            }
        }
        return size;
    }

    private Part<V> part(String key) {
        int hash = key.hashCode();
        return parts[(hash ^ hash >>> 16) & PARTS - 1];
    }
}

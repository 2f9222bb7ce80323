package carteiro.pop3;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Remembers how large messages are as they are sent, since to find that out each has to be read. Any number of threads. */
final class SentSizes {
    /** The most that are remembered: about 25 MB. */
    private static final int MOST = 200_000;

    private final Map<SizeKey, Long> known = new LinkedHashMap<>(16, 0.75f, true) { // guarded by itself
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<SizeKey, Long> eldest) {
                    return size() > MOST;
                }
            };

    /** A message of a user; its time and its size on disk change with it. */
    private record SizeKey(int uid, String name, long modified, long size) {}

    /** @param otherwise finds it out */
    long of(int uid, Pop3Message message, LongSupplier otherwise) {
        var key = new SizeKey(uid, message.unique(), message.modified(), message.size());
        synchronized (known) {
            Long size = known.get(key);
            if (size != null) {
                return size;
            }
        }
        long size = otherwise.getAsLong();
        synchronized (known) {
            known.put(key, size);
        }
        return size;
    }
}

package carteiro.queue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was said last of recipients that wait, for whoever looks. In memory alone, and bounded: of the messages that were not
 * deferred for the longest time it is forgotten first. Any thread.
 */
final class Reasons {
    /** What an entry takes besides its text, in octets. */
    private static final int ENTRY = 80;

    private final long most;
    private final LinkedHashMap<Long, TreeMap<Integer, String>> byMessage = new LinkedHashMap<>();
    private long octets;

    /** @param most octets */
    Reasons(long most) {
        this.most = most;
    }

    /** Keeps what was said of recipients. */
    synchronized void put(long message, List<Integer> recipients, String why) {
        if (why.isEmpty()) {
            return;
        }
        TreeMap<Integer, String> known = byMessage.remove(message);
        TreeMap<Integer, String> kept = known == null ? new TreeMap<>() : known;
        byMessage.put(message, kept); // the last to be forgotten
        for (int recipient : recipients) {
            String before = kept.put(recipient, why);
            octets += size(why) - (before == null ? 0 : size(before));
        }
        Iterator<Map.Entry<Long, TreeMap<Integer, String>>> eldest =
                byMessage.entrySet().iterator();
        while (octets > most && eldest.hasNext()) {
            eldest.next().getValue().values().forEach(text -> octets -= size(text));
            eldest.remove();
        }
    }

    private static int size(String why) {
        return ENTRY + why.length();
    }

    /** The message has ended. */
    synchronized void forget(long message) {
        TreeMap<Integer, String> known = byMessage.remove(message);
        if (known != null) {
            known.values().forEach(text -> octets -= size(text));
        }
    }

    /** What is known of so many recipients; empty where nothing is. */
    synchronized List<String> of(long message, int from, int count) {
        TreeMap<Integer, String> known = byMessage.getOrDefault(message, new TreeMap<>());
        var reasons = new ArrayList<String>(count);
        for (int i = from; i < from + count; i++) {
            reasons.add(known.getOrDefault(i, ""));
        }
        return reasons;
    }
}

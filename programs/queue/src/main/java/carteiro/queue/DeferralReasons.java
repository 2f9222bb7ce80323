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
final class DeferralReasons {
    /** What an entry takes besides its text, in octets. */
    private static final int ENTRY = 80;

    /** A message may have this part of all the memory: of one with very many recipients, only some are kept. */
    private static final int SHARE = 8;

    private final long most;
    private final LinkedHashMap<Long, MessageReasons> byMessage = new LinkedHashMap<>();
    private long octets;

    /** What is kept of one message. */
    private static final class MessageReasons {
        final TreeMap<Integer, String> byRecipient = new TreeMap<>();
        long octets;
    }

    /** @param most octets */
    DeferralReasons(long most) {
        this.most = most;
    }

    /** Keeps what was said of recipients. */
    synchronized void put(long message, List<Integer> recipients, String why) {
        if (why.isEmpty()) {
            return;
        }
        MessageReasons known = byMessage.remove(message);
        MessageReasons kept = known == null ? new MessageReasons() : known;
        byMessage.put(message, kept); // the last to be forgotten
        octets -= kept.octets;
        for (int recipient : recipients) {
            String before = kept.byRecipient.remove(recipient);
            kept.octets -= before == null ? 0 : size(before);
            if (kept.octets + size(why) <= most / SHARE) {
                kept.byRecipient.put(recipient, why);
                kept.octets += size(why);
            }
        }
        octets += kept.octets;
        Iterator<MessageReasons> eldest = byMessage.values().iterator();
        while (octets > most && eldest.hasNext()) {
            octets -= eldest.next().octets;
            eldest.remove();
        }
    }

    private static int size(String why) {
        return ENTRY + why.length();
    }

    /** The message has ended. */
    synchronized void forget(long message) {
        MessageReasons known = byMessage.remove(message);
        octets -= known == null ? 0 : known.octets;
    }

    /** What is known of so many recipients; empty where nothing is. */
    synchronized List<String> of(long message, int from, int count) {
        Map<Integer, String> known = byMessage.getOrDefault(message, new MessageReasons()).byRecipient;
        var reasons = new ArrayList<String>(count);
        for (int i = from; i < from + count; i++) {
            reasons.add(known.getOrDefault(i, ""));
        }
        return reasons;
    }
}

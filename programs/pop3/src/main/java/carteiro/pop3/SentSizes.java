package carteiro.pop3;

import carteiro.mail.SentSize;
import carteiro.posix.UntrustedFile;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How large messages are as they are sent, which only reading them tells: what was found out is remembered. Any number of threads. */
final class SentSizes {
    /** The size as it is sent stands in the names that Carteiro, Dovecot and others give (Maildir++). */
    private static final Pattern NAMED = Pattern.compile(",W=([0-9]{1,15})(?=[,:]|$)");

    /** Octets of memory that are remembered in; about 150,000 messages. */
    private static final long MOST = 32L << 20;

    /** What one takes of it, beside its name. */
    private static final int EACH = 160;

    private static final int BLOCK = 32 * 1024;

    private final long most;
    private final Map<SizeKey, Long> known = new LinkedHashMap<>(16, 0.75f, true); // guarded by itself, as is the next
    private long taken;

    SentSizes() {
        this(MOST);
    }

    /** @param most octets of memory */
    SentSizes(long most) {
        this.most = most;
    }

    /** A message of a user; its time and its size on disk change with it. */
    private record SizeKey(int uid, String name, long modified, long size) {
        long octets() {
            return (long) EACH + name.length();
        }
    }

    private static SizeKey key(int uid, Pop3Message message) {
        return new SizeKey(uid, message.unique(), message.modified(), message.size());
    }

    /** What is known of a message of that user: from its name, or since it was counted once. */
    OptionalLong of(int uid, Pop3Message message) {
        Matcher named = NAMED.matcher(message.name().toString());
        if (named.find()) {
            return OptionalLong.of(Long.parseLong(named.group(1)));
        }
        synchronized (known) {
            Long size = known.get(key(uid, message));
            return size == null ? OptionalLong.empty() : OptionalLong.of(size);
        }
    }

    /** Remembers it, and forgets what was not asked for the longest. */
    void remember(int uid, Pop3Message message, long octets) {
        SizeKey key = key(uid, message);
        synchronized (known) {
            if (known.put(key, octets) == null) {
                taken += key.octets();
            }
            for (Iterator<SizeKey> eldest = known.keySet().iterator(); taken > most; ) {
                taken -= eldest.next().octets();
                eldest.remove();
            }
        }
    }

    /** Counts what a client gets: each line ends in CR LF, the last one, too. */
    static long counted(UntrustedFile message) throws IOException {
        var size = new SentSize();
        long left = message.status().size();
        while (left > 0) {
            byte[] block = message.read((int) Math.min(left, BLOCK));
            if (block.length == 0) {
                break;
            }
            size.add(block, 0, block.length);
            left -= block.length;
        }
        return size.octetsOfLines();
    }
}

package carteiro.dns;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.xbill.DNS.Cache;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.SetResponse;

/**
 * What the DNS has answered, bounded in octets too: the owner of a zone decides how large its answers are. Once so many have been
 * added, all is forgotten and the count begins anew, so that what is there is never more. Any thread.
 */
final class BoundedCache extends Cache {
    /** About what a record, a set and its place in the tables have in memory besides their octets. */
    private static final int OVERHEAD = 400;

    private final long most;
    private final AtomicLong added = new AtomicLong();

    /**
     * An empty one.
     *
     * @param most octets of memory
     */
    BoundedCache(long most) {
        super(DClass.IN);
        this.most = most;
    }

    @Override
    public SetResponse addMessage(Message answer) {
        long octets = octets(answer);
        if (added.addAndGet(octets) > most) {
            clearCache();
            added.set(octets);
        }
        return super.addMessage(answer);
    }

    /** About how many octets of memory an answer has. */
    static long octets(Message answer) {
        long octets = OVERHEAD;
        for (int section : List.of(Section.ANSWER, Section.AUTHORITY)) {
            for (Record record : answer.getSection(section)) {
                octets += OVERHEAD + 2L * record.getName().length() + 2L * record.rdataToWireCanonical().length;
            }
        }
        return octets;
    }
}

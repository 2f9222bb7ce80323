package carteiro.dns;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.Section;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.Type;

/**
 * Cuts each answer to what is of use before anything else looks at it: whoever owns a zone decides how many records an answer
 * has, up to some 4,000, and what comes after (sets, the cache, we) is not made for so many. Any thread.
 */
final class BoundedResolver implements Resolver {
    /** The most exchangers of one domain; the others are the least preferred. */
    static final int MOST_EXCHANGERS = 100;

    /** The most addresses of one host, of each kind. */
    static final int MOST_ADDRESSES = 32;

    /** The most names that lead to one another within one answer. */
    static final int MOST_ALIASES = 9;

    /** What says why there is nothing, and how long that is true. */
    private static final int MOST_AUTHORITIES = 4;

    private final Resolver resolver;

    BoundedResolver(Resolver resolver) {
        this.resolver = resolver;
    }

    private enum RecordCategory {
        EXCHANGER(MOST_EXCHANGERS),
        IPV4(MOST_ADDRESSES),
        IPV6(MOST_ADDRESSES),
        ALIAS(MOST_ALIASES),
        AUTHORITY(MOST_AUTHORITIES),
        OTHER(0);

        private final int most;

        RecordCategory(int most) {
            this.most = most;
        }

        static RecordCategory of(Record record) {
            return switch (record.getType()) {
                case Type.MX -> EXCHANGER;
                case Type.A -> IPV4;
                case Type.AAAA -> IPV6;
                case Type.CNAME, Type.DNAME -> ALIAS;
                case Type.SOA -> AUTHORITY;
                default -> OTHER;
            };
        }
    }

    @Override
    public CompletionStage<Message> sendAsync(Message query) {
        return resolver.sendAsync(query).thenApply(BoundedResolver::bounded);
    }

    @Override
    public CompletionStage<Message> sendAsync(Message query, Executor executor) {
        return resolver.sendAsync(query, executor).thenApply(BoundedResolver::bounded);
    }

    /** The answer with no more records of a kind than we make use of, and none of a kind that we make no use of. */
    static Message bounded(Message answer) {
        keep(answer, Section.ANSWER);
        keep(answer, Section.AUTHORITY);
        answer.removeAllRecords(Section.ADDITIONAL);
        return answer;
    }

    private static void keep(Message answer, int section) {
        Map<RecordCategory, List<Record>> kept = new EnumMap<>(RecordCategory.class);
        for (Record record : answer.getSection(section)) {
            RecordCategory kind = RecordCategory.of(record);
            List<Record> same = kept.computeIfAbsent(kind, _ -> new ArrayList<>());
            if (same.size() < kind.most || kind == RecordCategory.EXCHANGER) {
                same.add(record);
            }
        }
        List<Record> exchangers = kept.getOrDefault(RecordCategory.EXCHANGER, List.of());
        if (exchangers.size() > MOST_EXCHANGERS) {
            exchangers.sort(Comparator.comparingInt(record -> ((MXRecord) record).getPriority()));
            exchangers.subList(MOST_EXCHANGERS, exchangers.size()).clear();
        }
        answer.removeAllRecords(section);
        for (RecordCategory kind : List.of(
                RecordCategory.ALIAS,
                RecordCategory.EXCHANGER,
                RecordCategory.IPV4,
                RecordCategory.IPV6,
                RecordCategory.AUTHORITY)) {
            kept.getOrDefault(kind, List.of()).forEach(record -> answer.addRecord(record, section));
        }
    }

    @Override
    public void setPort(int port) {
        resolver.setPort(port);
    }

    @Override
    public void setTCP(boolean always) {
        resolver.setTCP(always);
    }

    @Override
    public void setIgnoreTruncation(boolean ignored) {
        resolver.setIgnoreTruncation(ignored);
    }

    @Override
    public void setEDNS(int version, int payloadSize, int flags, List<EDNSOption> options) {
        resolver.setEDNS(version, payloadSize, flags, options);
    }

    @Override
    public void setTSIGKey(TSIG key) {
        resolver.setTSIGKey(key);
    }

    @Override
    public void setTimeout(Duration limit) {
        resolver.setTimeout(limit);
    }

    @Override
    public Duration getTimeout() {
        return resolver.getTimeout();
    }
}

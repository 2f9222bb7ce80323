package carteiro.queue;

import carteiro.protocol.Inspection;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.segments.Index;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.LargeFiles;
import carteiro.segments.Segments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Shows the queue to tools. The numbers of all messages are taken once for a listing, not once a page. */
final class QueueInspection implements Inspection {
    private static final long FRESH = TimeUnit.SECONDS.toNanos(60);
    private static final long MOST_OCTETS =
            1 << 20; // of the records behind a page, which becomes five times as long at most

    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final MessageReader reader;
    private final DeferralReasons reasons;
    private long[] numbers = {}; // guarded by this
    private long takenAt; // guarded by this

    QueueInspection(Index index, Segments segments, LargeFiles files, MessageReader reader, DeferralReasons reasons) {
        this.reasons = reasons;
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.reader = reader;
    }

    @Override
    public QueueCounts counts() {
        Index.IndexCounts counts = index.counts();
        return new QueueCounts(
                counts.messages(),
                counts.messages() - counts.presented(),
                counts.recipients(),
                counts.octets(),
                segments.count(),
                segments.octets() + files.octets());
    }

    @Override
    public List<WaitingMessage> page(long after, int most) {
        long[] all = numbers(after);
        int at = Arrays.binarySearch(all, after + 1);
        at = at < 0 ? -at - 1 : at;
        var page = new ArrayList<WaitingMessage>();
        long octets = 0;
        int wanted = Math.clamp(most, 1, PAGE_LIMIT);
        while (page.size() < wanted && octets < MOST_OCTETS && at < all.length) {
            IndexEntry entry = index.brief(all[at++]);
            WaitingMessage waiting = entry == null ? null : read(entry.message());
            if (entry != null && waiting != null) {
                page.add(waiting);
                octets += entry.length();
            }
        }
        if (at == all.length) {
            forget();
        }
        return List.copyOf(page);
    }

    private @Nullable WaitingMessage read(long message) {
        try {
            return reader.waiting(message);
        } catch (IOException e) {
            return null; // the others are shown
        }
    }

    @Override
    public Waiting.Page recipients(long message, int from) throws IOException {
        return reader.recipients(message, from);
    }

    @Override
    public List<String> reasons(long message, int from, int count) {
        return reasons.of(message, from, count);
    }

    private synchronized long[] numbers(long after) {
        if (after == 0 || numbers.length == 0 || System.nanoTime() - takenAt > FRESH) {
            numbers = index.numbers();
            takenAt = System.nanoTime();
        }
        return numbers;
    }

    private synchronized void forget() {
        numbers = new long[0];
    }
}

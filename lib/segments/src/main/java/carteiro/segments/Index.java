package carteiro.segments;

import carteiro.mail.Address;
import carteiro.mail.Attributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What waits, in memory: about 50 octets a message, a little more when its recipients differ. Addresses are not here;
 * they are read again from the segments. Owner of the state of every message; any thread, no I/O under its lock.
 *
 * <p>Entries stand in chunks of parallel arrays, found by number through open addressing.
 */
public final class Index {
    /** The greatest message, in octets: 40 bits. */
    public static final long LARGEST = (1L << 40) - 1;

    /** State of a recipient never tried. Any other number but the next two is a due time, in seconds since 1970. */
    public static final int UNTRIED = 0;

    /** State of a recipient that is delivered. */
    public static final int DONE = -1;

    /** State of a recipient that failed and waits for the bounce. */
    public static final int BOUNCE = -2;

    private static final int CHUNK_BITS = 12;
    private static final int CHUNK = 1 << CHUNK_BITS;
    private static final int RECIPIENTS = (1 << 17) - 1; // holds Envelope.MOST_RECIPIENTS
    private static final int PRESENTED = 1 << 20;
    private static final int IN_FILE = 1 << 21;
    private static final int SMALLEST_TABLE = 1024;

    /** What a message of several recipients takes besides, or one whose only recipient has failed, in octets. */
    private static final int DETAIL = 56;

    /** Up to so many recipients, send may keep so many octets of addresses of a message. */
    private static final int FEW = 8;

    private static final int FEW_OCTETS = 512;

    private final Segments segments;
    private @Nullable Chunk[] chunks = new Chunk[4];
    private int chunkCount;
    private int roomFrom; // no chunk before this one has room
    private int[] table = new int[SMALLEST_TABLE]; // slot + 1; 0 is empty
    private final Map<Long, Long> files = new HashMap<>();
    private int messages;
    private int presented;
    private long recipientsOpen;
    private long octetsInAll;
    private long recipientsOfMany;
    private long many;
    private long failuresOfOne;
    private long told;

    /**
     * A time as the state of a recipient that is due then: rounded up, and never one of the special states.
     *
     * @param milliseconds since 1970
     */
    public static int seconds(long milliseconds) {
        long seconds = Math.ceilDiv(Math.clamp(milliseconds, 1, 0xffff_fff0L * 1000), 1000);
        return (int) seconds;
    }

    /**
     * Nothing yet.
     *
     * @param segments told of each record that is needed, and of each that is needed no more
     */
    public Index(Segments segments) {
        this.segments = segments;
    }

    private static final class Chunk {
        final long[] message = new long[CHUNK];
        final int[] segment = new int[CHUNK];
        final int[] offset = new int[CHUNK]; // of a free slot: the next free one
        final long[] size = new long[CHUNK]; // octets, 40 bits; length of the record in units of 8, 24 bits
        final long[] birth = new long[CHUNK];
        final int[] state = new int[CHUNK]; // of all recipients, unless the detail has states
        final int[] flags = new int[CHUNK];
        final @Nullable Detail[] detail = new Detail[CHUNK];
        int used;
        int free;

        Chunk() {
            for (int i = 0; i < CHUNK; i++) {
                offset[i] = i + 1;
            }
        }
    }

    /** What most messages do not have: recipients that differ, failures. */
    private static final class Detail {
        private static final int INTS = 4;

        int @Nullable [] states;
        private int[] failures = {}; // recipient, segment, offset, length
        private boolean unsorted;
        int failed;

        FailedAt failure(int k) {
            int at = k * INTS;
            return new FailedAt(
                    failures[at], new SegmentPosition(failures[at + 1], failures[at + 2]), failures[at + 3]);
        }

        int recipient(int k) {
            return failures[k * INTS];
        }

        void set(int k, FailedAt failure) {
            int at = k * INTS;
            failures[at] = failure.recipient();
            failures[at + 1] = failure.place().segment();
            failures[at + 2] = failure.place().offset();
            failures[at + 3] = failure.length();
        }

        void add(FailedAt failure) {
            if (failed * INTS == failures.length) {
                failures = Arrays.copyOf(failures, (failed + (failed >> 1) + 1) * INTS);
            }
            unsorted |= failed > 0 && failure.recipient() < recipient(failed - 1);
            set(failed++, failure);
        }

        /** The first whose recipient is behind that one; sorts them first if they came in another order. */
        int firstBehind(int recipient) {
            sort();
            int low = 0;
            for (int high = failed; low < high; ) {
                int middle = low + high >>> 1;
                if (recipient(middle) <= recipient) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        private void sort() {
            if (!unsorted) {
                return;
            }
            long[] order = new long[failed]; // recipient and where it is
            for (int k = 0; k < failed; k++) {
                order[k] = (long) recipient(k) << 32 | k;
            }
            Arrays.sort(order);
            int[] before = failures;
            failures = new int[before.length];
            for (int k = 0; k < failed; k++) {
                System.arraycopy(before, (int) order[k] * INTS, failures, k * INTS, INTS);
            }
            unsorted = false;
        }

        List<FailedAt> all() {
            var all = new ArrayList<FailedAt>(failed);
            for (int k = 0; k < failed; k++) {
                all.add(failure(k));
            }
            return all;
        }
    }

    /** Where the paragraph of a failed recipient stands. */
    public record FailedAt(int recipient, SegmentPosition place, int length) {}

    /**
     * A message.
     *
     * @param message its number
     * @param place where its accepted or moved record stands
     * @param length of that record
     * @param octets the message's size
     * @param birth milliseconds since 1970
     * @param recipients how many
     * @param file the number of its file in large/, or 0
     * @param states one for all, or one for each recipient
     * @param failures of the recipients in state BOUNCE
     */
    @SuppressWarnings("ArrayRecordComponent") // made for one reader, who does not compare
    public record IndexEntry(
            long message,
            SegmentPosition place,
            int length,
            long octets,
            long birth,
            int recipients,
            long file,
            int[] states,
            List<FailedAt> failures) {
        /** That of a recipient, counted from 0: {@link #UNTRIED}, {@link #DONE}, {@link #BOUNCE}, or when it is due. */
        public int state(int recipient) {
            return states.length == 1 ? states[0] : states[recipient];
        }
    }

    /**
     * How much there is.
     *
     * @param presented messages that send has been told of
     * @param recipients those neither delivered nor failed
     * @param octets of all messages together
     */
    public record IndexCounts(int messages, int presented, long recipients, long octets) {}

    /** How much there is now. */
    public synchronized IndexCounts counts() {
        return new IndexCounts(messages, presented, recipientsOpen, octetsInAll);
    }

    /** Adds a message, or if it is there, gives it its new place. */
    public synchronized void put(IndexEntry entry) {
        int slot = find(entry.message());
        if (slot >= 0) {
            move(entry.message(), entry.place(), entry.length());
            return;
        }
        slot = allocate();
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        chunk.message[i] = entry.message();
        chunk.segment[i] = entry.place().segment();
        chunk.offset[i] = entry.place().offset();
        chunk.size[i] = entry.octets() << 24 | entry.length() / Framing.ALIGNMENT;
        chunk.birth[i] = entry.birth();
        chunk.state[i] = entry.states()[0];
        chunk.flags[i] = entry.recipients() | (entry.file() != 0 ? IN_FILE : 0);
        chunk.detail[i] = null;
        if (entry.states().length > 1) {
            detail(chunk, i).states = entry.states().clone();
        }
        if (!entry.failures().isEmpty()) {
            entry.failures().forEach(detail(chunk, i)::add);
        }
        if (entry.file() != 0) {
            files.put(entry.message(), entry.file());
        }
        messages++;
        count(entry.recipients(), 1);
        failuresOfOne += entry.recipients() > 1 ? 0 : entry.failures().size();
        told += sendMemoryEstimate(chunk, i);
        octetsInAll += entry.octets();
        recipientsOpen += open(chunk, i);
        insert(slot, entry.message());
        segments.reference(entry.place().segment(), entry.length());
        for (FailedAt failure : entry.failures()) {
            segments.reference(failure.place().segment(), failure.length());
        }
    }

    /** Gives a message its new place; false if it has ended. */
    public synchronized boolean move(long message, SegmentPosition place, int length) {
        int slot = find(message);
        if (slot < 0) {
            return false;
        }
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        segments.reference(place.segment(), length);
        segments.release(chunk.segment[i], recordLength(chunk, i));
        told -= sendMemoryEstimate(chunk, i);
        chunk.segment[i] = place.segment();
        chunk.offset[i] = place.offset();
        chunk.size[i] = chunk.size[i] >>> 24 << 24 | length / Framing.ALIGNMENT;
        told += sendMemoryEstimate(chunk, i);
        return true;
    }

    /** Marks a recipient as delivered; false if there is no such message or recipient. */
    public synchronized boolean done(long message, int recipient) {
        return set(message, recipient, DONE);
    }

    /** Marks a recipient as failed; false if there is no such message or recipient. */
    public synchronized boolean failed(long message, int recipient, SegmentPosition place, int length) {
        boolean before = find(message) >= 0 && !isOpen(state(message, recipient)); // else there is no failure of it
        if (!set(message, recipient, BOUNCE)) {
            return false;
        }
        int slot = find(message);
        Detail detail = detail(chunk(slot), slot & (CHUNK - 1));
        segments.reference(place.segment(), length);
        var failure = new FailedAt(recipient, place, length);
        for (int k = 0; before && k < detail.failed; k++) {
            if (detail.recipient(k) == recipient) {
                FailedAt old = detail.failure(k);
                segments.release(old.place().segment(), old.length());
                detail.set(k, failure);
                return true;
            }
        }
        detail.add(failure);
        failuresOfOne += (chunk(slot).flags[slot & (CHUNK - 1)] & RECIPIENTS) > 1 ? 0 : 1;
        return true;
    }

    /**
     * Sets when recipients are to be tried again; those that are delivered or failed stay so.
     *
     * @param due seconds since 1970, rounded up
     * @return false if there is no such message
     */
    public synchronized boolean deferred(long message, List<Integer> recipients, int due) {
        int slot = find(message);
        if (slot < 0) {
            return false;
        }
        for (int recipient : recipients) {
            int state = state(message, recipient);
            if (state != DONE && state != BOUNCE) {
                set(message, recipient, due);
            }
        }
        return true;
    }

    /** What was removed. */
    public record RemovedMessage(long file) {}

    /** Removes a message; null if there is none. */
    public synchronized @Nullable RemovedMessage ended(long message) {
        int slot = find(message);
        if (slot < 0) {
            return null;
        }
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        messages--;
        int recipients = chunk.flags[i] & RECIPIENTS;
        count(recipients, -1);
        told -= sendMemoryEstimate(chunk, i);
        octetsInAll -= chunk.size[i] >>> 24;
        recipientsOpen -= open(chunk, i);
        if ((chunk.flags[i] & PRESENTED) != 0) {
            presented--;
        }
        segments.release(chunk.segment[i], recordLength(chunk, i));
        Detail detail = chunk.detail[i];
        if (detail != null) {
            for (FailedAt failure : detail.all()) {
                segments.release(failure.place().segment(), failure.length());
            }
            failuresOfOne -= recipients > 1 ? 0 : detail.failed;
        }
        Long file = (chunk.flags[i] & IN_FILE) != 0 ? files.remove(message) : null;
        remove(message);
        free(slot);
        return new RemovedMessage(file == null ? 0 : file);
    }

    /** The message of that number, or null. */
    public synchronized @Nullable IndexEntry entry(long message) {
        int slot = find(message);
        return slot < 0 ? null : entry(chunk(slot), slot & (CHUNK - 1));
    }

    /** As {@link #entry}, but with one state and no failures, however many recipients there are. */
    public synchronized @Nullable IndexEntry brief(long message) {
        int slot = find(message);
        return slot < 0 ? null : brief(chunk(slot), slot & (CHUNK - 1));
    }

    /** The states of so many recipients, which must be there; null if there is no such message. */
    public synchronized int @Nullable [] states(long message, int from, int count) {
        int slot = find(message);
        if (slot < 0) {
            return null;
        }
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        Detail detail = chunk.detail[i];
        if (detail != null && detail.states != null) {
            return Arrays.copyOfRange(detail.states, from, from + count);
        }
        int[] states = new int[count];
        Arrays.fill(states, chunk.state[i]);
        return states;
    }

    /** The failures of recipients behind that one, in their order, at most so many. */
    public synchronized List<FailedAt> failures(long message, int after, int most) {
        int slot = find(message);
        Detail detail = slot < 0 ? null : chunk(slot).detail[slot & (CHUNK - 1)];
        if (detail == null) {
            return List.of();
        }
        var failures = new ArrayList<FailedAt>();
        for (int k = detail.firstBehind(after); k < detail.failed && failures.size() < most; k++) {
            failures.add(detail.failure(k));
        }
        return failures;
    }

    private void count(int recipients, int change) {
        if (recipients > 1) {
            many += change;
            recipientsOfMany += (long) change * recipients;
        }
    }

    /**
     * About how many octets of memory all of this takes, counted as if all recipients of a message of several differed and had
     * failed: they may do so later.
     */
    public synchronized long memory() {
        return 64L * messages + (long) DETAIL * (many + failuresOfOne) + 28L * recipientsOfMany;
    }

    /**
     * About how many octets of memory send takes for all of this, and at least as many as it says itself ({@code ScheduledMessage});
     * but of a message of few recipients, one of which has attributes, up to a hundred too few.
     */
    public synchronized long memoryOfSend() {
        return told;
    }

    private static long sendMemoryEstimate(Chunk chunk, int i) {
        boolean inFile = (chunk.flags[i] & IN_FILE) != 0;
        long envelope = recordLength(chunk, i) - Framing.HEADER - Payload.FIXED - (inFile ? 0 : chunk.size[i] >>> 24);
        int recipients = chunk.flags[i] & RECIPIENTS;
        return recipients <= FEW && envelope <= FEW_OCTETS
                ? 128 + 3L * recipients + Math.max(0, envelope)
                : 200 + Math.min(envelope, Address.LIMIT + recipients + 40 + Attributes.MOST_TOLD);
    }

    /** As {@link #brief}; notes that send has been told of it. */
    public synchronized @Nullable IndexEntry present(long message) {
        int slot = find(message);
        if (slot < 0) {
            return null;
        }
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        if ((chunk.flags[i] & PRESENTED) == 0) {
            chunk.flags[i] |= PRESENTED;
            presented++;
        }
        return brief(chunk, i);
    }

    /** The numbers of all messages, ascending. */
    public long[] numbers() {
        long[] numbers = unsorted();
        Arrays.sort(numbers);
        return numbers;
    }

    private synchronized long[] unsorted() {
        long[] numbers = new long[messages];
        int count = 0;
        for (int slot : table) {
            if (slot != 0) {
                numbers[count++] = chunk(slot - 1).message[(slot - 1) & (CHUNK - 1)];
            }
        }
        return numbers;
    }

    /** The numbers of the messages for which something in that segment is needed. */
    public synchronized long[] needing(int segment) {
        long[] numbers = new long[64];
        int count = 0;
        for (int slot : table) {
            if (slot == 0) {
                continue;
            }
            Chunk chunk = chunk(slot - 1);
            int i = (slot - 1) & (CHUNK - 1);
            Detail detail = chunk.detail[i];
            if (chunk.segment[i] == segment || detail != null && failedIn(detail, segment)) {
                if (count == numbers.length) {
                    numbers = Arrays.copyOf(numbers, 2 * count);
                }
                numbers[count++] = chunk.message[i];
            }
        }
        return Arrays.copyOf(numbers, count);
    }

    private static boolean failedIn(Detail detail, int segment) {
        for (int k = 0; k < detail.failed; k++) {
            if (detail.failures[k * Detail.INTS + 1] == segment) {
                return true;
            }
        }
        return false;
    }

    /** The files in large/ that messages are in. */
    public synchronized List<Long> files() {
        return List.copyOf(files.values());
    }

    /** How many parts a copy of everything has; grows while messages come. */
    public synchronized int parts() {
        return chunkCount;
    }

    /** The numbers of the messages of one part. They may show different moments: see {@link Checkpoint}. */
    public synchronized long[] part(int part) {
        Chunk chunk = part < chunkCount ? chunks[part] : null;
        if (chunk == null) {
            return new long[0];
        }
        long[] numbers = new long[chunk.used];
        int count = 0;
        for (long message : chunk.message) {
            if (message != 0) {
                numbers[count++] = message;
            }
        }
        return numbers;
    }

    private IndexEntry entry(Chunk chunk, int i) {
        Detail detail = chunk.detail[i];
        int[] states = detail == null ? null : detail.states;
        return entry(
                chunk,
                i,
                states == null ? new int[] {chunk.state[i]} : states.clone(),
                detail == null ? List.of() : List.copyOf(detail.all()));
    }

    private IndexEntry brief(Chunk chunk, int i) {
        return entry(chunk, i, new int[] {chunk.state[i]}, List.of());
    }

    private IndexEntry entry(Chunk chunk, int i, int[] states, List<FailedAt> failures) {
        Long file = (chunk.flags[i] & IN_FILE) != 0 ? files.get(chunk.message[i]) : null;
        return new IndexEntry(
                chunk.message[i],
                new SegmentPosition(chunk.segment[i], chunk.offset[i]),
                recordLength(chunk, i),
                chunk.size[i] >>> 24,
                chunk.birth[i],
                chunk.flags[i] & RECIPIENTS,
                file == null ? 0 : file,
                states,
                failures);
    }

    private static int recordLength(Chunk chunk, int i) {
        return (int) (chunk.size[i] & 0xff_ffff) * Framing.ALIGNMENT;
    }

    private static int open(Chunk chunk, int i) {
        int recipients = chunk.flags[i] & RECIPIENTS;
        Detail detail = chunk.detail[i];
        if (detail == null || detail.states == null) {
            return isOpen(chunk.state[i]) ? recipients : 0;
        }
        int open = 0;
        for (int state : detail.states) {
            open += isOpen(state) ? 1 : 0;
        }
        return open;
    }

    private static boolean isOpen(int state) {
        return state != DONE && state != BOUNCE;
    }

    private int state(long message, int recipient) {
        int slot = find(message);
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        Detail detail = chunk.detail[i];
        if (detail == null || detail.states == null) {
            return chunk.state[i];
        }
        return recipient < 0 || recipient >= detail.states.length ? DONE : detail.states[recipient];
    }

    private boolean set(long message, int recipient, int state) {
        int slot = find(message);
        if (slot < 0) {
            return false;
        }
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        int recipients = chunk.flags[i] & RECIPIENTS;
        if (recipient < 0 || recipient >= recipients) {
            return false;
        }
        int before;
        if (recipients == 1) {
            before = chunk.state[i];
            chunk.state[i] = state;
        } else {
            Detail detail = chunk.detail[i];
            int[] states = detail == null ? null : detail.states;
            before = states == null ? chunk.state[i] : states[recipient];
            if (states == null && before != state) {
                states = new int[recipients];
                Arrays.fill(states, chunk.state[i]);
                detail(chunk, i).states = states;
            }
            if (states != null) {
                states[recipient] = state;
            }
        }
        recipientsOpen += (isOpen(state) ? 1 : 0) - (isOpen(before) ? 1 : 0);
        return true;
    }

    private static Detail detail(Chunk chunk, int i) {
        Detail detail = chunk.detail[i];
        if (detail == null) {
            detail = new Detail();
            chunk.detail[i] = detail;
        }
        return detail;
    }

    private Chunk chunk(int slot) {
        Chunk chunk = chunks[slot >> CHUNK_BITS];
        if (chunk == null) {
            throw new IllegalStateException("slot " + slot + " is in no chunk");
        }
        return chunk;
    }

    private int allocate() {
        while (true) {
            if (roomFrom == chunks.length) {
                chunks = Arrays.copyOf(chunks, 2 * chunks.length);
            }
            Chunk chunk = chunks[roomFrom];
            if (chunk == null) {
                chunk = new Chunk();
                chunks[roomFrom] = chunk;
                chunkCount = Math.max(chunkCount, roomFrom + 1);
            }
            if (chunk.used < CHUNK) {
                int i = chunk.free;
                chunk.free = chunk.offset[i];
                chunk.used++;
                return roomFrom << CHUNK_BITS | i;
            }
            roomFrom++;
        }
    }

    private void free(int slot) {
        int number = slot >> CHUNK_BITS;
        Chunk chunk = chunk(slot);
        int i = slot & (CHUNK - 1);
        chunk.message[i] = 0;
        chunk.detail[i] = null;
        chunk.offset[i] = chunk.free;
        chunk.free = i;
        chunk.used--;
        roomFrom = Math.min(roomFrom, number);
        if (chunk.used == 0 && number > 0) {
            chunks[number] = null; // the memory of a burst is given back
            while (chunkCount > 0 && chunks[chunkCount - 1] == null) {
                chunkCount--;
            }
        }
    }

    private int find(long message) {
        int mask = table.length - 1;
        for (int at = hash(message) & mask; table[at] != 0; at = at + 1 & mask) {
            int slot = table[at] - 1;
            if (chunk(slot).message[slot & (CHUNK - 1)] == message) {
                return slot;
            }
        }
        return -1;
    }

    private void insert(int slot, long message) {
        if (2 * messages > table.length) {
            resize(2 * table.length);
        }
        place(slot, message);
    }

    private void place(int slot, long message) {
        int mask = table.length - 1;
        int at = hash(message) & mask;
        while (table[at] != 0) {
            at = at + 1 & mask;
        }
        table[at] = slot + 1;
    }

    private void remove(long message) {
        int mask = table.length - 1;
        int hole = hash(message) & mask;
        while (messageAt(hole) != message) {
            hole = hole + 1 & mask;
        }
        for (int at = hole + 1 & mask; table[at] != 0; at = at + 1 & mask) {
            int home = hash(messageAt(at)) & mask;
            if ((at - home & mask) >= (at - hole & mask)) { // may stand in the hole without being lost
                table[hole] = table[at];
                hole = at;
            }
        }
        table[hole] = 0;
        if (table.length > SMALLEST_TABLE && 16L * messages < table.length) {
            resize(table.length / 4);
        }
    }

    private long messageAt(int at) {
        int slot = table[at] - 1;
        return chunk(slot).message[slot & (CHUNK - 1)];
    }

    private void resize(int size) {
        int[] old = table;
        table = new int[Math.max(size, SMALLEST_TABLE)];
        for (int slot : old) {
            if (slot != 0) {
                place(slot - 1, chunk(slot - 1).message[(slot - 1) & (CHUNK - 1)]);
            }
        }
    }

    private static int hash(long message) {
        return (int) ((message * 0x9E3779B97F4A7C15L) >>> 32);
    }
}

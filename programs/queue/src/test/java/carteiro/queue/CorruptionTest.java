package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Envelope;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queuetool.CommandsOnADisk;
import carteiro.segments.Checkpoint;
import carteiro.segments.Disk;
import carteiro.segments.Framing;
import carteiro.segments.Index;
import carteiro.segments.LargeFiles;
import carteiro.segments.QueueFolder;
import carteiro.segments.SegmentPosition;
import carteiro.segments.SegmentScan;
import carteiro.segments.Segments;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A small queue with everything in it that a queue can hold, changed octet by octet, cut at every length, and with blocks
 * swapped, doubled and zeroed: what is damaged is found and told, all else is as it was, and nothing is invented.
 */
class CorruptionTest {
    private static final int SEGMENT = 1024;
    private static final int BLOCK = 64;
    /** Octets of the format file that count: it ends in white space. */
    private static final int FORMAT = "carteiro queue 1".length();

    private static final Instant DUE = Instant.ofEpochSecond(2_000_000_000);

    /** How the queue came to its end. */
    enum How {
        /** In order: the last checkpoint says all. */
        STOPPED,
        /** Killed: records stand behind the last checkpoint. */
        KILLED,
        /** Killed, and no checkpoint is left: every segment is read. */
        WITHOUT_CHECKPOINTS
    }

    /** Files in memory; what is written is never changed in place, so that copies are cheap. */
    private static final class Memory implements Disk {
        final Map<String, byte[]> files;

        Memory(Map<String, byte[]> files) {
            this.files = new TreeMap<>(files);
        }

        @Override
        public void makeFolder(String name) {}

        @Override
        public synchronized List<String> list(String folder) {
            var names = new ArrayList<String>();
            String prefix = folder.isEmpty() ? "" : folder + "/";
            for (String name : files.keySet()) {
                if (name.startsWith(prefix) && name.indexOf('/', prefix.length()) < 0) {
                    names.add(name.substring(prefix.length()));
                }
            }
            return names;
        }

        @Override
        public synchronized OpenFile create(String name) throws IOException {
            if (files.putIfAbsent(name, new byte[0]) != null) {
                throw new FileAlreadyExistsException(name);
            }
            return new Open(name);
        }

        @Override
        public synchronized OpenFile open(String name) throws IOException {
            size(name);
            return new Open(name);
        }

        @Override
        public synchronized long size(String name) throws IOException {
            byte[] octets = files.get(name);
            if (octets == null) {
                throw new NoSuchFileException(name);
            }
            return octets.length;
        }

        @Override
        public synchronized void rename(String from, String to) {
            files.put(to, files.remove(from));
        }

        @Override
        public synchronized void delete(String name) {
            files.remove(name);
        }

        @Override
        public void forceFolder(String folder) {}

        @Override
        public long usable() {
            return Long.MAX_VALUE;
        }

        @Override
        public Closeable lock(String name) {
            return () -> {};
        }

        private final class Open implements OpenFile {
            private String name;

            Open(String name) {
                this.name = name;
            }

            private byte[] octets() {
                if (!files.containsKey(name)) { // renamed since
                    name = name.startsWith(Checkpoint.FOLDER) ? "" : name;
                }
                return files.getOrDefault(name, new byte[0]);
            }

            @Override
            public void write(ByteBuffer octets, long at) {
                synchronized (Memory.this) {
                    int length = octets.remaining();
                    byte[] next = Arrays.copyOf(octets(), Math.max(octets().length, (int) at + length));
                    octets.get(next, (int) at, length);
                    files.put(name, next);
                }
            }

            @Override
            public int read(ByteBuffer into, long at) {
                synchronized (Memory.this) {
                    byte[] now = octets();
                    int count = (int) Math.min(into.remaining(), now.length - at);
                    if (count <= 0) {
                        return at >= now.length ? -1 : 0;
                    }
                    into.put(now, (int) at, count);
                    return count;
                }
            }

            @Override
            public void force() {}

            @Override
            public long size() {
                synchronized (Memory.this) {
                    return octets().length;
                }
            }

            @Override
            public void truncate(long size) {
                synchronized (Memory.this) {
                    files.put(name, Arrays.copyOf(octets(), (int) size));
                }
            }

            @Override
            public void close() {}
        }
    }

    /** What waits, as it was. */
    private record Original(
            Envelope envelope, Instant birth, byte[] octets, List<RecipientState> states, List<Failure> failures) {
        boolean isWhole(Original before) {
            return octets != null && states.equals(before.states) && failures.equals(before.failures);
        }
    }

    /** Octets of a file. */
    private record Range(String file, int from, int to) {
        boolean meets(Range other) {
            return file.equals(other.file) && from < other.to && other.from < to;
        }
    }

    /** A record: all of it, and what of it has a sum. */
    private record Recorded(Framing.RecordKind kind, long message, Range all, Range summed) {}

    private How how = How.STOPPED;
    private Map<String, byte[]> whole = Map.of();
    private String lastSegment = "";
    private final Map<Long, Original> originals = new HashMap<>();
    private final Map<Long, List<Range>> needed = new HashMap<>(); // record and large file of what waits
    private final List<Recorded> records = new ArrayList<>();
    private final List<Recorded> read = new ArrayList<>(); // those behind the checkpoint, or that the index leads to
    private final Set<String> largeNeeded = new HashSet<>();
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorService trying = Executors.newFixedThreadPool(24);
    private final List<Future<?>> running = new ArrayList<>();
    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private int trials;

    private static Queue open(Memory disk, int[] memory, EventLog log) throws IOException {
        return new Queue(disk, () -> new QueueSettings(memory[0], 1), log, Sample.EARLY, SEGMENT);
    }

    /** Messages of every kind, in several segments, some of them rewritten. */
    private void write(How end) throws IOException {
        how = end;
        var disk = new Memory(Map.of());
        var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
        var memory = new int[] {1 << 20};
        try (log) {
            Queue queue = open(disk, memory, log);
            for (int i = 1; i <= 6; i++) {
                Sample.accepted(queue.enqueue(), Sample.octets(100 + i, i), "a@x", "b@x", "c@x", "d@x");
            }
            memory[0] = 0; // no memory: a message goes into a file, however small
            Sample.accepted(queue.enqueue(), Sample.octets(150, 7), "large@x");
            Sample.accepted(queue.enqueue(), Sample.octets(60, 8), "large-ended@x");
            memory[0] = 1 << 20;
            report(
                    queue,
                    new Report.RecipientDelivered(2, 0),
                    new Report.RecipientFailed(2, 1, "<b@x>:\nno\n\n"),
                    new Report.RecipientsDeferred(2, List.of(2), DUE),
                    new Report.RecipientsDeferred(7, List.of(0), DUE),
                    new Report.MessageEnded(1),
                    new Report.MessageEnded(3),
                    new Report.MessageEnded(4),
                    new Report.MessageEnded(8));
            queue.checkpoint();
            queue.checkpoint();
            while (queue.cleaning().rewriteSparse() > 0) {
                // until nothing is sparse
            }
            queue.checkpoint();
            Sample.accepted(queue.enqueue(), Sample.octets(90, 9), "new@x", "other@x");
            Sample.accepted(queue.enqueue(), Sample.octets(11, 10), "ended@x");
            Sample.accepted(queue.enqueue(), Sample.octets(0, 11), "last@x");
            report(
                    queue,
                    new Report.RecipientFailed(5, 3, "<d@x>:\nnever\n\n"),
                    new Report.RecipientDelivered(9, 1),
                    new Report.MessageEnded(10));
            memory[0] = 0;
            Sample.accepted(queue.enqueue(), Sample.octets(40, 12), "large@x");
            memory[0] = 1 << 20;
            Sample.accepted(queue.enqueue(), Sample.octets(30, 13), "very-last@x");
            report(
                    queue,
                    new Report.RecipientsDeferred(6, List.of(0, 1), DUE),
                    new Report.RecipientFailed(6, 2, "<c@x>:\nno\n\n"));
            if (how == How.STOPPED) {
                queue.close();
                whole = Map.copyOf(disk.files);
            } else {
                synchronized (disk) {
                    whole = new HashMap<>(disk.files);
                }
                queue.close();
            }
        }
        if (how == How.WITHOUT_CHECKPOINTS) {
            whole.keySet().removeIf(name -> name.startsWith(Checkpoint.FOLDER));
        }
        whole = new TreeMap<>(whole);
        learn();
    }

    private static void report(Queue queue, Report... reports) throws IOException {
        try (var session = queue.waiting().open()) {
            session.report(List.of(reports));
        }
    }

    /** What the queue holds, and where. */
    private void learn() throws IOException {
        Set<SegmentPosition> leads = new HashSet<>();
        SegmentPosition behind = new SegmentPosition(0, 0);
        for (String name : whole.keySet()) {
            if (name.startsWith(Checkpoint.FOLDER)) { // the last one counts
                long number = Checkpoint.number(name.substring(Checkpoint.FOLDER.length() + 1));
                behind = Checkpoint.read(new Memory(whole), number, _ -> {}).place();
            }
        }
        SegmentPosition begun = behind;
        var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
        try (log;
                var snapshot = new Snapshot(new Memory(whole), QueueRunState.STOPPED, log)) {
            for (int part = 0; part < snapshot.index().parts(); part++) {
                for (long message : snapshot.index().part(part)) {
                    Index.IndexEntry entry =
                            java.util.Objects.requireNonNull(snapshot.index().entry(message));
                    String segment = Segments.name(entry.place().segment());
                    var ranges = new ArrayList<>(List.of(new Range(
                            segment, entry.place().offset(), entry.place().offset() + entry.length())));
                    if (entry.file() != 0) {
                        ranges.add(new Range(LargeFiles.name(entry.file()), 0, (int) entry.octets()));
                        largeNeeded.add(LargeFiles.name(entry.file()));
                    }
                    needed.put(entry.message(), ranges);
                    leads.add(entry.place());
                    entry.failures().forEach(failure -> leads.add(failure.place()));
                }
            }
            for (String name : whole.keySet()) {
                int number = name.startsWith(Segments.FOLDER) ? Segments.number(name.substring(name.length() - 10)) : 0;
                if (number > 0) {
                    lastSegment = name; // they come in order
                    try (var file = new Memory(whole).open(name)) {
                        new SegmentScan(file, number, file.size(), SegmentScan.Bodies.VERIFIED).run(0, stored -> {
                            int from = stored.place().offset();
                            Framing.RecordHeader header = stored.header();
                            var record = new Recorded(
                                    header.kind(),
                                    header.message(),
                                    new Range(name, from, from + header.length()),
                                    new Range(name, from, from + Framing.HEADER + header.payload() + header.body()));
                            records.add(record);
                            if (leads.contains(stored.place()) || stored.place().compareTo(begun) >= 0) {
                                read.add(record);
                            }
                        });
                    }
                }
            }
        }
        var read = read(new Memory(whole));
        assertThat(read.refused()).isEmpty();
        assertThat(read.log()).doesNotContain("alert", "being written");
        read.messages().forEach((number, message) -> originals.put(number, message));
        assertThat(originals.keySet()).containsExactlyInAnyOrder(2L, 5L, 6L, 7L, 9L, 11L, 12L, 13L);
        assertThat(records).extracting(Recorded::kind).contains(Framing.RecordKind.values());
        assertThat(Objects.requireNonNull(originals.get(2L)).failures()).hasSize(1);
    }

    /** What a queue says after a start; octets are null where they cannot be read. */
    private record Read(Map<Long, Original> messages, String log, String refused, Map<String, byte[]> setAside) {}

    private static Read read(Memory disk) throws IOException {
        var lines = new ByteArrayOutputStream();
        var messages = new TreeMap<Long, Original>();
        String refused = "";
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            try (Queue queue = open(disk, new int[] {1 << 20}, log);
                    var session = queue.waiting().open()) {
                for (WaitingMessage message : Sample.drain(session)) {
                    messages.put(
                            message.message(),
                            new Original(
                                    message.envelope(),
                                    message.birth(),
                                    octets(queue, message.message()),
                                    message.states(),
                                    session.failures(message.message())));
                }
            } catch (IOException e) {
                refused = e.toString();
            }
        }
        var setAside = new TreeMap<>(disk.files);
        setAside.keySet().removeIf(name -> !name.startsWith(QueueFolder.DAMAGED + "/"));
        return new Read(messages, lines.toString(StandardCharsets.ISO_8859_1), refused, setAside);
    }

    @SuppressWarnings("NullAway") // null stands for a message that cannot be read, in a map from here to the assertion
    private static byte[] octets(Queue queue, long message) {
        try (var body = queue.messages().open(message)) {
            return body.readAllBytes();
        } catch (IOException e) {
            return null;
        }
    }

    /** A log gathers lines for some milliseconds: many trials wait at once. */
    private void judge(String what, String file, byte[] changed, Range range) {
        running.add(trying.submit(() -> {
            try {
                trial(what, file, changed, range);
            } catch (IOException | RuntimeException e) {
                require(what, false, e.toString());
            }
        }));
        trials++;
    }

    private void endTrials() throws Exception {
        for (Future<?> trial : running) {
            trial.get();
        }
        trying.close();
        log.close();
        assertThat(wrong).isEmpty();
    }

    /** Opens the queue with one file changed, and judges what it makes of it. */
    private void trial(String what, String file, byte[] changed, Range range) throws IOException {
        var files = new HashMap<>(whole);
        files.put(file, changed);
        String told = check(files);
        Read read = read(new Memory(files));
        if (file.equals("format")) {
            if (!read.refused().isEmpty() || range.from() < FORMAT) {
                require(what, read.refused().contains("queue/format says"), read.refused());
                return;
            }
        }
        require(what, read.refused().isEmpty(), "does not start: " + read.refused());
        // a log that ends sooner, at a record's end, looks like one that was never written further: no format can tell
        boolean untold = how != How.STOPPED
                && file.equals(lastSegment)
                && changed.length < Objects.requireNonNull(whole.get(file)).length;
        boolean alert = untold || read.log().contains("alert: ") || read.log().contains("being written when");
        Set<Long> suffered = new HashSet<>();
        read.messages().forEach((number, message) -> {
            Original original = originals.get(number);
            if (original == null || !message.isWhole(original)) {
                suffered.add(number);
            }
            if (original == null) {
                boolean hadEnded = records.stream()
                        .anyMatch(record -> record.message() == number
                                && record.kind() == Framing.RecordKind.ENDED
                                && record.all().meets(range));
                require(what, alert && (hadEnded || file.startsWith(Checkpoint.FOLDER)), number + " came back");
                return;
            }
            require(what, message.envelope().equals(original.envelope()), number + " has another envelope");
            require(what, message.birth().equals(original.birth()), number + " has another birth");
            boolean hit = Objects.requireNonNull(needed.get(number)).stream().anyMatch(range::meets);
            require(what, message.octets() != null || hit && alert, number + " cannot be read");
            require(
                    what,
                    message.octets() == null || Arrays.equals(message.octets(), original.octets()),
                    number + " has other octets");
            boolean outcomeHit = records.stream()
                    .anyMatch(
                            record -> record.message() == number && record.all().meets(range));
            for (int i = 0; i < original.states().size(); i++) {
                RecipientState now = message.states().get(i);
                boolean same = now.equals(original.states().get(i));
                boolean again = now instanceof RecipientState.Due && outcomeHit && alert;
                require(what, same || again, number + " recipient " + i + " is " + now);
            }
            for (Failure failure : message.failures()) {
                boolean same = original.failures().contains(failure);
                require(
                        what,
                        same || outcomeHit && alert && failure.paragraph().contains("has been lost"),
                        number + " bounces with " + failure);
            }
        });
        for (long number : originals.keySet()) {
            if (!read.messages().containsKey(number)) {
                boolean hit =
                        Objects.requireNonNull(needed.get(number)).stream().anyMatch(range::meets);
                require(what, hit && alert, number + " is gone; log: " + read.log());
                suffered.add(number);
            }
        }
        setAside(what, file, changed, suffered, read);
        boolean summed = file.startsWith(Checkpoint.FOLDER)
                || largeNeeded.contains(file)
                || records.stream().anyMatch(record -> record.summed().meets(range));
        require(what, !summed || untold || !told.isEmpty(), "check finds nothing");
    }

    /** Whether the message's own record is damaged, so that nobody reads its failures any more. */
    private boolean isGivenUp(long message, String file, byte[] changed) {
        return read.stream()
                .anyMatch(record -> record.message() == message
                        && record.kind() != Framing.RecordKind.FAILED
                        && record.all().file().equals(file)
                        && isChanged(record, file, changed));
    }

    private boolean isChanged(Recorded record, String file, byte[] changed) {
        int to = Math.min(record.summed().to(), changed.length);
        return !Arrays.equals(
                changed,
                Math.min(record.summed().from(), to),
                to,
                whole.get(file),
                record.summed().from(),
                record.summed().to());
    }

    /**
     * The octets of every record that was read and found damaged, so that its message suffered, stand aside, as they are
     * now. Not those that were being written, by what can be seen: they are cut off, and so is what is not there any more.
     */
    private void setAside(String what, String file, byte[] changed, Set<Long> suffered, Read found) {
        if (!file.startsWith(Segments.FOLDER) || found.log().contains("being written when")) {
            return;
        }
        var aside = new BitSet();
        int segment = Segments.number(file.substring(file.length() - 10));
        for (Map.Entry<String, byte[]> copy : found.setAside().entrySet()) {
            int at = Integer.parseInt(copy.getKey().substring(copy.getKey().lastIndexOf('-') + 1));
            int end = at + copy.getValue().length;
            require(
                    what,
                    copy.getKey().equals(QueueFolder.damaged(new SegmentPosition(segment, at)))
                            && (at == end
                                    || end <= changed.length
                                            && Arrays.equals(copy.getValue(), 0, end - at, changed, at, end)),
                    copy.getKey() + " is not what stands there");
            aside.set(at, end);
        }
        for (Recorded record : read) {
            int end = Math.min(record.all().to(), changed.length);
            if (suffered.contains(record.message())
                    && record.all().file().equals(file)
                    && record.all().from() < end
                    && isChanged(record, file, changed)
                    && !(record.kind() == Framing.RecordKind.FAILED && isGivenUp(record.message(), file, changed))) {
                require(
                        what,
                        aside.nextClearBit(record.all().from()) >= end,
                        "not set aside: " + record + ", but " + aside + "; log: " + found.log());
            }
        }
    }

    /** What check tells of faults and of a torn end. */
    private String check(Map<String, byte[]> files) throws IOException {
        var told = new StringBuilder();
        var disk = new Memory(files);
        CommandsOnADisk.check(disk, log, line -> {
            if (line.startsWith("fault: ") || line.startsWith("note: ")) {
                told.append(line).append('\n');
            }
        });
        return told.toString();
    }

    private void require(String what, boolean holds, String otherwise) {
        if (!holds) {
            wrong.add(what + ": " + otherwise.strip());
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("every octet of every file changed: found or harmless, and nothing else suffers")
    void everyOctet(How how) throws Exception {
        write(how);
        for (Map.Entry<String, byte[]> file : whole.entrySet()) {
            for (int at = 0; at < file.getValue().length; at++) {
                for (int pattern : how == How.STOPPED ? new int[] {1, 0xff} : new int[] {0x10}) {
                    byte[] changed = file.getValue().clone();
                    changed[at] ^= (byte) pattern;
                    judge(
                            file.getKey() + " octet " + at + " ^ " + pattern,
                            file.getKey(),
                            changed,
                            new Range(file.getKey(), at, at + 1));
                }
            }
        }
        endTrials();
        System.out.println("corruption, " + how + ": " + trials + " changes of one octet");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("every file cut at every length; blocks zeroed, doubled, swapped")
    void cutsAndBlocks(How how) throws Exception {
        write(how);
        for (Map.Entry<String, byte[]> file : whole.entrySet()) {
            String name = file.getKey();
            byte[] octets = file.getValue();
            for (int length = 0; length < octets.length; length++) {
                judge(
                        name + " cut at " + length,
                        name,
                        Arrays.copyOf(octets, length),
                        new Range(name, length, octets.length));
            }
            for (int at = 0; at + BLOCK <= octets.length; at += BLOCK / 4) {
                byte[] zeroed = octets.clone();
                Arrays.fill(zeroed, at, at + BLOCK, (byte) 0);
                judge(name + " zeroed at " + at, name, zeroed, new Range(name, at, at + BLOCK));
                for (int other = at + BLOCK; other + BLOCK <= octets.length; other += BLOCK) {
                    if (Arrays.equals(octets, at, at + BLOCK, octets, other, other + BLOCK)) {
                        continue;
                    }
                    byte[] doubled = octets.clone();
                    System.arraycopy(octets, at, doubled, other, BLOCK);
                    judge(name + " " + at + " over " + other, name, doubled, new Range(name, other, other + BLOCK));
                    byte[] swapped = doubled.clone();
                    System.arraycopy(octets, other, swapped, at, BLOCK);
                    judge(
                            name + " " + at + " swapped with " + other,
                            name,
                            swapped,
                            new Range(name, at, other + BLOCK));
                }
            }
        }
        endTrials();
        System.out.println("corruption, " + how + ": " + trials + " cuts and blocks");
    }
}

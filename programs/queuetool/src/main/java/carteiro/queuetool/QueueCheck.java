package carteiro.queuetool;

import carteiro.log.LogText;
import carteiro.mail.Envelope;
import carteiro.segments.Checkpoint;
import carteiro.segments.DamagedRecordException;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.FieldsOnTop;
import carteiro.segments.Framing;
import carteiro.segments.Index;
import carteiro.segments.Index.FailedAt;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.LargeFiles;
import carteiro.segments.Payload;
import carteiro.segments.QueueFolder;
import carteiro.segments.SegmentPosition;
import carteiro.segments.SegmentScan;
import carteiro.segments.SegmentScan.Bad;
import carteiro.segments.Segments;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import carteiro.segments.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Verifies all that is in a queue's folder, and changes nothing. Its memory is that of the index, and a megabyte. Once:
 * make it, {@link #run}.
 *
 * <p>Of a running queue, what is written while it looks is not judged; what is missing is looked for again, since clean
 * removes what no message needs.
 */
final class QueueCheck {
    private static final int PIECE = 64 * 1024;

    /** Messages that a fault names, and bad places of one segment that are told one by one. */
    private static final int MOST_NAMED = 20;

    private static final String RESTORE =
            "stop queue, put the file back from a backup, start queue; without one, the senders have to send again";

    private final Disk disk;
    private final QueueRunState state;
    private final String folder;
    private final Snapshot snapshot;
    private final Consumer<String> lines;
    private final Map<Integer, List<Bad>> bad = new HashMap<>();
    private final TreeMap<Integer, Integer> absent = new TreeMap<>(); // segment: messages in it
    private int faults;
    private long records;
    private long octets;
    private int segments;
    private long endedHere;
    private int largeNeeded;
    private int largeOther;
    private int checkpoints; // that are whole
    private int checkpointNames;

    /**
     * @param folder HOME/queue, for what is printed
     * @param lines takes lines without their end
     */
    QueueCheck(Disk disk, QueueRunState state, String folder, Snapshot snapshot, Consumer<String> lines) {
        this.disk = disk;
        this.state = state;
        this.folder = folder;
        this.snapshot = snapshot;
        this.lines = lines;
    }

    /** Looks at everything, then prints a summary; how many faults there are. */
    int run() throws IOException {
        strangers();
        NavigableMap<Integer, Integer> before = checkpoints();
        segments(before);
        messages();
        large();
        setAside();
        summary();
        return faults;
    }

    private void fault(String what, String means, String look, String mend) {
        faults++;
        lines.accept("fault: " + what);
        lines.accept("  means: " + means);
        if (!look.isEmpty()) {
            lines.accept("  look:  " + look);
        }
        lines.accept("  mend:  " + mend);
    }

    private String path(String name) {
        return folder + "/" + name;
    }

    /** The name of every checkpoint is looked at; the place of each that is whole, as segment and offset. */
    private NavigableMap<Integer, Integer> checkpoints() throws IOException {
        var before = new TreeMap<Integer, Integer>();
        for (String file : disk.list(Checkpoint.FOLDER)) {
            long number = Checkpoint.number(file);
            if (number == 0) {
                continue;
            }
            checkpointNames++;
            try {
                SegmentPosition place =
                        Checkpoint.read(disk, number, entry -> {}).place();
                before.merge(place.segment(), place.offset(), Math::max);
                checkpoints++;
            } catch (NoSuchFileException e) {
                // removed since it was listed
            } catch (IOException e) {
                fault(
                        path(Checkpoint.name(number)) + ": " + LogText.reason(e),
                        "a start reads the older checkpoint or all segments instead; nothing is lost, but if no"
                                + " checkpoint is whole, messages delivered long ago may be delivered again",
                        "",
                        "check the disk; the running queue replaces its checkpoints by itself, so that it must not be"
                                + " stopped before that: remove the file once a newer one is there");
            }
        }
        return before;
    }

    private void segments(NavigableMap<Integer, Integer> before) throws IOException {
        var present = new TreeSet<Integer>();
        Map<Integer, Long> ends = new HashMap<>();
        for (String file : disk.list(Segments.FOLDER)) {
            int number = Segments.number(file);
            if (number > 0
                    && (state == QueueRunState.STOPPED
                            || number <= snapshot.end().segment())) {
                present.add(number);
            }
        }
        for (int number : present) {
            for (SegmentPosition end : endsBefore(number)) {
                ends.put(end.segment(), (long) end.offset());
            }
        }
        Map<Integer, Long> said = Map.copyOf(ends);
        for (int number : present) {
            boolean isLast = number == present.last();
            ends.merge(number, (long) before.getOrDefault(number, 0), Math::max);
            try (OpenFile file = disk.open(Segments.name(number))) {
                long limit = Math.min(file.size(), said.getOrDefault(number, Long.MAX_VALUE));
                long known = ends.getOrDefault(number, 0L);
                if (file.size() < known) {
                    shortened(number, file.size(), known);
                }
                if (isLast
                        && state == QueueRunState.RUNNING
                        && number == snapshot.end().segment()) {
                    limit = Math.min(limit, snapshot.end().offset());
                }
                var scan = new SegmentScan(file, number, limit, SegmentScan.Bodies.VERIFIED);
                scan.run(0, this::count);
                segments++;
                octets += limit;
                int safe = Math.max(scan.synced(), isSafe(number, before));
                judge(number, scan.bad(), isLast ? safe : Integer.MAX_VALUE);
            } catch (NoSuchFileException e) {
                // removed since it was listed; if a message is in it, that is found below
            }
        }
        Checkpoint begun = snapshot.checkpoint();
        SegmentPosition from = begun == null ? new SegmentPosition(0, 0) : begun.place();
        ends.forEach((number, end) -> {
            if (state == QueueRunState.STOPPED
                    && (begun != null || checkpointNames == 0) // else it may be one that clean removed
                    && !present.contains(number)
                    && new SegmentPosition(number, Math.toIntExact(end)).compareTo(from) > 0) {
                shortened(number, 0, end);
            }
        });
    }

    private void shortened(int number, long size, long end) {
        fault(
                path(Segments.name(number)) + " has " + size + " octets, and had " + end,
                "messages or outcomes that stood behind are lost: mail may be missing or delivered twice",
                "",
                "check the disk; " + RESTORE);
    }

    private List<SegmentPosition> endsBefore(int number) throws IOException {
        try (OpenFile file = disk.open(Segments.name(number))) {
            StoredRecord first = StoredRecord.read(file, new SegmentPosition(number, 0));
            return first.header().kind() == Framing.RecordKind.SEGMENT ? Payload.ends(first.payload()) : List.of();
        } catch (NoSuchFileException | DamagedRecordException | Payload.MalformedPayloadException e) {
            return List.of(); // the scan will say what is wrong
        }
    }

    /** The offset in a segment before which a checkpoint says that all was safe. */
    private static int isSafe(int number, NavigableMap<Integer, Integer> before) {
        return before.isEmpty() || number > before.lastKey()
                ? 0
                : number < before.lastKey()
                        ? Integer.MAX_VALUE
                        : before.lastEntry().getValue();
    }

    private void count(StoredRecord record) {
        records++;
        ByteBuffer payload = record.payload().duplicate();
        try {
            switch (record.header().kind()) {
                case ACCEPTED -> Payload.envelope(payload, record.header().version());
                case MOVED -> {
                    var _ = Payload.states(payload);
                    Payload.envelope(payload, record.header().version());
                }
                case DONE, FAILED -> Payload.recipient(payload);
                case DEFERRED -> Payload.deferral(payload);
                case ENDED -> endedHere++;
                case SEGMENT -> Payload.ends(payload);
            }
        } catch (Payload.MalformedPayloadException e) {
            fault(
                    place(record.place()) + ": " + record.header().kind() + " of message "
                            + record.header().message() + ": " + e.getMessage(),
                    "its sums are right: a program wrote it so; queue passes over it",
                    look(record.place(), record.header().length()),
                    "this is a mistake in Carteiro: report it with the record");
        }
    }

    private String place(SegmentPosition place) {
        return path(Segments.name(place.segment())) + ": octet " + place.offset();
    }

    private String look(SegmentPosition place, int length) {
        return "tail -c +" + (place.offset() + 1L) + " " + path(Segments.name(place.segment())) + " | head -c " + length
                + " | strings";
    }

    /** What is bad behind that offset was never answered. */
    private void judge(int number, List<Bad> places, int safe) throws IOException {
        int told = 0;
        for (Bad one : places) {
            var place = new SegmentPosition(number, one.offset());
            if (one.offset() >= safe) {
                lines.accept("note: " + place(place) + ": " + one.length()
                        + " octets were being written when queue or the machine stopped; no client was told they were"
                        + " kept; the next start cuts them");
                continue;
            }
            bad.computeIfAbsent(number, _ -> new ArrayList<>()).add(one);
            if (++told <= MOST_NAMED) {
                fault(
                        place(place) + ": " + one.length() + " octets: " + one.why(),
                        meaning(number, one) + copied(place),
                        look(place, one.length()),
                        "check the disk; " + RESTORE);
            }
        }
        if (told > MOST_NAMED) {
            faults += told - MOST_NAMED;
            lines.accept(
                    "fault: " + path(Segments.name(number)) + ": " + (told - MOST_NAMED) + " more places like these");
        }
    }

    private String meaning(int number, Bad one) {
        var waiting = new ArrayList<Long>();
        for (long message : snapshot.index().needing(number)) {
            IndexEntry entry = snapshot.index().entry(message);
            if (entry != null && needs(entry, number, one)) {
                waiting.add(message);
            }
        }
        if (waiting.isEmpty()) {
            return "no message that waits is known to stand here; the octets had been safe on disk, so that a message or"
                    + " what became of one may be lost: what waits may be delivered twice";
        }
        return named(waiting)
                + " waits and stands here: queue sets it aside in damaged/ with an alert when it reads it, and"
                + " goes on with the others; nobody else is told";
    }

    private static boolean needs(IndexEntry entry, int number, Bad one) {
        if (entry.place().segment() == number && covers(one, entry.place().offset())) {
            return true;
        }
        for (FailedAt failure : entry.failures()) {
            if (failure.place().segment() == number
                    && covers(one, failure.place().offset())) {
                return true;
            }
        }
        return false;
    }

    private static boolean covers(Bad one, int offset) {
        return offset >= one.offset() && offset < one.offset() + one.length();
    }

    private static String named(List<Long> messages) {
        var text = new StringBuilder(messages.size() == 1 ? "message" : "each of messages");
        messages.stream().limit(MOST_NAMED).forEach(message -> text.append(' ').append(message));
        return messages.size() > MOST_NAMED
                ? text.append(" and ")
                        .append(messages.size() - MOST_NAMED)
                        .append(" others")
                        .toString()
                : text.toString();
    }

    private String copied(SegmentPosition place) throws IOException {
        String copy = QueueFolder.damaged(place);
        return disk.list(QueueFolder.DAMAGED).contains(copy.substring(copy.indexOf('/') + 1))
                ? "; set aside earlier as " + path(copy)
                : "";
    }

    /** What is wrong with a message: in words, or the number of a segment that is missing. */
    private record Wrong(String what, int missing) {}

    /** Every message that waits must be where the index says, and so must its failures. */
    private void messages() throws IOException {
        for (int part = 0; part < snapshot.index().parts(); part++) {
            for (long message : snapshot.index().part(part)) {
                IndexEntry entry = snapshot.index().entry(message);
                if (entry == null) {
                    continue; // it ended while another was looked at
                }
                Wrong wrong = wrong(entry);
                if (wrong != null && state == QueueRunState.RUNNING) {
                    snapshot.catchUp(); // it may have ended or moved: both are in the log before anything is removed
                    IndexEntry now = snapshot.index().entry(entry.message());
                    wrong = now == null ? null : wrong(now);
                }
                if (wrong != null && wrong.missing() != 0) {
                    absent.merge(wrong.missing(), 1, Integer::sum);
                } else if (wrong != null) {
                    fault(
                            "message " + entry.message() + ": " + wrong.what(),
                            "it waits and cannot be delivered as it is; queue says so in its log and goes on with the"
                                    + " others",
                            entry.file() == 0
                                    ? look(entry.place(), entry.length())
                                    : "less " + path(LargeFiles.name(entry.file())),
                            "check the disk; " + RESTORE);
                }
            }
        }
        absent.forEach((number, count) -> fault(
                path(Segments.name(number)) + " is missing",
                count + (count == 1 ? " message that waits needs it" : " messages that wait need it"),
                "",
                RESTORE));
    }

    private @Nullable Wrong wrong(IndexEntry entry) throws IOException {
        for (FailedAt failure : entry.failures()) {
            Wrong wrong = wrong(entry, failure.place(), Sort.FAILURE);
            if (wrong != null) {
                return wrong;
            }
        }
        return wrong(entry, entry.place(), Sort.MESSAGE);
    }

    private enum Sort {
        MESSAGE,
        FAILURE
    }

    private @Nullable Wrong wrong(IndexEntry entry, SegmentPosition place, Sort sort) throws IOException {
        List<Bad> told = bad.getOrDefault(place.segment(), List.of());
        if (told.stream().anyMatch(one -> covers(one, place.offset()))) {
            return null; // its fault has been printed
        }
        try {
            StoredRecord stored = snapshot.segments().reading(place.segment(), file -> StoredRecord.read(file, place));
            if (stored.header().message() != entry.message()) {
                return new Wrong("another message stands at " + place(place), 0);
            }
            ByteBuffer payload = stored.payload().duplicate();
            if (sort == Sort.FAILURE) {
                return stored.header().kind() == Framing.RecordKind.FAILED
                        ? null
                        : new Wrong("no failure stands at " + place(place), 0);
            }
            if (stored.header().kind() == Framing.RecordKind.MOVED) {
                var _ = Payload.states(payload);
            }
            Envelope envelope = Payload.envelope(payload, stored.header().version());
            if (envelope.addresses().size() != entry.recipients()) {
                return new Wrong("another envelope stands at " + place(place), 0);
            }
            return entry.file() == 0 ? null : wrongFile(entry, SnapshotMessage.fieldsOnTop(snapshot, entry, stored));
        } catch (NoSuchFileException e) {
            return new Wrong("", place.segment());
        } catch (DamagedRecordException e) {
            return new Wrong(LogText.reason(e), 0);
        } catch (Payload.MalformedPayloadException e) {
            return new Wrong(place(place) + ": " + e.getMessage(), 0);
        }
    }

    private @Nullable Wrong wrongFile(IndexEntry entry, FieldsOnTop top) throws IOException {
        long octets = entry.octets() - top.fields().length;
        String name = LargeFiles.name(entry.file());
        try (OpenFile file = disk.open(name)) {
            if (file.size() != octets) {
                return new Wrong(path(name) + " has " + file.size() + " octets, not " + octets, 0);
            }
            var sum = new CRC32C();
            ByteBuffer piece = ByteBuffer.allocate(PIECE);
            for (long at = 0; at < octets; at += piece.limit()) {
                StoredRecord.fill(file, piece.clear(), at);
                if (!piece.hasRemaining()) {
                    break;
                }
                sum.update(piece.duplicate());
            }
            return (int) sum.getValue() == top.fileSum()
                    ? null
                    : new Wrong(path(name) + ": its octets are not what was written", 0);
        } catch (NoSuchFileException e) {
            return new Wrong(path(name) + " is missing", 0);
        }
    }

    private void large() throws IOException {
        var needed = new HashSet<>(snapshot.index().files());
        largeNeeded = needed.size();
        for (String file : disk.list(LargeFiles.FOLDER)) {
            long number = LargeFiles.number(file);
            largeOther += number > 0 && !needed.contains(number) ? 1 : 0;
        }
    }

    private void setAside() throws IOException {
        for (String file : disk.list(QueueFolder.DAMAGED)) {
            String name = QueueFolder.DAMAGED + "/" + file;
            if (name.equals(QueueFolder.DAMAGED_DRAFT)) {
                continue;
            }
            fault(
                    path(name) + ": " + disk.size(name) + " octets were set aside earlier",
                    "queue found them damaged and went on without them; its log has the line",
                    "strings " + path(name),
                    "find sender and recipient there and ask for the message again; check the disk; remove this file when"
                            + " that is done");
        }
    }

    /** What is in the folders and is not queue's. */
    private void strangers() throws IOException {
        stranger(
                Segments.FOLDER, file -> Segments.number(file) > 0 || file.equals("spare") || file.equals("spare.new"));
        stranger(Checkpoint.FOLDER, file -> Checkpoint.number(file) > 0 || file.equals("new"));
        stranger(LargeFiles.FOLDER, file -> LargeFiles.number(file) > 0);
    }

    private void stranger(String in, Predicate<String> isOurs) throws IOException {
        for (String file : disk.list(in)) {
            if (!isOurs.test(file)) {
                lines.accept("note: " + path(in) + "/" + LogText.safe(file)
                        + " is not a file of queue; queue leaves it alone; move it away");
            }
        }
    }

    private void summary() {
        Index.IndexCounts counts = snapshot.index().counts();
        long failures = 0;
        for (int part = 0; part < snapshot.index().parts(); part++) {
            for (long message : snapshot.index().part(part)) {
                IndexEntry entry = snapshot.index().entry(message);
                failures += entry == null ? 0 : entry.failures().size();
            }
        }
        lines.accept("looked at: " + segments + " segments, " + octets + " octets, " + records + " records; "
                + checkpoints + " checkpoints; " + (largeNeeded + largeOther) + " files of large messages");
        lines.accept("messages: " + counts.messages() + " wait (" + counts.octets() + " octets, " + counts.recipients()
                + " recipients to be tried, " + failures + " to go into a bounce), " + endedHere
                + " ended whose records are still here; "
                + largeOther + " large files are being received or wait for clean");
        lines.accept(faults == 0 ? "sound" : faults + (faults == 1 ? " fault" : " faults") + "; nothing was changed");
    }
}

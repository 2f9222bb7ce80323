package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Index.FailedAt;
import carteiro.segments.Index.IndexEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The index on disk, so that a start need not read every segment (docs/protocols/queue.md).
 *
 * <pre>
 *   block: length 4, sum 4 (CRC32C of checkpoint 8, block 8, octets), octets
 *   first block: "CQCP" 4, version 4, segment 4, offset 4, next message 8, next file 8
 *   further blocks: entries, never split
 *   last block: length 8, the number of entries
 * </pre>
 *
 * It is taken while the queue works, part by part: an entry may show a later moment than another, but never an earlier
 * one than the place in the first block. Replaying the log from that place makes up for it, because every record can be
 * applied twice.
 *
 * @param number of the checkpoint
 * @param place what lies before it need not be read
 * @param nextMessage greater than every number given before that place
 * @param nextFile greater than every file number given before that place
 */
public record Checkpoint(long number, SegmentPosition place, long nextMessage, long nextFile) {
    /** Where they are, below HOME/queue. */
    public static final String FOLDER = "checkpoints";

    /** One being written. */
    public static final String DRAFT = FOLDER + "/new";

    private static final int MAGIC = 'C' << 24 | 'Q' << 16 | 'C' << 8 | 'P';
    private static final int VERSION = 1;
    private static final int HEAD = 32;
    private static final int BLOCK = 256 * 1024; // a block is closed when it is longer
    private static final int LONGEST = 64 << 20; // above any entry: 100,000 recipients, all failed
    private static final long FORCE_EVERY = 8 << 20; // so that the journal's syncs do not wait for all of it

    private static final int MANY_STATES = 1 << 20;
    private static final int FAILURES = 1 << 21;
    private static final int IN_FILE = 1 << 22;
    private static final int RECIPIENTS = (1 << 17) - 1;

    /** The name below HOME/queue. */
    public static String name(long number) {
        return String.format(Locale.ROOT, "%s/%012d", FOLDER, number);
    }

    /** The number in a file name of the folder; 0 if it is none. */
    public static long number(String file) {
        return file.matches("[0-9]{12}") ? Long.parseLong(file) : 0;
    }

    /** What must be on disk before the checkpoint may count. */
    public interface Before {
        /** Returns when it is. */
        void sync() throws IOException;
    }

    /** Writes the checkpoint: draft, sync, name, sync of the folder. Returns its octets. */
    public long write(Disk disk, Index index, Before before) throws IOException {
        disk.delete(DRAFT);
        long octets;
        try (OpenFile draft = disk.create(DRAFT)) {
            octets = new CheckpointWriter(draft).write(this, index);
            draft.force();
        }
        before.sync(); // a failure it points to must not be lost
        disk.rename(DRAFT, name(number));
        disk.forceFolder(FOLDER);
        return octets;
    }

    private static final class CheckpointWriter {
        private final OpenFile file;
        private ByteBuffer block = ByteBuffer.allocate(BLOCK + 4096);
        private long checkpoint;
        private long blocks;
        private long written;
        private long forced;

        CheckpointWriter(OpenFile file) {
            this.file = file;
        }

        long write(Checkpoint head, Index index) throws IOException {
            checkpoint = head.number();
            block.position(8);
            block.putInt(MAGIC).putInt(VERSION);
            block.putInt(head.place().segment()).putInt(head.place().offset());
            block.putLong(head.nextMessage()).putLong(head.nextFile());
            end();
            long entries = 0;
            for (int part = 0; part < index.parts(); part++) {
                for (long message : index.part(part)) { // one by one: each may have many recipients
                    IndexEntry entry = index.entry(message);
                    if (entry != null) {
                        put(entry);
                        entries++;
                    }
                }
            }
            if (block.position() > 8) {
                end();
            }
            block.putLong(entries);
            end();
            return written;
        }

        private void put(IndexEntry entry) throws IOException {
            int needed = 64 + 4 * entry.states().length + 16 * entry.failures().size();
            if (block.position() + needed > BLOCK && block.position() > 8) {
                end();
            }
            if (block.remaining() < needed) {
                block = ByteBuffer.allocate(8 + needed).position(8);
            }
            block.putLong(entry.message());
            block.putInt(entry.place().segment()).putInt(entry.place().offset()).putInt(entry.length());
            block.putLong(entry.octets()).putLong(entry.birth());
            block.putInt(entry.recipients()
                    | (entry.states().length > 1 ? MANY_STATES : 0)
                    | (entry.failures().isEmpty() ? 0 : FAILURES)
                    | (entry.file() != 0 ? IN_FILE : 0));
            for (int state : entry.states()) {
                block.putInt(state);
            }
            if (entry.file() != 0) {
                block.putLong(entry.file());
            }
            if (!entry.failures().isEmpty()) {
                block.putInt(entry.failures().size());
                for (FailedAt failure : entry.failures()) {
                    block.putInt(failure.recipient());
                    block.putInt(failure.place().segment())
                            .putInt(failure.place().offset());
                    block.putInt(failure.length());
                }
            }
        }

        private void end() throws IOException {
            int length = block.position() - 8;
            block.putInt(0, length);
            block.putInt(4, sum(checkpoint, blocks++, block.slice(8, length)));
            block.flip();
            int octets = block.remaining();
            file.write(block, written);
            written += octets;
            block.clear().position(8);
            if (written - forced >= FORCE_EVERY) {
                file.force();
                forced = written;
            }
        }
    }

    private static int sum(long checkpoint, long block, ByteBuffer octets) {
        var sum = new CRC32C();
        sum.update(ByteBuffer.allocate(16).putLong(checkpoint).putLong(block).flip());
        sum.update(octets);
        return (int) sum.getValue();
    }

    /**
     * Reads a checkpoint, all of it verified before the first entry is handed on.
     *
     * @throws IOException if it cannot be used
     */
    public static Checkpoint read(Disk disk, long number, Consumer<IndexEntry> entries) throws IOException {
        try (OpenFile file = disk.open(name(number))) {
            new CheckpointReader(file, number).read(entry -> {});
            return new CheckpointReader(file, number).read(entries);
        }
    }

    /** Reads the first block of a checkpoint alone: where it stands. */
    static Checkpoint head(Disk disk, long number) throws IOException {
        try (OpenFile file = disk.open(name(number))) {
            return new CheckpointReader(file, number).head();
        }
    }

    private static final class CheckpointReader {
        private final OpenFile file;
        private final long checkpoint;
        private final long size;
        private long blocks;
        private long at;

        CheckpointReader(OpenFile file, long checkpoint) throws IOException {
            this.file = file;
            this.checkpoint = checkpoint;
            this.size = file.size();
        }

        Checkpoint head() throws IOException {
            ByteBuffer head = next();
            if (head.remaining() != HEAD || head.getInt() != MAGIC) {
                throw new IOException("it is no checkpoint");
            }
            int version = head.getInt();
            if (version != VERSION) {
                throw new IOException("its version is " + version + ", and this queue knows " + VERSION);
            }
            return new Checkpoint(
                    checkpoint, new SegmentPosition(head.getInt(), head.getInt()), head.getLong(), head.getLong());
        }

        Checkpoint read(Consumer<IndexEntry> entries) throws IOException {
            Checkpoint read = head();
            long count = 0;
            while (true) {
                ByteBuffer block = next();
                if (block.remaining() == 8) {
                    if (block.getLong() != count || at != size) {
                        throw new IOException("it has " + count + " entries, not as many as it says");
                    }
                    return read;
                }
                while (block.hasRemaining()) {
                    entries.accept(entry(block));
                    count++;
                }
            }
        }

        private ByteBuffer next() throws IOException {
            ByteBuffer start = StoredRecord.fill(file, ByteBuffer.allocate(8), at);
            if (start.remaining() < 8) {
                throw new IOException("it ends too early");
            }
            int length = start.getInt();
            int sum = start.getInt();
            if (length < 8 || length > LONGEST || at + 8 + length > size) {
                throw new IOException("a block has an impossible length");
            }
            ByteBuffer block = StoredRecord.fill(file, ByteBuffer.allocate(length), at + 8);
            if (block.remaining() < length || sum(checkpoint, blocks++, block.duplicate()) != sum) {
                throw new IOException("block " + (blocks - 1) + " is not what was written");
            }
            at += 8 + length;
            return block;
        }

        private static IndexEntry entry(ByteBuffer from) throws IOException {
            try {
                long message = from.getLong();
                var place = new SegmentPosition(from.getInt(), from.getInt());
                int length = from.getInt();
                long octets = from.getLong();
                long birth = from.getLong();
                int flags = from.getInt();
                int recipients = flags & RECIPIENTS;
                int[] states = new int[(flags & MANY_STATES) != 0 ? recipients : 1];
                for (int i = 0; i < states.length; i++) {
                    states[i] = from.getInt();
                }
                long file = (flags & IN_FILE) != 0 ? from.getLong() : 0;
                List<FailedAt> failures = new ArrayList<>();
                if ((flags & FAILURES) != 0) {
                    int count = from.getInt();
                    for (int i = 0; i < count; i++) {
                        failures.add(new FailedAt(
                                from.getInt(), new SegmentPosition(from.getInt(), from.getInt()), from.getInt()));
                    }
                }
                return new IndexEntry(message, place, length, octets, birth, recipients, file, states, failures);
            } catch (java.nio.BufferUnderflowException e) {
                throw new IOException("an entry is cut", e);
            }
        }
    }
}

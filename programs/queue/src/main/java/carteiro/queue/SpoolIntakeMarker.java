package carteiro.queue;

import carteiro.protocol.Spool;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which file of the spool is being taken in: HOME/queue/taking, one line of one length, written in place. One thread.
 *
 * <table>
 * <caption>The order of writes, and what a crash leaves</caption>
 * <tr><td>the line, synced: the file's name, the first number its message may get</td><td>the file, not taken in</td></tr>
 * <tr><td>the message, as from any client, synced</td><td>both; the next start finds the message by its octets</td></tr>
 * <tr><td>the file unlinked, its folder synced</td><td>the message</td></tr>
 * </table>
 */
final class SpoolIntakeMarker {
    /** Below HOME/queue. */
    static final String FILE = "taking";

    private static final int LENGTH = 32 + 1 + 19 + 1;

    private final Disk disk;

    SpoolIntakeMarker(Disk disk) {
        this.disk = disk;
    }

    /**
     * A line.
     *
     * @param name the file's
     * @param first the least number that its message may have
     */
    record MarkerLine(String name, long first) {}

    /** What was being taken in when queue stopped, perhaps; null if nothing. */
    @Nullable
    MarkerLine last() throws IOException {
        if (!disk.list("").contains(FILE)) {
            return null;
        }
        String text;
        try (OpenFile file = disk.open(FILE)) {
            text = StandardCharsets.ISO_8859_1
                    .decode(StoredRecord.fill(file, ByteBuffer.allocate(LENGTH), 0))
                    .toString();
        }
        boolean whole = text.length() == LENGTH
                && Spool.isMessage(text.substring(0, 32))
                && text.substring(32).matches(" [0-9]{19}\n");
        // a line that is not whole was not synced: its file had not been taken in
        return whole ? new MarkerLine(text.substring(0, 32), Long.parseLong(text.substring(33, 52))) : null;
    }

    /** Notes it; returns when that is on the disk. */
    void begin(MarkerLine line) throws IOException {
        boolean there = disk.list("").contains(FILE);
        try (OpenFile file = there ? disk.open(FILE) : disk.create(FILE)) {
            String text = line.name() + String.format(Locale.ROOT, " %019d\n", line.first());
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
            file.force();
        }
        if (!there) {
            disk.forceFolder("");
        }
    }
}

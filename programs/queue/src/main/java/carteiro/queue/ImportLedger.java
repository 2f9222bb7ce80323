package carteiro.queue;

import carteiro.log.LogText;
import carteiro.protocol.StoppedQueue.ImportNotSyncedException;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Which exports have been imported into a queue, below HOME/queue/imports: all of one, or nothing. One thread.
 *
 * <table>
 * <caption>The order of writes, and what a crash leaves</caption>
 * <tr><td>imports/new, synced: the first number the import may give</td><td>nothing is imported</td></tr>
 * <tr><td>messages, as from any client</td><td>the next start ends them all</td></tr>
 * <tr><td>log and checkpoint synced</td><td>the same</td></tr>
 * <tr><td>imports/new renamed to imports/SUM, folder synced</td><td>all is imported</td></tr>
 * </table>
 */
final class ImportLedger {
    /** Where they are, below HOME/queue. */
    static final String FOLDER = "imports";

    private static final String BEGUN = FOLDER + "/new";
    private static final int LONGEST = 32;

    private final Disk disk;

    ImportLedger(Disk disk) {
        this.disk = disk;
    }

    /** The first number given by an import that was broken off; 0 if there is none. */
    long brokenOff() throws IOException {
        if (!disk.list("").contains(FOLDER) || !disk.list(FOLDER).contains("new")) {
            return 0;
        }
        try (OpenFile file = disk.open(BEGUN)) {
            String text = StandardCharsets.US_ASCII
                    .decode(StoredRecord.fill(file, ByteBuffer.allocate(LONGEST), 0))
                    .toString();
            // a file that was not written whole was not synced: nothing had been imported
            return text.matches("[1-9][0-9]{0,17}\n") ? Long.parseLong(text.strip()) : Long.MAX_VALUE;
        }
    }

    /** Notes that messages from that number on belong to an import. */
    void begin(long first) throws IOException {
        disk.makeFolder(FOLDER);
        disk.forceFolder("");
        try (OpenFile file = disk.create(BEGUN)) {
            file.write(ByteBuffer.wrap((first + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
            file.force();
        }
        disk.forceFolder(FOLDER);
    }

    /** The import is undone; its messages have ended, and that is synced. */
    void undone() throws IOException {
        disk.delete(BEGUN);
        disk.forceFolder(FOLDER);
    }

    /** Whether an export of that sum has been imported. */
    boolean contains(String sum) throws IOException {
        return disk.list(FOLDER).contains(sum);
    }

    /**
     * The import is complete; its messages are synced.
     *
     * @throws ImportNotSyncedException if only that could not be synced
     */
    void done(String sum) throws IOException {
        disk.rename(BEGUN, FOLDER + "/" + sum);
        try {
            disk.forceFolder(FOLDER);
        } catch (IOException e) {
            throw new ImportNotSyncedException(FOLDER + ": cannot be synced (" + LogText.reason(e) + ")", e);
        }
    }
}

package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The folder HOME/queue: what stands in it beside segments, checkpoints and large files, and which format it is of. */
public final class QueueFolder {
    /** Held while a queue runs. */
    public static final String LOCK = "lock";

    /** Says which format the queue is of. */
    public static final String FORMAT_FILE = "format";

    /** Where copies of damaged octets are. */
    public static final String DAMAGED = "damaged";

    /** Such a copy that is being written. */
    public static final String DAMAGED_DRAFT = DAMAGED + "/new";

    private static final String FORMAT = "carteiro queue ";

    private QueueFolder() {}

    /** The name of the copy of what is damaged at a place. */
    public static String damaged(SegmentPosition place) {
        return DAMAGED + "/" + Segments.name(place.segment()).replace('/', '-') + "-" + place.offset();
    }

    /**
     * Makes the folders, checks that the format is one that is read here, and notes that it is now the one that is written.
     *
     * @throws IOException if the queue is of another version, or if it has segments and does not say its version
     */
    public static void prepare(Disk disk) throws IOException {
        List<String> names = disk.list("");
        boolean earlier = false;
        if (names.contains(FORMAT_FILE)) {
            earlier = version(disk) < Framing.VERSION;
        } else if (names.contains(Segments.FOLDER)
                && !disk.list(Segments.FOLDER).isEmpty()) {
            throw new IOException("queue/format is missing, but there are segments; put it back (it holds the line \""
                    + FORMAT + Framing.VERSION + "\" or \"" + FORMAT + Framing.FIRST_VERSION
                    + "\"; both are read)");
        }
        for (String folder : List.of(Segments.FOLDER, LargeFiles.FOLDER, Checkpoint.FOLDER, DAMAGED)) {
            disk.makeFolder(folder);
        }
        disk.forceFolder("");
        if (earlier
                || !names.contains(FORMAT_FILE)) { // before anything is written that an earlier version does not know
            String draft = FORMAT_FILE + ".new";
            disk.delete(draft);
            try (OpenFile file = disk.create(draft)) {
                file.write(ByteBuffer.wrap((FORMAT + Framing.VERSION + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
                file.force();
            }
            disk.rename(draft, FORMAT_FILE);
            disk.forceFolder("");
        }
    }

    /**
     * The version of the queue, one that is read here.
     *
     * @throws IOException if the queue is of another version, or none
     */
    public static int version(Disk disk) throws IOException {
        String text;
        try (OpenFile file = disk.open(FORMAT_FILE)) {
            text = StandardCharsets.US_ASCII
                    .decode(StoredRecord.fill(file, ByteBuffer.allocate(100), 0))
                    .toString()
                    .strip();
        }
        for (int version = Framing.FIRST_VERSION; version <= Framing.VERSION; version++) {
            if (text.equals(FORMAT + version)) {
                return version;
            }
        }
        throw new IOException("queue/format says \"" + text + "\", and this program knows \"" + FORMAT + Framing.VERSION
                + "\" and those before; run the version of Carteiro that wrote it, or empty the queue with it first");
    }
}

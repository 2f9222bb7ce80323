package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The segments on disk: how much of each is needed, who reads it, which are dead. Owner of their open files. Any thread.
 */
public final class Segments {
    /** Where they are, below HOME/queue. */
    public static final String FOLDER = "segments";

    /** A segment that is ready for use and empty. */
    public static final String SPARE = FOLDER + "/spare";

    /** Segments kept open for reading. */
    private static final int MOST_OPEN = 128;

    /** A segment smaller than this is joined with others even if all of it is live: one is left by each restart. */
    private static final long SMALL = 1 << 20;

    private static final int MOST_SMALL = 8;

    private final Disk disk;
    private final TreeMap<Integer, Segment> segments = new TreeMap<>();
    private int open;
    private long clock;

    /** No segment is known yet. */
    public Segments(Disk disk) {
        this.disk = disk;
    }

    /** One segment; its fields belong to {@link Segments}. */
    private static final class Segment {
        final int number;
        long size;
        int records; // that are needed
        long octets; // of those records
        int readers;
        long lastRead;
        boolean writing;
        boolean missing;

        @Nullable
        OpenFile file;

        Segment(int number) {
            this.number = number;
        }
    }

    /** The name of a segment below HOME/queue. */
    public static String name(int segment) {
        return String.format(Locale.ROOT, "%s/%010d", FOLDER, segment);
    }

    /** The number in a file name in the folder; 0 if it is no segment's. */
    public static int number(String file) {
        if (!file.matches("[0-9]{10}")) {
            return 0;
        }
        long number = Long.parseLong(file);
        return number > Integer.MAX_VALUE ? 0 : (int) number;
    }

    /** Notes a segment that was found on disk. */
    public synchronized void found(int number, long size) {
        Segment segment = of(number);
        segment.size = size;
        segment.missing = false;
    }

    /** Notes the segment that is now written, by a file that stays open. */
    public synchronized void writing(int number, OpenFile file, long size) {
        Segment segment = of(number);
        segment.missing = false;
        segment.writing = true;
        segment.size = size;
        segment.file = file;
        open++;
    }

    /** Notes that a segment grew. */
    public synchronized void grew(int number, long size) {
        Segment segment = of(number);
        segment.size = Math.max(segment.size, size);
    }

    /** Notes that a segment will not be written any more. */
    public synchronized void sealed(int number, long size) {
        Segment segment = of(number);
        segment.writing = false;
        segment.size = size;
        closeExcessFiles();
    }

    /** Forgets a segment in which nothing was ever kept. */
    public synchronized void dropped(int number) {
        Segment segment = segments.remove(number);
        if (segment != null) {
            close(segment);
        }
    }

    private Segment of(int number) {
        return segments.computeIfAbsent(number, wanted -> {
            var segment = new Segment(wanted);
            segment.missing = true; // until it is found
            return segment;
        });
    }

    /** A record in the segment is needed. */
    synchronized void reference(int number, int octets) {
        Segment segment = of(number);
        segment.records++;
        segment.octets += octets;
    }

    /** A record in the segment is needed no more. */
    synchronized void release(int number, int octets) {
        Segment segment = of(number);
        segment.records--;
        segment.octets -= octets;
        if (segment.missing && segment.records == 0) {
            segments.remove(number);
        }
    }

    /** What is done with an open segment. */
    public interface SegmentAction<T> {
        /** Called once, with the file open. */
        T with(OpenFile file) throws IOException;
    }

    /** Does something with a segment, which will not be removed meanwhile. */
    public <T> T reading(int number, SegmentAction<T> work) throws IOException {
        OpenFile file = pin(number);
        try {
            return work.with(file);
        } finally {
            unpin(number);
        }
    }

    /** Opens a segment for reading; it will not be removed before {@link #unpin}. */
    public synchronized OpenFile pin(int number) throws IOException {
        Segment segment = of(number);
        OpenFile file = segment.file;
        if (file == null) {
            try {
                file = disk.open(name(number));
            } catch (IOException e) {
                if (segment.missing && segment.records == 0 && segment.readers == 0) {
                    segments.remove(number);
                }
                throw e;
            }
            segment.file = file;
            open++;
        }
        segment.readers++;
        segment.lastRead = ++clock;
        return file;
    }

    /** Ends what {@link #pin} began. */
    public synchronized void unpin(int number) {
        Segment segment = of(number);
        segment.readers--;
        closeExcessFiles();
    }

    private void closeExcessFiles() {
        while (open > MOST_OPEN) {
            Segment oldest = null;
            for (Segment segment : segments.values()) {
                if (segment.file != null
                        && !segment.writing
                        && segment.readers == 0
                        && (oldest == null || segment.lastRead < oldest.lastRead)) {
                    oldest = segment;
                }
            }
            if (oldest == null) {
                return;
            }
            close(oldest);
        }
    }

    private void close(Segment segment) {
        OpenFile file = segment.file;
        if (file != null) {
            segment.file = null;
            open--;
            try {
                file.close();
            } catch (IOException e) {
                // it was only read
            }
        }
    }

    /** The names of segments that nothing needs, that nobody reads, and that lie wholly before that place. */
    public synchronized List<String> dead(SegmentPosition before) {
        var dead = new ArrayList<String>();
        for (Segment segment : segments.values()) {
            if (isUseless(segment) && segment.readers == 0 && isBefore(segment, before)) {
                dead.add(name(segment.number));
            }
        }
        return dead;
    }

    private static boolean isUseless(Segment segment) {
        return segment.records == 0 && !segment.writing && !segment.missing;
    }

    private static boolean isBefore(Segment segment, SegmentPosition place) {
        return segment.number < place.segment()
                || segment.number == place.segment() && !segment.writing && segment.size <= place.offset();
    }

    /** Whether a segment that nothing needs does not lie before that place, so that a checkpoint would free it. */
    public synchronized boolean hasDeadSegmentFrom(SegmentPosition place) {
        return segments.values().stream().anyMatch(segment -> isUseless(segment) && !isBefore(segment, place));
    }

    /** Forgets a segment that clean has removed; ignored unless it is dead. */
    public synchronized void removed(int number, SegmentPosition before) {
        if (dead(before).contains(name(number))) {
            Segment segment = segments.remove(number);
            if (segment != null) {
                close(segment);
            }
        }
    }

    /** A segment worth rewriting, and what of it is live. */
    public record Sparse(int segment, long live) {}

    /**
     * The segment before that place of which the least is live, if at most half of it is; null if there is none.
     *
     * @param but segments that could not be rewritten
     */
    public synchronized @Nullable Sparse sparsest(SegmentPosition before, Set<Integer> but) {
        Segment sparsest = null;
        Segment smallest = null;
        int small = 0;
        for (Segment segment : segments.values()) {
            if (segment.missing || segment.records == 0 || !isBefore(segment, before) || but.contains(segment.number)) {
                continue;
            }
            if (2 * segment.octets <= segment.size
                    && (sparsest == null || segment.octets * sparsest.size < sparsest.octets * segment.size)) {
                sparsest = segment;
            }
            if (segment.size < SMALL) {
                small++;
                smallest = smallest == null || segment.size < smallest.size ? segment : smallest;
            }
        }
        if (sparsest == null && small > MOST_SMALL) {
            sparsest = smallest;
        }
        return sparsest == null ? null : new Sparse(sparsest.number, sparsest.octets);
    }

    /** The numbers of segments that are needed but not on disk. */
    public synchronized List<Integer> missing() {
        return segments.values().stream()
                .filter(segment -> segment.missing)
                .map(segment -> segment.number)
                .toList();
    }

    /** How many there are on disk. */
    public synchronized int count() {
        return (int)
                segments.values().stream().filter(segment -> !segment.missing).count();
    }

    /** Their octets. */
    public synchronized long octets() {
        return segments.values().stream()
                .filter(segment -> !segment.missing)
                .mapToLong(segment -> segment.size)
                .sum();
    }

    /** Closes every file. */
    public synchronized void close() {
        segments.values().forEach(this::close);
    }
}

package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files of messages that are not kept in a segment: which exist, who reads them, which are dead. Any thread.
 *
 * <p>A file is made under a number that is never used again, written, synced with its folder, and only then named by an
 * accepted record. It is dead once the record that ended its message is synced.
 */
public final class LargeFiles {
    /** Where they are, below HOME/queue. */
    public static final String FOLDER = "large";

    private final Disk disk;
    private final Map<Long, Long> sizes = new HashMap<>();
    private final Map<Long, Integer> readers = new HashMap<>();
    private final Set<Long> dead = new TreeSet<>();
    private long next = 1;

    /** No file is known yet. */
    public LargeFiles(Disk disk) {
        this.disk = disk;
    }

    /** The name of a file below HOME/queue. */
    public static String name(long file) {
        return FOLDER + "/" + file;
    }

    /** The number in a file name in the folder; 0 if it is none. */
    public static long number(String file) {
        return file.matches("[1-9][0-9]{0,17}") ? Long.parseLong(file) : 0;
    }

    /** No file will have this number or a lower one. */
    public synchronized void used(long file) {
        next = Math.max(next, file + 1);
    }

    /** The number the next file will have. */
    public synchronized long next() {
        return next;
    }

    /** A file that is being written. */
    public record New(long number, OpenFile file) {}

    /** Makes a file. */
    public New create() throws IOException {
        long number;
        synchronized (this) {
            number = next++;
        }
        return new New(number, disk.create(name(number)));
    }

    /** Notes a file that a live message is in. */
    public synchronized void live(long file, long octets) {
        sizes.put(file, octets);
    }

    /** Notes that no message needs the file, and that this will still be so after a crash. */
    public synchronized void ended(long file) {
        dead.add(file);
    }

    /** Removes a file that no record names. */
    public void withdraw(long file) {
        try {
            disk.delete(name(file));
        } catch (IOException e) {
            ended(file); // clean may have more luck
        }
    }

    /** Opens a file for reading; it will not be listed as dead before {@link #unpin}. */
    public OpenFile pin(long file) throws IOException {
        synchronized (this) {
            readers.merge(file, 1, Integer::sum);
        }
        try {
            return disk.open(name(file));
        } catch (IOException | RuntimeException e) {
            unpin(file);
            throw e;
        }
    }

    /** Ends what {@link #pin} began. */
    public synchronized void unpin(long file) {
        readers.merge(file, -1, (now, change) -> now + change == 0 ? null : now + change);
    }

    /** The names of dead files nobody reads. */
    public synchronized List<String> dead() {
        var names = new ArrayList<String>();
        for (long file : dead) {
            if (!readers.containsKey(file)) {
                names.add(name(file));
            }
        }
        return names;
    }

    /** Forgets a file that clean has removed; ignored unless it is dead. */
    public synchronized void removed(long file) {
        if (dead.remove(file)) {
            sizes.remove(file);
        }
    }

    /** Octets of files on disk, dead ones included. */
    public synchronized long octets() {
        return sizes.values().stream().mapToLong(Long::longValue).sum();
    }
}

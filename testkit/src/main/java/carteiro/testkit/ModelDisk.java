package carteiro.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that records every change made to it, fails when told to, and can be rebuilt as a power failure may leave
 * it. Programs reach it by paths of its own file system ({@link #root}). Any thread.
 *
 * <p>The model is POSIX's, as hostile as ext4 and XFS can be, and a little more:
 *
 * <ul>
 *   <li>Only a force makes octets last (fsync, fdatasync of that file), and only a force of the folder makes a name in it last.
 *       One says nothing about the other, nor about another file or folder.
 *   <li>What was written since reaches the medium by sectors of 512 octets, in any order: each is as it was at the last force,
 *       or as it was after any write since that touched it. The size is as it was at any moment since; where it has
 *       grown and the octets did not come, there are zeros, or garbage.
 *   <li>Names persist independently, those of one folder too; the changes of one name keep their order. A rename is atomic:
 *       old and new name change together. A folder whose own name was lost is gone with all in it. A file that was removed
 *       may come back until its folder is forced: with octets as of any other file.
 *   <li>A force that fails makes nothing last, and neither does a later one that succeeds: the kernel takes what it could not
 *       write for clean. A write that fails may have written a part.
 * </ul>
 *
 * Names here have no {@code /} in front; the root is the empty one, and lasts.
 */
public final class ModelDisk {
    /** What reaches the medium whole or not at all, in octets. */
    public static final int SECTOR = 512;

    /** Whole outcomes are all tried up to this many changes: two to the power of it. */
    private static final int EXHAUSTIVE = 4;

    private static final int FOLDER = -1;

    /** A change, or a sync. Files have numbers, in the order in which they were made. */
    public sealed interface DiskOperation {
        /** A folder was made. */
        record MakeFolder(String name) implements DiskOperation {}

        /** A file was made. */
        record Create(String name, int file) implements DiskOperation {}

        /** Octets were written. */
        @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
        record Write(int file, long at, byte[] octets) implements DiskOperation {
            @Override
            public String toString() {
                return "Write[file=" + file + ", at=" + at + ", octets=" + octets.length + "]";
            }
        }

        /** A file was cut. */
        record Truncate(int file, long size) implements DiskOperation {}

        /** A file was forced. */
        record Force(int file) implements DiskOperation {}

        /** A file could not be forced. */
        record ForceFailed(int file) implements DiskOperation {}

        /** A file got one more name. */
        record Link(int file, String to) implements DiskOperation {}

        /** A file got another name. */
        record Rename(int file, String from, String to) implements DiskOperation {}

        /** A name was removed. */
        record Delete(String name) implements DiskOperation {}

        /** A folder was forced. */
        record ForceFolder(String folder) implements DiskOperation {}
    }

    /** What a power failure leaves of what was not synced. */
    public sealed interface Fate {
        /** Each change whole or not at all; bit i is that of change i: files written to first, then changes of names. */
        record WholeChanges(long kept) implements Fate {
            /** Everything reached the medium. */
            public static final WholeChanges KEPT = new WholeChanges(-1);

            /** Nothing did. */
            public static final WholeChanges LOST = new WholeChanges(0);
        }

        /** Whatever the dice say, down to sectors. */
        record Drawn(long seed) implements Fate {}
    }

    private static final class File {
        byte[] now;
        int size;
        byte[] synced;
        final List<Change> changes = new ArrayList<>();

        File(byte[] octets) {
            now = octets;
            synced = octets;
            size = octets.length;
        }

        void write(int at, byte[] octets) {
            int end = at + octets.length;
            own(Math.max(end, size));
            System.arraycopy(octets, 0, now, at, octets.length);
            size = Math.max(size, end);
        }

        void truncate(int to) {
            if (to < size) {
                own(size);
                Arrays.fill(now, to, size, (byte) 0);
                size = to;
            }
        }

        @SuppressWarnings("ReferenceEquality") // the very array
        private void own(int room) {
            if (now == synced || now.length < room) {
                now = Arrays.copyOf(now, room > now.length ? Math.max(room, 2 * now.length) : now.length);
            }
        }

        byte[] octets() {
            return now.length == size ? now : Arrays.copyOf(now, size);
        }
    }

    /** @param lasts a later force that succeeded covers it */
    private record Change(DiskOperation call, boolean lasts) {}

    private final ModelFileSystem fileSystem = new ModelFileSystem(this);
    private final List<DiskOperation> calls = new ArrayList<>();
    private final List<File> files = new ArrayList<>();
    private final TreeMap<String, Integer> entries = new TreeMap<>();
    private final TreeMap<String, Integer> syncedEntries = new TreeMap<>();
    private final List<DiskOperation> unsyncedEntries = new ArrayList<>();
    private Predicate<String> skipped = name -> false;
    private boolean locks = true;
    private int failIn;
    private int failures;
    private int lastFailure = -1;
    private String failure = "No space left on device";
    private boolean holding;
    private int held;

    /** An empty disk. */
    public ModelDisk() {}

    /** Its root folder, for programs. */
    public Path root() {
        return fileSystem.root();
    }

    // ---- What was done, and what fails

    /** The calls so far. */
    public synchronized int callCount() {
        return calls.size();
    }

    /** How many calls there had been when one failed for the last time; -1 if none has. */
    public synchronized int lastFailure() {
        return lastFailure;
    }

    /** What was done so far. */
    public synchronized List<DiskOperation> calls() {
        return List.copyOf(calls);
    }

    /** This file system has no locks, as some that come over a network. */
    public synchronized void withoutLocks() {
        locks = false;
    }

    synchronized boolean hasLocks() {
        return locks;
    }

    /** Calls from that one on, and before the other, fail. Counted from now, failed ones included. */
    public synchronized void fail(int from, int to) {
        failIn = from;
        failures = to - from;
    }

    /** As {@link #fail(int, int)}, with the system's words. */
    public synchronized void fail(int from, int to, String words) {
        fail(from, to);
        failure = words;
    }

    /**
     * Forces of files of such names do nothing and say that all is well, and those of folders, whose names end in {@code /}
     * here: for tests of tests.
     */
    public synchronized void skipSyncsOf(Predicate<String> names) {
        skipped = names;
    }

    /** Calls wait from now on, until {@link #release}. */
    public synchronized void hold() {
        holding = true;
    }

    /** Returns when a call waits. */
    public synchronized void awaitHeld() throws InterruptedException {
        while (held == 0) {
            wait();
        }
    }

    /** Returns when something was written by a call from that one on, or so many milliseconds have passed. */
    public synchronized void awaitWrite(int from, long patience) throws InterruptedException {
        long until = System.nanoTime() + patience * 1_000_000;
        int next = from;
        while (true) {
            for (; next < calls.size(); next++) {
                if (calls.get(next) instanceof DiskOperation.Write) {
                    return;
                }
            }
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }

    /** Ends {@link #hold}. */
    public synchronized void release() {
        holding = false;
        notifyAll();
    }

    // ---- Power failures

    /** All that is there lasts, and the record begins here. */
    public synchronized void settle() {
        for (File file : files) {
            file.now = file.octets();
            file.synced = file.now;
            file.changes.clear();
        }
        syncedEntries.clear();
        syncedEntries.putAll(entries);
        unsyncedEntries.clear();
        calls.clear();
    }

    /** An equal disk, with nothing recorded and nothing held. */
    public synchronized ModelDisk copy() {
        var copy = new ModelDisk();
        for (File file : files) {
            var like = new File(file.synced);
            like.now = file.octets();
            like.size = file.size;
            if (!file.changes.isEmpty()) {
                like.now = like.now.clone();
                like.changes.addAll(file.changes);
            }
            copy.files.add(like);
        }
        copy.entries.putAll(entries);
        copy.syncedEntries.putAll(syncedEntries);
        copy.unsyncedEntries.addAll(unsyncedEntries);
        return copy;
    }

    /** Does what was recorded on a disk that looked the same. */
    public synchronized void apply(DiskOperation call) {
        switch (call) {
            case DiskOperation.Create(String name, int number) -> {
                if (number != files.size()) {
                    throw new IllegalArgumentException(call + " was recorded on another disk");
                }
                files.add(new File(new byte[0]));
                rename(entries, call);
                unsyncedEntries.add(call);
            }
            case DiskOperation.MakeFolder _, DiskOperation.Link _, DiskOperation.Delete _, DiskOperation.Rename _ -> {
                rename(entries, call);
                unsyncedEntries.add(call);
            }
            case DiskOperation.ForceFolder(String folder) -> {
                for (DiskOperation change : List.copyOf(unsyncedEntries)) {
                    if (folder(names(change).getFirst()).equals(folder)) {
                        rename(syncedEntries, change);
                        unsyncedEntries.remove(change);
                    }
                }
            }
            case DiskOperation.Write(int file, long at, byte[] octets) -> {
                files.get(file).write(Math.toIntExact(at), octets);
                files.get(file).changes.add(new Change(call, false));
            }
            case DiskOperation.Truncate(int file, long size) -> {
                files.get(file).truncate(Math.toIntExact(Math.min(size, Integer.MAX_VALUE)));
                files.get(file).changes.add(new Change(call, false));
            }
            case DiskOperation.Force(int number) -> {
                File file = files.get(number);
                if (file.changes.stream().anyMatch(change -> change.call() instanceof DiskOperation.ForceFailed)) {
                    forceAfterFailure(file);
                } else {
                    file.now = file.octets();
                    file.synced = file.now;
                    file.changes.clear();
                }
            }
            case DiskOperation.ForceFailed(int file) -> {
                if (files.get(file).changes.stream().anyMatch(change -> !change.lasts())) {
                    files.get(file).changes.add(new Change(call, false));
                }
            }
        }
    }

    /** What was written before the force that failed does not last; what came after does. */
    private static void forceAfterFailure(File file) {
        int last = 0;
        for (int i = 0; i < file.changes.size(); i++) {
            if (file.changes.get(i).call() instanceof DiskOperation.ForceFailed) {
                last = i;
            }
        }
        for (int i = last + 1; i < file.changes.size(); i++) {
            file.changes.set(i, new Change(file.changes.get(i).call(), true));
        }
    }

    private static void rename(Map<String, Integer> map, DiskOperation call) {
        switch (call) {
            case DiskOperation.MakeFolder(String name) -> map.put(name, FOLDER);
            case DiskOperation.Create(String name, int file) -> map.put(name, file);
            case DiskOperation.Link(int file, String to) -> map.put(to, file);
            case DiskOperation.Delete(String name) -> map.remove(name);
            case DiskOperation.Rename(int file, String from, String to) -> {
                map.remove(from);
                map.put(to, file);
            }
            case DiskOperation.Write _,
                    DiskOperation.Truncate _,
                    DiskOperation.Force _,
                    DiskOperation.ForceFailed _,
                    DiskOperation.ForceFolder _ -> throw new IllegalStateException();
        }
    }

    private static List<String> names(DiskOperation call) {
        return switch (call) {
            case DiskOperation.MakeFolder(String name) -> List.of(name);
            case DiskOperation.Create(String name, int _) -> List.of(name);
            case DiskOperation.Link(int _, String to) -> List.of(to);
            case DiskOperation.Delete(String name) -> List.of(name);
            case DiskOperation.Rename(int _, String from, String to) -> List.of(from, to);
            case DiskOperation.Write _,
                    DiskOperation.Truncate _,
                    DiskOperation.Force _,
                    DiskOperation.ForceFailed _,
                    DiskOperation.ForceFolder _ -> throw new IllegalStateException();
        };
    }

    /**
     * What a power failure now may leave: every combination of whole changes if there are few of them, else all, none, octets
     * alone, names alone; and draws if octets may be torn or changes are many.
     *
     * @param draws how many draws; fewer where there is next to nothing to draw
     */
    public synchronized List<Fate> fates(int draws, Random random) {
        int written = dirty().cardinality();
        int names = unsyncedEntries.size();
        Set<Fate> fates = new LinkedHashSet<>();
        if (written + names <= EXHAUSTIVE) {
            for (long kept = 0; kept < 1L << written + names; kept++) {
                if (effective(kept >>> written) == kept >>> written) {
                    fates.add(new Fate.WholeChanges(kept));
                }
            }
        } else {
            fates.add(Fate.WholeChanges.KEPT);
            fates.add(Fate.WholeChanges.LOST);
            fates.add(new Fate.WholeChanges((1L << written) - 1));
            fates.add(new Fate.WholeChanges(-1L << written));
        }
        if (written > 0 || written + names > EXHAUSTIVE) {
            for (int i = 0; i < draws; i++) {
                fates.add(new Fate.Drawn(random.nextLong()));
            }
        }
        return List.copyOf(fates);
    }

    /**
     * The files that may be there after a power failure, with octets that may not. One that was removed may come back until
     * that is synced, as it was when its name went: its octets go on reaching the medium for as long.
     */
    private BitSet dirty() {
        var dirty = new BitSet();
        for (int file : syncedEntries.values()) {
            if (file != FOLDER) {
                dirty.set(file);
            }
        }
        for (DiskOperation change : unsyncedEntries) {
            switch (change) {
                case DiskOperation.Create(String _, int file) -> dirty.set(file);
                case DiskOperation.Link(int file, String _) -> dirty.set(file);
                case DiskOperation.Rename(int file, String _, String _) -> dirty.set(file);
                default -> {
                    // makes no name of a file
                }
            }
        }
        dirty.stream().filter(file -> files.get(file).changes.isEmpty()).forEach(dirty::clear);
        return dirty;
    }

    /** Without the changes of names before whose predecessor they cannot be. */
    private long effective(long kept) {
        long left = kept;
        Set<String> stuck = new LinkedHashSet<>();
        for (int i = 0; i < unsyncedEntries.size(); i++) {
            List<String> names = names(unsyncedEntries.get(i));
            boolean isKept = i >= Long.SIZE ? kept < 0 : (kept >>> i & 1) != 0;
            if (!isKept || names.stream().anyMatch(stuck::contains)) {
                stuck.addAll(names);
                if (i < Long.SIZE) {
                    left &= ~(1L << i);
                }
            }
        }
        return left;
    }

    /** The disk after a power failure at this moment. This one stays as it is. */
    public synchronized ModelDisk after(Fate fate) {
        var left = new ModelDisk();
        left.entries.putAll(syncedEntries);
        BitSet dirty = dirty();
        switch (fate) {
            case Fate.WholeChanges(long kept) -> {
                int bit = 0;
                for (int i = 0; i < files.size(); i++) {
                    File file = files.get(i);
                    boolean keeps = (kept >>> Math.min(bit, Long.SIZE - 1) & 1) != 0;
                    left.files.add(new File(!dirty.get(i) ? file.synced : keeps ? file.octets() : whole(file)));
                    bit += dirty.get(i) ? 1 : 0;
                }
                long names = bit >= Long.SIZE ? kept >> Long.SIZE - 1 : kept >> bit;
                keepNames(left.entries, i -> (names >>> Math.min(i, Long.SIZE - 1) & 1) != 0);
            }
            case Fate.Drawn(long seed) -> {
                var random = new Random(seed);
                for (int i = 0; i < files.size(); i++) {
                    File file = files.get(i);
                    left.files.add(new File(dirty.get(i) ? torn(file, random) : file.synced));
                }
                drawNames(left.entries, random);
            }
        }
        left.entries
                .keySet()
                .removeIf(name ->
                        !folder(name).isEmpty() && !left.entries.containsKey(folder(name))); // parents come first
        left.syncedEntries.putAll(left.entries);
        return left;
    }

    /** What is surely there, and nothing else. */
    private static byte[] whole(File file) {
        var left = new File(file.synced);
        for (Change change : file.changes) {
            if (change.lasts()) {
                switch (change.call()) {
                    case DiskOperation.Write(int _, long at, byte[] octets) -> left.write((int) at, octets);
                    case DiskOperation.Truncate(int _, long size) ->
                        left.truncate((int) Math.min(size, Integer.MAX_VALUE));
                    default -> throw new IllegalStateException();
                }
            }
        }
        return left.octets();
    }

    private interface ChangeFilter {
        boolean keeps(int change);
    }

    private void keepNames(Map<String, Integer> names, ChangeFilter choice) {
        Set<String> stuck = new LinkedHashSet<>();
        for (int i = 0; i < unsyncedEntries.size(); i++) {
            DiskOperation change = unsyncedEntries.get(i);
            if (choice.keeps(i) && names(change).stream().noneMatch(stuck::contains)) {
                rename(names, change);
            } else {
                stuck.addAll(names(change));
            }
        }
    }

    private void drawNames(Map<String, Integer> names, Random random) {
        switch (random.nextInt(4)) {
            case 0 -> { // a journal: each folder up to some moment
                Map<String, Integer> until = new HashMap<>();
                keepNames(
                        names,
                        i -> i
                                < until.computeIfAbsent(
                                        folder(names(unsyncedEntries.get(i)).getFirst()),
                                        _ -> random.nextInt(unsyncedEntries.size() + 1)));
            }
            case 1 -> keepNames(names, i -> random.nextInt(8) != 0);
            case 2 -> keepNames(names, i -> random.nextInt(8) == 0);
            default -> keepNames(names, i -> random.nextBoolean());
        }
    }

    /** Each sector from any moment since the last force, and the size from any. */
    private static byte[] torn(File file, Random random) {
        int count = file.changes.size();
        int style = random.nextInt(5); // 0 all, 1 of the octets none, else sector by sector
        int certain = -1; // the last change that lasts
        int longest = Math.max(file.synced.length, file.size);
        for (int i = 0; i < count; i++) {
            Change change = file.changes.get(i);
            certain = change.lasts() ? i : certain;
            if (change.call() instanceof DiskOperation.Write(int _, long at, byte[] octets)) {
                longest = Math.max(longest, (int) at + octets.length);
            }
        }
        int[] untils = new int[longest / SECTOR + 1]; // each sector is as after this change; -1 as synced
        int sizeUntil = style == 0 ? count - 1 : certain + random.nextInt(count - certain);
        Arrays.fill(untils, style == 0 ? count - 1 : -1);
        var current = new File(file.synced);
        if (style > 0) {
            BitSet decided = new BitSet();
            for (int i = count - 1; i >= 0; i--) { // the last change that lasts binds a sector; of those behind, any
                for (int sector : sectors(file.changes.get(i).call(), longest)) {
                    if (!decided.get(sector)) {
                        boolean ends = file.changes.get(i).lasts();
                        if (ends || style > 1 && random.nextInt(3) != 0) {
                            untils[sector] = i;
                            decided.set(sector);
                        }
                    }
                }
            }
        }
        byte[] left = new byte[longest];
        if (random.nextInt(3) == 0) {
            random.nextBytes(left); // garbage where nothing came, but not in a sector that was written
            int written = Math.min(longest, Math.ceilDiv(file.synced.length, SECTOR) * SECTOR);
            Arrays.fill(left, Math.min(file.synced.length, written), written, (byte) 0);
        }
        System.arraycopy(file.synced, 0, left, 0, file.synced.length);
        int size = file.synced.length;
        for (int i = 0; i < count; i++) {
            DiskOperation call = file.changes.get(i).call();
            switch (call) {
                case DiskOperation.Write(int _, long at, byte[] octets) -> current.write((int) at, octets);
                case DiskOperation.Truncate(int _, long to) -> current.truncate((int) Math.min(to, Integer.MAX_VALUE));
                default -> {
                    continue;
                }
            }
            for (int sector : sectors(call, longest)) {
                if (i <= untils[sector]) {
                    int from = sector * SECTOR;
                    int to = Math.min(from + SECTOR, longest);
                    Arrays.fill(left, from, to, (byte) 0);
                    int there = Math.min(to, current.size);
                    if (there > from) {
                        System.arraycopy(current.now, from, left, from, there - from);
                    }
                }
            }
            size = i <= sizeUntil ? current.size : size;
        }
        return Arrays.copyOf(left, size);
    }

    private static int[] sectors(DiskOperation call, int longest) {
        int from;
        int to;
        switch (call) {
            case DiskOperation.Write(int _, long at, byte[] octets) -> {
                from = (int) at / SECTOR;
                to = octets.length == 0 ? from : ((int) at + octets.length - 1) / SECTOR + 1;
            }
            case DiskOperation.Truncate(int _, long size) -> {
                from = (int) Math.min(size, longest) / SECTOR;
                to = longest / SECTOR + 1;
            }
            default -> {
                return new int[0];
            }
        }
        int[] sectors = new int[to - from];
        Arrays.setAll(sectors, i -> from + i);
        return sectors;
    }

    // ---- What programs do to it, through their paths

    static String folder(String name) {
        int slash = name.lastIndexOf('/');
        return slash < 0 ? "" : name.substring(0, slash);
    }

    private void perform(DiskOperation call) throws IOException {
        boolean interrupted = false;
        while (holding) {
            held++;
            notifyAll();
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
            held--;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failures > 0 && failIn-- <= 0) {
            failures--;
            lastFailure = calls.size();
            switch (call) {
                case DiskOperation.Force(int file) -> record(new DiskOperation.ForceFailed(file));
                case DiskOperation.Write(int file, long at, byte[] octets)
                when octets.length > SECTOR ->
                    record(new DiskOperation.Write(file, at, Arrays.copyOf(octets, octets.length / 2)));
                default -> {
                    // nothing was done
                }
            }
            throw new IOException(failure);
        }
        record(call);
    }

    private void record(DiskOperation call) {
        apply(call);
        calls.add(call);
        notifyAll();
    }

    private int entry(String name) throws IOException {
        Integer entry = name.isEmpty() ? Integer.valueOf(FOLDER) : entries.get(name);
        if (entry == null) {
            throw new NoSuchFileException(name);
        }
        return entry;
    }

    private void mustBeInFolder(String name) throws IOException {
        if (entry(folder(name)) != FOLDER) {
            throw new NotDirectoryException(folder(name));
        }
    }

    private void mustBeFree(String name) throws IOException {
        mustBeInFolder(name);
        if (entries.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
    }

    synchronized boolean isFolder(String name) throws IOException {
        return entry(name) == FOLDER;
    }

    /** The number of a file. */
    synchronized int file(String name) throws IOException {
        int entry = entry(name);
        if (entry == FOLDER) {
            throw new IOException(name + ": Is a directory");
        }
        return entry;
    }

    synchronized void makeFolder(String name) throws IOException {
        mustBeFree(name);
        perform(new DiskOperation.MakeFolder(name));
    }

    synchronized int create(String name) throws IOException {
        mustBeFree(name);
        perform(new DiskOperation.Create(name, files.size()));
        return files.size() - 1;
    }

    synchronized List<String> list(String folder) throws IOException {
        if (entry(folder) != FOLDER) {
            throw new NotDirectoryException(folder);
        }
        String start = folder.isEmpty() ? "" : folder + "/";
        var list = new ArrayList<String>();
        for (String name : entries.tailMap(start, false).keySet()) {
            if (!name.startsWith(start)) {
                break;
            }
            if (folder(name).equals(folder)) {
                list.add(name.substring(start.length()));
            }
        }
        return list;
    }

    synchronized void link(String from, String to) throws IOException {
        int file = file(from);
        mustBeFree(to);
        perform(new DiskOperation.Link(file, to));
    }

    synchronized void rename(String from, String to) throws IOException {
        int file = file(from);
        mustBeInFolder(to);
        if (!folder(from).equals(folder(to))) {
            throw new UnsupportedOperationException(
                    "renames between folders are not in this model: " + from + " to " + to);
        }
        perform(new DiskOperation.Rename(file, from, to));
    }

    synchronized void delete(String name) throws IOException {
        if (entry(name) == FOLDER && !list(name).isEmpty()) {
            throw new DirectoryNotEmptyException(name);
        }
        perform(new DiskOperation.Delete(name));
    }

    synchronized void forceFolder(String folder) throws IOException {
        if (!skipped.test(folder + "/")) {
            perform(new DiskOperation.ForceFolder(folder));
        }
    }

    synchronized void force(int file) throws IOException {
        @Nullable String name = null;
        for (Map.Entry<String, Integer> entry : entries.entrySet()) {
            if (entry.getValue() == file) {
                name = entry.getKey();
            }
        }
        if (name == null || !skipped.test(name)) {
            perform(new DiskOperation.Force(file));
        }
    }

    synchronized void write(int file, long at, byte[] octets) throws IOException {
        perform(new DiskOperation.Write(file, at, octets));
    }

    /** Writes at the end; where that was. */
    synchronized long append(int file, byte[] octets) throws IOException {
        long at = files.get(file).size;
        write(file, at, octets);
        return at;
    }

    synchronized void truncate(int file, long size) throws IOException {
        if (size < files.get(file).size) {
            perform(new DiskOperation.Truncate(file, size));
        }
    }

    synchronized int read(int file, ByteBuffer into, long at) {
        File from = files.get(file);
        if (at >= from.size) {
            return -1;
        }
        int count = (int) Math.min(into.remaining(), from.size - at);
        into.put(from.now, (int) at, count);
        return count;
    }

    synchronized long size(int file) {
        return files.get(file).size;
    }
}

package carteiro.queue;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;

/**
 * A disk in memory that records what is done to it, can fail at any call, and can be rebuilt as it might look after a
 * power failure at any call: what was not synced is there, or not, or in part.
 */
final class TrialDisk implements Disk {
    /** What a power failure leaves of what was not synced. */
    enum Unsynced {
        KEPT,
        LOST,
        TORN
    }

    /** Something done to the disk. */
    sealed interface Call {
        record MakeFolder(String name) implements Call {}

        record Create(String name, int node) implements Call {}

        record Write(int node, long at, byte[] octets) implements Call {}

        record Truncate(int node, long size) implements Call {}

        record Force(int node) implements Call {}

        record Rename(String from, String to) implements Call {}

        record Delete(String name) implements Call {}

        record ForceFolder(String folder) implements Call {}
    }

    private static final class Node {
        byte[] now = {};
        byte[] synced = {};
        final List<Call> unsynced = new ArrayList<>();
    }

    private final List<Call> calls = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Integer> names = new HashMap<>();
    private final Map<String, Integer> syncedNames = new HashMap<>();
    private final List<Call> unsyncedNames = new ArrayList<>();
    private final TreeSet<String> folders = new TreeSet<>(List.of(""));
    private boolean locked;
    private long usable = Long.MAX_VALUE;
    private int failIn;
    private int failures;

    /** The calls so far. */
    synchronized int callCount() {
        return calls.size();
    }

    /** What was done so far. */
    synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** Calls from that one on, and before the other, fail and do nothing. Counted from now, failed ones included. */
    synchronized void fail(int from, int to) {
        failIn = from;
        failures = to - from;
    }

    synchronized void usable(long octets) {
        usable = octets;
    }

    /** The disk after the first calls of a record, then a power failure. */
    static TrialDisk after(List<Call> calls, int count, Unsynced unsynced, long seed) {
        var disk = new TrialDisk();
        for (Call call : calls.subList(0, count)) {
            disk.apply(call);
        }
        disk.powerFails(unsynced, new Random(seed));
        return disk;
    }

    /** This disk after more calls, recorded on a disk that looked the same, then a power failure. */
    TrialDisk afterMore(List<Call> more, Unsynced unsynced, long seed) {
        more.forEach(this::apply);
        powerFails(unsynced, new Random(seed));
        return this;
    }

    private void powerFails(Unsynced unsynced, Random random) {
        for (Node node : nodes) {
            byte[] left = unsynced == Unsynced.KEPT ? node.now : node.synced;
            if (unsynced == Unsynced.TORN) {
                for (Call call : node.unsynced) {
                    left = torn(left, call, random);
                }
            }
            node.now = left.clone();
            node.synced = left.clone();
            node.unsynced.clear();
        }
        Map<String, Integer> left = new HashMap<>(syncedNames);
        int kept = switch (unsynced) {
            case KEPT -> unsyncedNames.size();
            case LOST -> 0;
            case TORN -> random.nextInt(unsyncedNames.size() + 1); // a file system keeps their order
        };
        unsyncedNames.subList(0, kept).forEach(call -> rename(left, call));
        names.clear();
        names.putAll(left);
        syncedNames.clear();
        syncedNames.putAll(left);
        unsyncedNames.clear();
    }

    /** Sectors reach the medium in any order. */
    private static byte[] torn(byte[] octets, Call call, Random random) {
        byte[] left = octets;
        switch (call) {
            case Call.Write(int node, long at, byte[] written) -> {
                for (int from = 0; from < written.length; ) {
                    int sector = (int) (512 - (at + from) % 512);
                    int count = Math.min(sector, written.length - from);
                    if (random.nextBoolean()) {
                        left = write(left, at + from, Arrays.copyOfRange(written, from, from + count));
                    }
                    from += count;
                }
            }
            case Call.Truncate(int node, long size) -> {
                if (random.nextBoolean()) {
                    left = Arrays.copyOf(left, (int) Math.min(left.length, size));
                }
            }
            default -> throw new IllegalStateException();
        }
        return left;
    }

    private static byte[] write(byte[] octets, long at, byte[] written) {
        byte[] result = octets.length < at + written.length ? Arrays.copyOf(octets, (int) at + written.length) : octets;
        System.arraycopy(written, 0, result, (int) at, written.length);
        return result;
    }

    private static void rename(Map<String, Integer> map, Call call) {
        switch (call) {
            case Call.Create(String name, int node) -> map.put(name, node);
            case Call.Delete(String name) -> map.remove(name);
            case Call.Rename(String from, String to) -> {
                Integer node = map.remove(from);
                if (node != null) {
                    map.put(to, node);
                }
            }
            default -> throw new IllegalStateException();
        }
    }

    private static String folder(String name) {
        int slash = name.lastIndexOf('/');
        return slash < 0 ? "" : name.substring(0, slash);
    }

    private static String name(Call call) {
        return switch (call) {
            case Call.Create(String name, int node) -> name;
            case Call.Delete(String name) -> name;
            case Call.Rename(String from, String to) -> to;
            default -> throw new IllegalStateException();
        };
    }

    private void apply(Call call) {
        switch (call) {
            case Call.MakeFolder(String name) -> folders.add(name);
            case Call.Create(String name, int node) -> {
                while (nodes.size() <= node) {
                    nodes.add(new Node());
                }
                rename(names, call);
                unsyncedNames.add(call);
            }
            case Call.Delete _, Call.Rename _ -> {
                rename(names, call);
                unsyncedNames.add(call);
            }
            case Call.ForceFolder(String folder) -> {
                for (Call change : List.copyOf(unsyncedNames)) {
                    if (folder(name(change)).equals(folder)) {
                        rename(syncedNames, change);
                        unsyncedNames.remove(change);
                    }
                }
            }
            case Call.Write(int node, long at, byte[] octets) -> {
                nodes.get(node).now = write(nodes.get(node).now, at, octets);
                nodes.get(node).unsynced.add(call);
            }
            case Call.Truncate(int node, long size) -> {
                Node file = nodes.get(node);
                file.now = Arrays.copyOf(file.now, (int) Math.min(file.now.length, size));
                file.unsynced.add(call);
            }
            case Call.Force(int node) -> {
                nodes.get(node).synced = nodes.get(node).now.clone();
                nodes.get(node).unsynced.clear();
            }
        }
    }

    private void doIt(Call call) throws IOException {
        if (failures > 0 && failIn-- <= 0) {
            failures--;
            throw new IOException("No space left on device");
        }
        calls.add(call);
        apply(call);
    }

    @Override
    public synchronized void makeFolder(String name) throws IOException {
        if (!folders.contains(name)) {
            doIt(new Call.MakeFolder(name));
        }
    }

    @Override
    public synchronized List<String> list(String folder) throws IOException {
        if (!folders.contains(folder)) {
            throw new NoSuchFileException(folder);
        }
        var list = new ArrayList<String>();
        for (String name : names.keySet()) {
            if (folder(name).equals(folder)) {
                list.add(name.substring(name.lastIndexOf('/') + 1));
            }
        }
        if (folder.isEmpty()) {
            folders.stream().filter(name -> !name.isEmpty()).forEach(list::add);
        }
        return list;
    }

    @Override
    public synchronized OpenFile create(String name) throws IOException {
        if (names.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
        doIt(new Call.Create(name, nodes.size()));
        return new TrialFile(nodes.size() - 1);
    }

    private Node node(String name) throws IOException {
        Integer node = names.get(name);
        if (node == null) {
            throw new NoSuchFileException(name);
        }
        return nodes.get(node);
    }

    @Override
    public synchronized OpenFile open(String name) throws IOException {
        return new TrialFile(nodes.indexOf(node(name)));
    }

    @Override
    public synchronized long size(String name) throws IOException {
        return node(name).now.length;
    }

    @Override
    public synchronized void rename(String from, String to) throws IOException {
        if (!names.containsKey(from)) {
            throw new FileNotFoundException(from);
        }
        doIt(new Call.Rename(from, to));
    }

    @Override
    public synchronized void delete(String name) throws IOException {
        if (names.containsKey(name)) {
            doIt(new Call.Delete(name));
        }
    }

    @Override
    public synchronized void forceFolder(String folder) throws IOException {
        doIt(new Call.ForceFolder(folder));
    }

    @Override
    public synchronized long usable() {
        return usable;
    }

    @Override
    public synchronized Closeable lock(String name) throws IOException {
        if (locked) {
            throw new IOException("locked");
        }
        locked = true;
        return () -> {
            synchronized (this) {
                locked = false;
            }
        };
    }

    private final class TrialFile implements OpenFile {
        private final int node;

        TrialFile(int node) {
            this.node = node;
        }

        @Override
        public void write(ByteBuffer octets, long at) throws IOException {
            byte[] written = new byte[octets.remaining()];
            octets.get(written);
            synchronized (TrialDisk.this) {
                doIt(new Call.Write(node, at, written));
            }
        }

        @Override
        public int read(ByteBuffer into, long at) {
            synchronized (TrialDisk.this) {
                byte[] now = nodes.get(node).now;
                if (at >= now.length) {
                    return -1;
                }
                int count = (int) Math.min(into.remaining(), now.length - at);
                into.put(now, (int) at, count);
                return count;
            }
        }

        @Override
        public void force() throws IOException {
            synchronized (TrialDisk.this) {
                doIt(new Call.Force(node));
            }
        }

        @Override
        public long size() {
            synchronized (TrialDisk.this) {
                return nodes.get(node).now.length;
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (TrialDisk.this) {
                doIt(new Call.Truncate(node, size));
            }
        }

        @Override
        public void close() {}
    }
}

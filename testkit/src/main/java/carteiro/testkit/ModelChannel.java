package carteiro.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A file or folder of a {@link ModelDisk} that is open. Locks are always free. */
final class ModelChannel extends FileChannel {
    private final ModelDisk disk;
    private final String folder;
    private final int file; // below 0 for a folder
    private final boolean append;
    private long position;

    private ModelChannel(ModelDisk disk, String folder, int file, boolean append) {
        this.disk = disk;
        this.folder = folder;
        this.file = file;
        this.append = append;
    }

    static FileChannel ofFile(ModelDisk disk, int file, boolean append) {
        return new ModelChannel(disk, "", file, append);
    }

    static FileChannel ofFolder(ModelDisk disk, String folder) {
        return new ModelChannel(disk, folder, -1, false);
    }

    private int file() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (file < 0) {
            throw new IOException("Is a directory");
        }
        return file;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        if (file < 0) {
            disk.forceFolder(folder);
        } else {
            disk.force(file());
        }
    }

    private static byte[] take(ByteBuffer[] from, int at, int length) {
        int size = 0;
        for (int i = at; i < at + length; i++) {
            size += from[i].remaining();
        }
        byte[] octets = new byte[size];
        int done = 0;
        for (int i = at; i < at + length; i++) {
            int count = from[i].remaining();
            from[i].get(octets, done, count);
            done += count;
        }
        return octets;
    }

    @Override
    public synchronized long write(ByteBuffer[] from, int at, int length) throws IOException {
        byte[] octets = take(from, at, length);
        if (append) {
            position = disk.append(file(), octets) + octets.length;
        } else {
            disk.write(file(), position, octets);
            position += octets.length;
        }
        return octets.length;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return (int) write(new ByteBuffer[] {from}, 0, 1);
    }

    @Override
    public int write(ByteBuffer from, long at) throws IOException {
        byte[] octets = take(new ByteBuffer[] {from}, 0, 1);
        disk.write(file(), at, octets);
        return octets.length;
    }

    @Override
    public int read(ByteBuffer into, long at) throws IOException {
        return disk.read(file(), into, at);
    }

    @Override
    public synchronized int read(ByteBuffer into) throws IOException {
        int count = read(into, position);
        position += Math.max(count, 0);
        return count;
    }

    @Override
    public synchronized long read(ByteBuffer[] into, int at, int length) throws IOException {
        long total = 0;
        for (int i = at; i < at + length; i++) {
            int count = read(into[i]);
            if (count < 0) {
                return total == 0 ? -1 : total;
            }
            total += count;
        }
        return total;
    }

    @Override
    public synchronized long position() {
        return position;
    }

    @Override
    public synchronized FileChannel position(long to) {
        position = to;
        return this;
    }

    @Override
    public long size() throws IOException {
        return disk.size(file());
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        disk.truncate(file(), size);
        return this;
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        ByteBuffer octets = ByteBuffer.allocate((int) Math.min(count, 1 << 16));
        return read(octets, from) < 0 ? 0 : target.write(octets.flip());
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long at, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        return tryLock(from, size, shared);
    }

    @Override
    public FileLock tryLock(long from, long size, boolean shared) throws IOException {
        if (!disk.hasLocks()) {
            throw new IOException("no locks on this file system");
        }
        return new FileLock(this, from, size, shared) {
            @Override
            public boolean isValid() {
                return ModelChannel.this.isOpen();
            }

            @Override
            public void release() {}
        };
    }

    @Override
    protected void implCloseChannel() {}
}

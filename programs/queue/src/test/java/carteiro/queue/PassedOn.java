package carteiro.queue;

import carteiro.segments.Disk.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that does what it is told with another one; a test changes some of it. */
class PassedOn implements OpenFile {
    private final OpenFile file;

    PassedOn(OpenFile file) {
        this.file = file;
    }

    @Override
    public void write(ByteBuffer octets, long at) throws IOException {
        file.write(octets, at);
    }

    @Override
    public int read(ByteBuffer into, long at) throws IOException {
        return file.read(into, at);
    }

    @Override
    public void force() throws IOException {
        file.force();
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
        file.truncate(size);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

package carteiro.segments;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Everything that is done to the file system below HOME/queue. Names are relative to it, with {@code /}. Any thread.
 *
 * <p>This is a seam on purpose: the order of these calls is what makes a kill at any instant safe.
 */
public interface Disk {
    /** A file that is open. Positional operations, any thread. */
    interface OpenFile extends Closeable {
        /** Writes all of it. */
        void write(ByteBuffer octets, long at) throws IOException;

        /** Reads up to what fits; -1 at or past the end. */
        int read(ByteBuffer into, long at) throws IOException;

        /** Returns when what was written is on the medium, with the size that is needed to read it (fdatasync). */
        void force() throws IOException;

        /** Octets. */
        long size() throws IOException;

        /** Cuts what is past that size. */
        void truncate(long size) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Makes a folder unless it is there. */
    void makeFolder(String name) throws IOException;

    /** The names in a folder, in no order. */
    List<String> list(String folder) throws IOException;

    /** Makes a file; fails if there is one. */
    OpenFile create(String name) throws IOException;

    /** Opens a file for reading and writing; {@link java.nio.file.NoSuchFileException} if there is none. */
    OpenFile open(String name) throws IOException;

    /** The size of a file in octets. */
    long size(String name) throws IOException;

    /** Gives a file another name, in the same folder, atomically; what had that name is replaced. */
    void rename(String from, String to) throws IOException;

    /** Unlinks a file; nothing if there is none. */
    void delete(String name) throws IOException;

    /** Returns when the names in the folder are on the medium. */
    void forceFolder(String folder) throws IOException;

    /** Octets that may still be written. */
    long usable() throws IOException;

    /**
     * Takes the lock of this name, until closed.
     *
     * @throws IOException saying so if another process or another queue of this process holds it
     */
    Closeable lock(String name) throws IOException;
}

package carteiro.queue;

import java.util.Arrays;
import java.util.zip.CRC32C;

/** Octets in arrays that grow without being copied. One thread at a time. */
final class Chunks {
    private static final int FIRST = 8 * 1024;
    private static final int MOST = 64 * 1024;
    private static final byte[] NOTHING = new byte[0];

    private byte[][] chunks = new byte[0][];
    private int count;
    private int filled; // of the last chunk
    private int octets;

    /** Nothing yet, and next to no memory. */
    Chunks() {}

    /** Those octets. */
    static Chunks of(byte[] octets) {
        var chunks = new Chunks();
        chunks.chunks = new byte[][] {octets};
        chunks.count = 1;
        chunks.filled = octets.length;
        chunks.octets = octets.length;
        return chunks;
    }

    /** Octets that can be added without a further chunk. */
    int room() {
        return count == 0 ? 0 : chunks[count - 1].length - filled;
    }

    /** The size the next chunk would have. */
    int nextChunk() {
        return count == 0 ? FIRST : Math.min(2 * chunks[count - 1].length, MOST);
    }

    /** Appends a chunk. */
    void grow() {
        int size = nextChunk();
        if (count == chunks.length) {
            chunks = Arrays.copyOf(chunks, Math.max(2, 2 * count));
            Arrays.fill(chunks, count, chunks.length, NOTHING);
        }
        chunks[count++] = new byte[size];
        filled = 0;
    }

    /** Adds octets, at most {@link #room} of them. */
    void add(byte[] from, int at, int length) {
        System.arraycopy(from, at, chunks[count - 1], filled, length);
        filled += length;
        octets += length;
    }

    /** Puts octets before all others. */
    void prepend(byte[] first) {
        var all = new byte[count + 1][];
        all[0] = first;
        System.arraycopy(chunks, 0, all, 1, count);
        filled = count == 0 ? first.length : filled;
        chunks = all;
        count++;
        octets += first.length;
    }

    /** The CRC32C of all octets. */
    int sum() {
        var sum = new CRC32C();
        for (int i = 0; i < count; i++) {
            sum.update(chunks[i], 0, length(i));
        }
        return (int) sum.getValue();
    }

    int octets() {
        return octets;
    }

    int count() {
        return count;
    }

    byte[] chunk(int number) {
        return chunks[number];
    }

    /** Octets used of a chunk. */
    int length(int number) {
        return number == count - 1 ? filled : chunks[number].length;
    }

    /** Empties all but keeps the last chunk, to be filled again. */
    void reuseLast() {
        if (count > 1) {
            chunks = new byte[][] {chunks[count - 1]};
            count = 1;
        }
        filled = 0;
        octets = 0;
    }

    /** Gives everything up. */
    void clear() {
        chunks = new byte[0][];
        count = 0;
        filled = 0;
        octets = 0;
    }
}

package carteiro.queuetool;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;

/**
 * Writes plain files into an archive in the ustar format (POSIX.1, pax; docs/decisions/tar.md). A size of 8 GiB or more is
 * in base 256, as GNU tar and its followers have it. One thread.
 */
final class TarWriter {
    /** Octets of a block: everything begins at a multiple of them. */
    static final int BLOCK = 512;

    private static final long LARGEST_OCTAL = (1L << 33) - 1; // eleven digits

    private final OutputStream out;
    private long left; // of the entry
    private int pad; // what follows the entry up to a multiple of a block

    TarWriter(OutputStream out) {
        this.out = out;
    }

    /**
     * Begins an entry, once the one before is complete.
     *
     * @param name at most 100 octets of ASCII
     * @param size in octets
     */
    void begin(String name, long size, Instant modified) throws IOException {
        if (left != 0) {
            throw new IllegalStateException("the entry before wants " + left + " octets more");
        }
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "0000600\0");
        put(header, 108, "0000000\0");
        put(header, 116, "0000000\0");
        if (size <= LARGEST_OCTAL) {
            put(header, 124, octal(size));
        } else {
            header[124] = (byte) 0x80;
            ByteBuffer.wrap(header).putLong(128, size);
        }
        put(header, 136, octal(Math.clamp(modified.getEpochSecond(), 0, LARGEST_OCTAL)));
        header[156] = '0';
        put(header, 257, "ustar\00000");
        Arrays.fill(header, 148, 156, (byte) ' ');
        put(header, 148, String.format(Locale.ROOT, "%06o\0 ", sum(header)));
        out.write(header);
        left = size;
        pad = (int) (-size & (BLOCK - 1));
        if (left == 0) {
            end();
        }
    }

    /** Adds octets to the entry. */
    void write(byte[] octets, int from, int length) throws IOException {
        if (length > left) {
            throw new IllegalStateException("the entry wants " + left + " octets, not " + length);
        }
        out.write(octets, from, length);
        left -= length;
        if (left == 0 && length > 0) {
            end();
        }
    }

    private void end() throws IOException {
        out.write(new byte[pad]);
    }

    /** Ends the archive; does not close what it is written to. */
    void finish() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private static String octal(long number) {
        return String.format(Locale.ROOT, "%011o\0", number);
    }

    private static void put(byte[] header, int at, String text) {
        byte[] octets = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(octets, 0, header, at, octets.length);
    }

    /** The sum of a header's octets, its own field taken as spaces. */
    static int sum(byte[] header) {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        return sum;
    }
}

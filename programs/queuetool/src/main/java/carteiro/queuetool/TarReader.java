package carteiro.queuetool;

import carteiro.segments.Index;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the plain files of a tar archive one after another, from whoever made it: ustar, and what GNU tar, bsdtar and pax
 * add, as long as name and size stand in the header itself (docs/decisions/tar.md). Holds one block in memory. One thread.
 */
final class TarReader {
    private static final int BLOCK = TarWriter.BLOCK;

    /** A pax header with times and owners; what is longer is refused. */
    private static final int LONGEST_PAX = 64 * 1024;

    private static final Pattern OVERRIDES = Pattern.compile("(^|\n)\\d+ (path|size|linkpath|GNU\\.[^=]*)=");

    private final InputStream in;
    private long left; // of the entry
    private int pad;
    private long position;

    TarReader(InputStream in) {
        this.in = in;
    }

    /** The archive is none, or not one that is read here. */
    static final class MalformedArchiveException extends IOException {
        private static final long serialVersionUID = 1L;

        MalformedArchiveException(String message) {
            super(message);
        }
    }

    /**
     * A file in the archive.
     *
     * @param name without a leading {@code ./}
     */
    record TarEntry(String name, long size) {}

    /** The next file, behind what is left of the one before; null at the archive's end. */
    @Nullable
    TarEntry next() throws IOException {
        skip(left + pad);
        left = 0;
        pad = 0;
        while (true) {
            byte[] header = block();
            if (isZero(header)) {
                return null;
            }
            if (number(header, 148, 8) != TarWriter.sum(header)) {
                throw malformed("no header of a tar archive stands here");
            }
            long size = number(header, 124, 12);
            String name = text(header, 0, 100);
            String prefix = text(header, 257, 5).equals("ustar") && header[263] == '0' ? text(header, 345, 155) : "";
            name = prefix.isEmpty() ? name : prefix + "/" + name;
            switch (header[156]) {
                case '0', 0 -> {
                    left = size;
                    pad = (int) (-size & (BLOCK - 1));
                    return new TarEntry(name.startsWith("./") ? name.substring(2) : name, size);
                }
                case '5' -> skip(size + (-size & (BLOCK - 1))); // a folder
                case 'x', 'g' -> pax(size);
                default ->
                    throw malformed("\"" + name + "\" is of a kind (\"" + (char) (header[156] & 0x7f)
                            + "\") that an export does not have");
            }
        }
    }

    private void pax(long size) throws IOException {
        if (size > LONGEST_PAX) {
            throw malformed("a pax header of " + size + " octets, over " + LONGEST_PAX);
        }
        byte[] octets = new byte[(int) (size + (-size & (BLOCK - 1)))];
        readFully(octets);
        if (OVERRIDES.matcher(text(octets, 0, octets.length)).find()) {
            throw malformed("a pax header holds a name or a size; pack it with: tar --format=ustar");
        }
    }

    /** Reads octets of the entry; -1 at its end. */
    int read(byte[] into, int from, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int count = in.read(into, from, (int) Math.min(length, left));
        if (count < 0) {
            throw malformed("the archive is cut");
        }
        left -= count;
        position += count;
        return count;
    }

    private byte[] block() throws IOException {
        byte[] block = new byte[BLOCK];
        readFully(block);
        return block;
    }

    private void readFully(byte[] into) throws IOException {
        int count = in.readNBytes(into, 0, into.length);
        position += count;
        if (count < into.length) {
            throw malformed("the archive is cut");
        }
    }

    private void skip(long octets) throws IOException {
        byte[] piece = new byte[(int) Math.min(octets, 64 * 1024)];
        for (long done = 0; done < octets; ) {
            int count = in.readNBytes(piece, 0, (int) Math.min(piece.length, octets - done));
            if (count == 0) {
                throw malformed("the archive is cut");
            }
            done += count;
            position += count;
        }
    }

    private MalformedArchiveException malformed(String what) {
        return new MalformedArchiveException("octet " + position + ": " + what);
    }

    private static boolean isZero(byte[] block) {
        for (byte octet : block) {
            if (octet != 0) {
                return false;
            }
        }
        return true;
    }

    private static String text(byte[] header, int at, int length) {
        int end = at;
        while (end < at + length && header[end] != 0) {
            end++;
        }
        return new String(header, at, end - at, StandardCharsets.ISO_8859_1);
    }

    /** Octal digits between spaces, or base 256. */
    private long number(byte[] header, int at, int length) throws IOException {
        if (header[at] == (byte) 0x80 && length == 12) {
            long number = ByteBuffer.wrap(header).getLong(at + 4);
            if (number >= 0
                    && number <= Index.LARGEST
                    && ByteBuffer.wrap(header).getInt(at) == 0x80000000) {
                return number;
            }
            throw malformed("a size that no file has");
        }
        String digits = text(header, at, length).strip();
        if (!digits.matches("[0-7]{1,12}")) {
            throw malformed("no header of a tar archive stands here");
        }
        return Long.parseLong(digits, 8);
    }
}

package carteiro.control;

import carteiro.mail.Octets;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;

/**
 * Writes a {@link Cdb}, octet for octet as the original does: into a temporary file of the same folder, which takes the
 * place of the old file only when all is on the disk. One thread.
 *
 * <pre>
 *   write records; write tables; write header; force(file); rename; force(folder)
 * </pre>
 */
public final class CdbWriter implements Closeable {
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final OutputStream out;
    private long end = Cdb.HEADER;
    private int[] hashes = new int[64];
    private int[] places = new int[64];
    private int records;

    /**
     * Begins a file.
     *
     * @param target the file to replace
     * @param temporary where it is written first; in the same folder
     */
    public CdbWriter(Path target, Path temporary) throws IOException {
        this.target = target;
        this.temporary = temporary;
        channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        channel.position(Cdb.HEADER);
        out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
    }

    /**
     * Adds a record. Of several with one key, readers find the first.
     *
     * @throws IOException if the disk fails, or the file would exceed what the format can describe (4 GiB)
     */
    public void add(String key, String data) throws IOException {
        byte[] keyOctets = Octets.bytes(key);
        byte[] dataOctets = Octets.bytes(data);
        if (end + 8 + keyOctets.length + dataOctets.length + (records + 1L) * 16 > Cdb.LIMIT) {
            throw new IOException(target + " would exceed 4 GiB, the limit of the format");
        }
        if (records == hashes.length) {
            hashes = Arrays.copyOf(hashes, records * 2);
            places = Arrays.copyOf(places, records * 2);
        }
        hashes[records] = Cdb.hash(keyOctets);
        places[records++] = (int) end;
        out.write(pair(keyOctets.length, dataOctets.length));
        out.write(keyOctets);
        out.write(dataOctets);
        end += 8 + keyOctets.length + dataOctets.length;
    }

    /** Writes the tables and puts the file in its place, all on the disk. */
    public void commit() throws IOException {
        var header = ByteBuffer.allocate(Cdb.HEADER).order(ByteOrder.LITTLE_ENDIAN);
        int[] byTable = recordsByTable();
        int from = 0;
        for (int table = 0; table < 256; table++) {
            int to = from;
            while (to < records && (hashes[byTable[to]] & 0xff) == table) {
                to++;
            }
            header.putInt((int) end).putInt((to - from) * 2);
            writeTable(byTable, from, to);
            from = to;
        }
        out.flush();
        header.flip();
        while (header.hasRemaining()) {
            channel.write(header, header.position());
        }
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
        channel.force(true);
        channel.close();
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        Path folder = target.toAbsolutePath().getParent();
        if (folder != null) {
            try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
                directory.force(true);
            }
        }
    }

    /** The numbers of the records, those of one table together, each table in the order they were added. */
    private int[] recordsByTable() {
        var next = new int[257];
        for (int i = 0; i < records; i++) {
            next[(hashes[i] & 0xff) + 1]++;
        }
        for (int table = 0; table < 256; table++) {
            next[table + 1] += next[table];
        }
        var ordered = new int[records];
        for (int i = 0; i < records; i++) {
            ordered[next[hashes[i] & 0xff]++] = i;
        }
        return ordered;
    }

    private void writeTable(int[] byTable, int from, int to) throws IOException {
        int slots = (to - from) * 2;
        var table = ByteBuffer.allocate(slots * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = from; i < to; i++) {
            int hash = hashes[byTable[i]];
            int slot = (hash >>> 8) % slots;
            while (table.getInt(slot * 8 + 4) != 0) {
                slot = slot + 1 == slots ? 0 : slot + 1;
            }
            table.putInt(slot * 8, hash).putInt(slot * 8 + 4, places[byTable[i]]);
        }
        out.write(table.array());
        end += slots * 8L;
    }

    private static byte[] pair(int first, int second) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(first)
                .putInt(second)
                .array();
    }

    /** Ends the work; without {@link #commit} before, the temporary file is removed and the old file stays. */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            Files.deleteIfExists(temporary);
        }
    }
}

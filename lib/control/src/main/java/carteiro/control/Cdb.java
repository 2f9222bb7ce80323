package carteiro.control;

import carteiro.mail.Octets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * A constant database: a file of keys and data that is never changed, only replaced whole (qmail's users/cdb,
 * morercpthosts.cdb, tcprules). Any number of threads may ask at once; nothing needs closing.
 *
 * <p>All numbers are 32 bits, little-endian: 256 pairs (place of a table, its slots), then the records (length of key,
 * length of data, key, data), then the tables of slots (hash, place of the record). A file that says what cannot be is
 * reported, never half believed.
 */
public final class Cdb {
    /** Files up to this size, in octets, are read into memory; larger ones are mapped. */
    static final long COPIED = 1 << 20;

    /** The largest file the format can describe, in octets. */
    static final long LIMIT = 0xffffffffL;

    /** The pairs at the begin of the file, in octets. */
    static final int HEADER = 2048;

    private static final ValueLayout.OfInt NUMBER = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final MemorySegment octets;

    private Cdb(Path file, MemorySegment octets) {
        this.file = file;
        this.octets = octets;
    }

    /**
     * Opens a file as it is now; when it is replaced, this goes on with the old one.
     *
     * @throws java.nio.file.NoSuchFileException if there is none
     * @throws IOException if it cannot be read or is no cdb
     */
    public static Cdb open(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < HEADER || size > LIMIT) {
                throw new IOException(file + " has " + size + " octets and is no cdb; make it again");
            }
            if (size <= COPIED) {
                return new Cdb(file, MemorySegment.ofArray(Files.readAllBytes(file)));
            }
            return new Cdb(file, channel.map(MapMode.READ_ONLY, 0, size, Arena.ofAuto()));
        }
    }

    /**
     * The data of the first record with that key.
     *
     * @param key octets, may be empty
     * @throws IOException if the file is damaged
     */
    public Optional<String> first(String key) throws IOException {
        byte[] wanted = Octets.bytes(key);
        int hash = hash(wanted);
        long table = number((hash & 0xff) * 8L);
        long slots = number((hash & 0xff) * 8L + 4);
        if (slots == 0) {
            return Optional.empty();
        }
        if (table < HEADER || table + slots * 8 > octets.byteSize()) {
            throw damaged();
        }
        long slot = (Integer.toUnsignedLong(hash) >>> 8) % slots;
        for (long tried = 0; tried < slots; tried++) {
            long place = number(table + slot * 8 + 4);
            if (place == 0) {
                return Optional.empty();
            }
            if ((int) number(table + slot * 8) == hash && keyAt(place, wanted)) {
                return Optional.of(dataAt(place));
            }
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
        return Optional.empty();
    }

    /** Hands every record, in the order they were added, to {@code reader}: key, then data. */
    public void forEach(BiConsumer<String, String> reader) throws IOException {
        long end = octets.byteSize();
        for (int table = 0; table < 256; table++) {
            end = Math.min(end, number(table * 8L)); // the first table stands right after the last record
        }
        long place = HEADER;
        while (place < end) {
            long keyLength = number(place);
            reader.accept(text(place + 8, keyLength), dataAt(place));
            place += 8 + keyLength + number(place + 4);
        }
    }

    private boolean keyAt(long place, byte[] wanted) throws IOException {
        if (number(place) != wanted.length) {
            return false;
        }
        if (place + 8 + wanted.length > octets.byteSize()) {
            throw damaged();
        }
        for (int i = 0; i < wanted.length; i++) {
            if (octets.get(ValueLayout.JAVA_BYTE, place + 8 + i) != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    private String dataAt(long place) throws IOException {
        return text(place + 8 + number(place), number(place + 4));
    }

    private String text(long from, long length) throws IOException {
        if (length > Integer.MAX_VALUE - 8 || from + length > octets.byteSize()) {
            throw damaged();
        }
        var copy = new byte[(int) length];
        MemorySegment.copy(octets, ValueLayout.JAVA_BYTE, from, copy, 0, copy.length);
        return Octets.text(copy);
    }

    private long number(long place) throws IOException {
        if (place < 0 || place + 4 > octets.byteSize()) {
            throw damaged();
        }
        return Integer.toUnsignedLong(octets.get(NUMBER, place));
    }

    private IOException damaged() {
        return new IOException(file + " is damaged (a number in it leads outside); make it again");
    }

    /** The hash of a key: 5381, then for each octet times 33 xor the octet, modulo 2^32. */
    static int hash(byte[] key) {
        int hash = 5381;
        for (byte octet : key) {
            hash = hash * 33 ^ (octet & 0xff);
        }
        return hash;
    }
}

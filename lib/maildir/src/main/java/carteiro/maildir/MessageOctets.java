package carteiro.maildir;

import carteiro.mail.SentSize;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A message that can be read from its first octet as often as needed, by several threads. Lines end in LF. */
public sealed interface MessageOctets {
    /** How many there are. */
    long count();

    /** Reads from the first. */
    InputStream open();

    /** In memory. */
    final class InMemory implements MessageOctets {
        private final byte[] octets;

        /** The array is not copied: nobody may write to it any more. */
        public InMemory(byte[] octets) {
            this.octets = octets;
        }

        @Override
        public long count() {
            return octets.length;
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(octets);
        }

        void countIn(SentSize size) {
            size.add(octets, 0, octets.length);
        }

        ByteBuffer buffer() {
            return ByteBuffer.wrap(octets).asReadOnlyBuffer();
        }
    }

    /** The first {@code count} octets of an open file, whose position stays untouched. */
    record InFile(FileChannel file, long count) implements MessageOctets {
        @Override
        public InputStream open() {
            return new InputStream() {
                private long at;

                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
                }

                @Override
                public int read(byte[] into, int from, int length) throws IOException {
                    if (length == 0) {
                        return 0;
                    }
                    if (at >= count) {
                        return -1;
                    }
                    int read = file.read(ByteBuffer.wrap(into, from, (int) Math.min(length, count - at)), at);
                    if (read < 0) {
                        throw new EOFException("a message became shorter while it was read");
                    }
                    at += read;
                    return read;
                }
            };
        }
    }
}

package carteiro.protocol;

import carteiro.protocol.Messages.MessageBody;
import java.io.IOException;
import java.io.OutputStream;

/** A small message. */
final class MessageInMemory extends MessageBody {
    private final byte[] octets;
    private final int size;
    private final int end;
    private int at;

    MessageInMemory(byte[] octets, int from, int size) {
        this.octets = octets;
        this.size = size;
        this.at = from;
        this.end = from + size;
    }

    @Override
    public long octets() {
        return size;
    }

    @Override
    public int read() {
        return at < end ? octets[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int from, int length) {
        int count = Math.min(length, end - at);
        if (count == 0) {
            return length == 0 ? 0 : -1;
        }
        System.arraycopy(octets, at, into, from, count);
        at += count;
        return count;
    }

    @Override
    public int available() {
        return end - at;
    }

    @Override
    public long transferTo(OutputStream out) throws IOException {
        int count = end - at;
        out.write(octets, at, count);
        at = end;
        return count;
    }
}

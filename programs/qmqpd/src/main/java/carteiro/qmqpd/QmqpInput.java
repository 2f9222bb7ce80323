package carteiro.qmqpd;

import carteiro.mail.Octets;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * What a QMQP client sends: a netstring that holds those of message, sender and each recipient. Nothing is kept but what is asked
 * for. One thread.
 */
final class QmqpInput {
    /** From this value on a length may have no further digit, as in qmail: 2000000009 is the largest. */
    private static final long LAST_DIGIT_FROM = 200_000_000;

    /** Leading zeros included. */
    private static final int MOST_DIGITS = 20;

    /** An address has fewer octets. */
    static final int ADDRESS_LIMIT = 1000;

    /** An address that is too long is read to its end, unless it is longer than this. */
    private static final int MOST_DROPPED = 1 << 20;

    private static final int BLOCK = 8 * 1024;

    private final InputStream in;
    private long left; // of the outer netstring

    /** @param in read in blocks; its end is that of the client */
    QmqpInput(InputStream in) {
        this.in = new BufferedInputStream(in, BLOCK);
    }

    /** What a client sent is not QMQP. */
    static final class NotQmqpException extends IOException {
        private static final long serialVersionUID = 1L;

        private final QmqpFault fault;

        NotQmqpException(QmqpFault fault, String why) {
            super(why);
            this.fault = fault;
        }

        QmqpFault fault() {
            return fault;
        }
    }

    /** How it is not. */
    enum QmqpFault {
        /** No netstring, or one that is not within that around it. */
        FORM,
        /** A length over the largest. */
        LENGTH
    }

    /** Begins: reads the length of all. */
    void begin() throws IOException {
        left = Long.MAX_VALUE; // nothing is around it
        left = length();
    }

    /** Octets that are still to come, without the comma at the end. */
    long left() {
        return left;
    }

    /** Whether another netstring follows. */
    boolean hasNext() {
        return left > 0;
    }

    /** Reads the length of the next netstring; its octets follow, and {@link #comma}. */
    long next() throws IOException {
        long length = length();
        if (length >= left) {
            throw new NotQmqpException(
                    QmqpFault.FORM, "a netstring of " + length + " octets where " + left + " are left");
        }
        return length;
    }

    private long length() throws IOException {
        long length = 0;
        for (int digits = 0; ; digits++) {
            int octet = octet();
            if (octet == ':' && digits > 0) {
                return length;
            }
            if (octet < '0' || octet > '9' || digits == MOST_DIGITS) {
                throw new NotQmqpException(QmqpFault.FORM, "what begins is no netstring");
            }
            if (length > LAST_DIGIT_FROM) {
                throw new NotQmqpException(QmqpFault.LENGTH, "a netstring of over 2000000009 octets");
            }
            length = 10 * length + (octet - '0');
        }
    }

    private int octet() throws IOException {
        if (left == 0) {
            throw new NotQmqpException(QmqpFault.FORM, "a netstring goes on where that around it ends");
        }
        int octet = in.read();
        if (octet < 0) {
            throw new EOFException();
        }
        left--;
        return octet;
    }

    /** Reads octets of the netstring that has begun; at least one of them. */
    int read(byte[] into, long most) throws IOException {
        int count = in.read(into, 0, (int) Math.min(most, into.length));
        if (count < 0) {
            throw new EOFException();
        }
        left -= count;
        return count;
    }

    /** Reads the comma behind the octets of a netstring. */
    void comma() throws IOException {
        if (octet() != ',') {
            throw new NotQmqpException(QmqpFault.FORM, "a netstring has no comma behind it");
        }
    }

    /** Reads the comma behind all. */
    void end() throws IOException {
        left = 1;
        comma();
    }

    /** Reads an address; the empty string with a NUL in it stands for one that none can be. */
    String address() throws IOException {
        long length = next();
        if (length > MOST_DROPPED) {
            throw new NotQmqpException(QmqpFault.LENGTH, "an address of " + length + " octets");
        }
        if (length >= ADDRESS_LIMIT) {
            drop(length);
            comma();
            return UNFIT;
        }
        byte[] octets = new byte[(int) length];
        int filled = 0;
        while (filled < octets.length) {
            int count = in.read(octets, filled, octets.length - filled);
            if (count < 0) {
                throw new EOFException();
            }
            filled += count;
        }
        left -= length;
        comma();
        String address = Octets.text(octets);
        return address.indexOf(0) >= 0 ? UNFIT : address;
    }

    /** What {@link #address} gives for one that none can be. */
    static final String UNFIT = "\0";

    /** Reads and drops octets. */
    void drop(long octets) throws IOException {
        byte[] block = new byte[BLOCK];
        for (long more = octets; more > 0; ) {
            more -= read(block, more);
        }
    }
}

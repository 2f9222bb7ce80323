package carteiro.protocol;

import java.io.IOException;
import java.io.InputStream;

/** Reads the messages of the queue. */
public interface Messages {
    /**
     * Opens a message from its first octet. Lines end in LF.
     *
     * @throws java.io.FileNotFoundException if queue has no such message (any more)
     * @throws IOException if queue cannot be reached or the message cannot be read now
     */
    MessageBody open(long message) throws IOException;

    /**
     * As {@link #open(long)}, for programs that may read only what send has handed to them.
     *
     * @param ticket of the delivery, {@link Deliver.Delivery#ticket}
     */
    default MessageBody open(long message, String ticket) throws IOException {
        return open(message);
    }

    /** The octets of one message; one thread at a time. Ends with an {@link IOException} if they come short. */
    abstract class MessageBody extends InputStream {
        /** For those who offer messages. */
        protected MessageBody() {}

        /** A message in memory; the octets are not copied. */
        public static MessageBody of(byte[] octets, int from, int length) {
            return new MessageInMemory(octets, from, length);
        }

        /** As {@link #of(byte[], int, int)}, all of the octets. */
        public static MessageBody of(byte[] octets) {
            return of(octets, 0, octets.length);
        }

        /** How many there are in all. */
        public abstract long octets();
    }
}

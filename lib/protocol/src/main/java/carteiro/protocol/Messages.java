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

    /** The octets of one message; one thread at a time. Ends with an {@link IOException} if they come short. */
    abstract class MessageBody extends InputStream {
        /** For those who offer messages. */
        protected MessageBody() {}

        /** How many there are in all. */
        public abstract long octets();
    }
}

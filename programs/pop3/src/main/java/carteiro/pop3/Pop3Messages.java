package carteiro.pop3;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.BitSet;
import java.util.Optional;

/** The messages of a visit, as they were when it began. One thread. */
interface Pop3Messages extends Closeable {
    int count();

    Pop3Message message(int index);

    /** What UIDL tells of it: the same in every visit, and never another's. */
    String uid(int index);

    /** Octets that a client is told of: on the disk, or as they are sent. */
    long octets(int index);

    /** Said before the octets of all are asked for, which is quicker then. */
    default void countAll() {}

    /** Opens a message; empty if it is not there any more, or cannot be opened. */
    Optional<InputStream> read(int index) throws IOException;

    /**
     * Removes messages, and notes that the others were seen.
     *
     * @return how many could not be removed
     */
    int finish(BitSet deleted) throws IOException;
}

package carteiro.pop3;

import carteiro.listen.ClientBudget.ClientReservation;
import java.io.Closeable;
import java.io.IOException;

/**
 * The memory that a visit's list takes of what all have. What still works for a visit that was given up takes nothing more. Any
 * number of threads.
 */
final class VisitMemory implements Closeable, Pop3Mailbox.ListMemory {
    private final ClientReservation share;
    private long taken; // guarded by this, as is the next
    private boolean closed;

    /** @param share of the account */
    VisitMemory(ClientReservation share) {
        this.share = share;
    }

    /** @throws IOException if its account, or all together, have too much of it already */
    @Override
    public synchronized boolean take(long octets) throws IOException {
        if (taken + octets > Pop3Mailbox.MEMORY) {
            return false;
        }
        takeWhole(octets);
        taken += octets;
        return true;
    }

    /** Takes what the list needs beside itself. @throws IOException as {@link #take} */
    synchronized void takeWhole(long octets) throws IOException {
        if (closed || !share.take(octets)) {
            throw new IOException("the lists of open mailboxes fill their part of the heap");
        }
    }

    /** Gives back some of it. */
    synchronized void giveBack(long octets) {
        share.giveBack(octets);
    }

    @Override
    public synchronized void close() {
        closed = true;
        share.giveBack();
    }
}

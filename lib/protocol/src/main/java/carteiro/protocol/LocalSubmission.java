package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.QmailReceived;
import carteiro.mail.Status;
import carteiro.posix.ProcessCredentials;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystems;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message that a command of a local user hands to queue, as qmail-queue does: its Received field on top, nothing else
 * changed. Write the message, then {@link #commit}; closed without it, nothing is queued. One thread.
 *
 * <p>The message stays here until it is complete: so somebody who types one, or writes it for hours, holds nothing of queue, and
 * while queue is restarted nothing is lost. The first octets are in memory, more of them in a draft in the {@link Spool}. While
 * queue cannot be reached, it is tried again; then the message is left in the spool, from where queue takes it in.
 */
public final class LocalSubmission extends OutputStream {
    /** The octets kept in memory. */
    static final int KEPT = 256 * 1024;

    /** The most octets of all addresses of a message, and of their lengths. */
    public static final int ENVELOPE_LIMIT = SpooledMessage.ENVELOPE_LIMIT;

    /** What the Received field says of qmail's own users. */
    private static final Map<String, String> INVOKED =
            Map.of("alias", "by alias", "qmaild", "from network", "qmails", "for bounce");

    private static final Status STOPPING = new Status(4, 3, 2);

    /** Milliseconds from one try to reach queue to the next; doubled each time. */
    private static final long FIRST_PAUSE = 50;

    private static final long LONGEST_PAUSE = 1_000;

    private final Enqueue queue;
    private final Spool spool;
    private final ProcessCredentials caller;
    private final boolean filter; // a program in place of queue: it decides, once
    private byte[] kept = new byte[8 * 1024];
    private int filled;
    private @Nullable SpoolDraft draft; // of a message with more octets than are kept in memory
    private Enqueue.@Nullable Submission submission; // of one that cannot be kept at all
    private boolean reached;
    private boolean eightBit;

    /** Begins a message with its Received field; {@link ExternalQueueProgram}s run qmail-queue, which writes its own. */
    public LocalSubmission(Enqueue queue, Spool spool, ProcessCredentials caller, Instant now) throws IOException {
        this.queue = queue;
        this.spool = spool;
        this.caller = caller;
        this.filter = queue instanceof ExternalQueueProgram;
        if (!filter) {
            write(Octets.bytes(received(caller, now)));
        }
    }

    /** The field that says who called queue, with its line end. */
    public static String received(ProcessCredentials caller, Instant now) {
        String invoked = QmailReceived.byUid(caller.uid());
        for (Map.Entry<String, String> each : INVOKED.entrySet()) {
            if (isUser(each.getKey(), caller.uid())) {
                invoked = each.getValue();
            }
        }
        return QmailReceived.field(caller.pid(), invoked, now);
    }

    /** Whether a number is that user's. Asked of the file system, which is faster here than the foreign function interface. */
    private static boolean isUser(String name, int uid) {
        var users = FileSystems.getDefault().getUserPrincipalLookupService();
        try {
            return users.lookupPrincipalByName(name)
                    // Java reads a number with its sign, -1 for 4294967295; principals are equal if their numbers are
                    .equals(users.lookupPrincipalByName(Integer.toString(uid)));
        } catch (IOException | UnsupportedOperationException e) {
            return false; // the system has no such user
        }
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    /** @throws IOException if the message can neither be kept nor handed on; nothing will be queued */
    @Override
    public void write(byte[] octets, int from, int length) throws IOException {
        for (int i = from; !eightBit && i < from + length; i++) {
            eightBit = octets[i] < 0;
        }
        if (submission == null && draft == null && filled + length > KEPT) {
            keepElsewhere();
        }
        if (draft != null && !draft.hasRoom(length)) {
            keepNoMore();
        }
        if (submission != null) {
            submission.write(octets, from, length);
        } else if (draft != null) {
            keep(draft, octets, from, length);
        } else {
            if (filled + length > kept.length) {
                kept = java.util.Arrays.copyOf(kept, Math.max(2 * kept.length, filled + length));
            }
            System.arraycopy(octets, from, kept, filled, length);
            filled += length;
        }
    }

    /** In the spool; or, when it can take no more, straight to queue with all that it has. */
    private void keep(SpoolDraft in, byte[] octets, int from, int length) throws IOException {
        long before = in.octets();
        try {
            in.write(octets, from, length);
        } catch (IOException e) {
            int taken = (int) (in.octets() - before);
            keepNoMore().write(octets, from + taken, length - taken);
        }
    }

    private void keepElsewhere() throws IOException {
        if (!filter) {
            try {
                draft = draft();
            } catch (IOException e) {
                draft = null; // without a spool to write to, only queue can take it
            }
        }
        if (draft == null) {
            keepNoMore();
        }
        kept = new byte[0];
        filled = 0;
    }

    /** A draft of what is in memory. */
    private SpoolDraft draft() throws IOException {
        SpoolDraft begun = SpoolDraft.begin(spool);
        try {
            begun.write(kept, 0, filled);
            return begun;
        } catch (IOException e) {
            begun.close();
            throw e;
        }
    }

    /** From now on the octets go straight to queue. */
    private Enqueue.Submission keepNoMore() throws IOException {
        var pauses = new Pauses();
        while (true) {
            Enqueue.Submission begun = null;
            try {
                begun = queue.open();
                reached = true;
                replay(begun);
                submission = begun;
                dropDraft();
                return begun;
            } catch (IOException e) {
                if (begun != null) {
                    begun.close();
                }
                if (filter || !pauses.next()) {
                    throw e;
                }
            }
        }
    }

    private void replay(Enqueue.Submission to) throws IOException {
        if (draft != null) {
            draft.replay(to);
        } else {
            to.write(kept, 0, filled);
        }
    }

    /**
     * Ends the message. Its number in the receipt is the caller's process id when it lies in the spool.
     *
     * @throws IOException if it can be left neither to queue nor to the spool; the message may or may not be queued if queue
     *     was reached
     */
    public Enqueue.Receipt commit(Address sender, List<Address> recipients) throws IOException {
        long octets = sender.octets().length();
        for (Address recipient : recipients) {
            octets += recipient.octets().length() + 6L;
        }
        if (octets > ENVELOPE_LIMIT - 200) {
            return new Enqueue.Receipt.PermanentFailure(
                    new Status(5, 5, 3), "envelope of over " + ENVELOPE_LIMIT + " octets");
        }
        var envelope = new Envelope(
                sender,
                recipients,
                eightBit ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT,
                form(sender, recipients),
                caller.uid());
        Enqueue.Submission begun = submission == null && filter ? keepNoMore() : submission;
        return begun != null ? begun.commit(envelope) : commitWhole(envelope);
    }

    /** Tries until queue has answered or the patience has ended; what may have been queued is rather sent twice than lost. */
    private Enqueue.Receipt commitWhole(Envelope envelope) throws IOException {
        var pauses = new Pauses();
        while (true) {
            Enqueue.Receipt.@Nullable TemporaryFailure stopping = null;
            IOException trouble = null;
            try (var attempt = queue.open()) {
                reached = true;
                replay(attempt);
                Enqueue.Receipt receipt = attempt.commit(envelope);
                if (!(receipt instanceof Enqueue.Receipt.TemporaryFailure notNow
                        && notNow.status().equals(STOPPING))) {
                    return receipt;
                }
                stopping = notNow;
            } catch (IOException e) {
                trouble = e;
            }
            if (!pauses.next()) {
                return spooled(envelope, stopping, trouble);
            }
        }
    }

    private Enqueue.Receipt spooled(
            Envelope envelope, Enqueue.Receipt.@Nullable TemporaryFailure stopping, @Nullable IOException trouble)
            throws IOException {
        try (SpoolDraft begun = draft != null ? draft : draft()) {
            begun.finish(envelope);
            draft = null;
            return new Enqueue.Receipt.Accepted(caller.pid());
        } catch (IOException e) {
            if (stopping != null) {
                return stopping;
            }
            throw trouble == null
                    ? e
                    : new IOException(
                            trouble.getMessage() + "; nor can the message be left in " + spool.folder() + " ("
                                    + carteiro.log.LogText.reason(e) + ")",
                            trouble);
        }
    }

    /** When queue is to be tried again, from the first trouble on. */
    private final class Pauses {
        private final long began = System.nanoTime();
        private long pause = FIRST_PAUSE;

        /** Waits; answers false at once when the patience has ended. */
        boolean next() throws IOException {
            long left = spool.patience().toMillis() - (System.nanoTime() - began) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            try {
                Thread.sleep(Math.min(pause, left));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for queue", e);
            }
            pause = Math.min(2 * pause, LONGEST_PAUSE);
            return true;
        }
    }

    /** Whether queue was reached: then a later {@link IOException} means that it was lost. */
    public boolean reachedQueue() {
        return reached;
    }

    /** Header fields do not count: 8-bit header fields of old programs would become undeliverable at most hosts. */
    private static AddressForm form(Address sender, List<Address> recipients) {
        boolean ascii = Octets.areAscii(sender.octets());
        for (Address recipient : recipients) {
            ascii &= Octets.areAscii(recipient.octets());
        }
        return ascii ? AddressForm.ASCII : AddressForm.SMTPUTF8;
    }

    private void dropDraft() {
        if (draft != null) {
            draft.close();
            draft = null;
        }
    }

    /** Withdraws the message unless it was committed. */
    @Override
    public void close() {
        dropDraft();
        if (submission != null) {
            submission.close();
        }
    }
}

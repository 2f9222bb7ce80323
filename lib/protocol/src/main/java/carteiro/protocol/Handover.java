package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.MailDate;
import carteiro.mail.Octets;
import carteiro.posix.Caller;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message that a command of a local user hands to queue, as qmail-queue does: its Received field on top, nothing else
 * changed. Write the message, then {@link #commit}; closed without it, nothing is queued. One thread.
 *
 * <p>The first octets stay here, so that somebody who types a message, or writes it for hours, holds nothing of queue.
 */
public final class Handover extends OutputStream {
    /** The octets kept here before queue hears of the message. */
    static final int KEPT = 256 * 1024;

    private final Enqueue queue;
    private final Caller caller;
    private byte[] kept = new byte[8 * 1024];
    private int filled;
    private Enqueue.@Nullable Submission submission;
    private boolean eightBit;

    /** Begins a message with its Received field; {@link QueueProgram}s run qmail-queue, which writes its own. */
    public Handover(Enqueue queue, Caller caller, Instant now) throws IOException {
        this.queue = queue;
        this.caller = caller;
        if (!(queue instanceof QueueProgram)) {
            write(Octets.bytes(received(caller, now)));
        }
    }

    /** The field that says who called queue, with its line end. */
    public static String received(Caller caller, Instant now) {
        String invoked = switch (caller.user()) {
            case "alias" -> "by alias";
            case "qmaild" -> "from network";
            case "qmails" -> "for bounce";
            default -> "by uid " + caller.uid();
        };
        return "Received: (qmail " + caller.pid() + " invoked " + invoked + "); " + MailDate.format(now) + "\n";
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    /** @throws IOException if queue cannot be reached or is lost; nothing will be queued */
    @Override
    public void write(byte[] octets, int from, int length) throws IOException {
        for (int i = from; !eightBit && i < from + length; i++) {
            eightBit = octets[i] < 0;
        }
        if (submission == null && filled + length > KEPT) {
            submission = queue.open();
            submission.write(kept, 0, filled);
            kept = new byte[0];
        }
        if (submission != null) {
            submission.write(octets, from, length);
            return;
        }
        if (filled + length > kept.length) {
            kept = java.util.Arrays.copyOf(kept, Math.max(2 * kept.length, filled + length));
        }
        System.arraycopy(octets, from, kept, filled, length);
        filled += length;
    }

    /**
     * Ends the message.
     *
     * @throws IOException if queue cannot be reached or is lost; the message may or may not be queued
     */
    public Enqueue.Receipt commit(Address sender, List<Address> recipients) throws IOException {
        if (submission == null) {
            submission = queue.open();
            submission.write(kept, 0, filled);
        }
        return submission.commit(new Envelope(
                sender,
                recipients,
                eightBit ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT,
                form(sender, recipients),
                caller.uid()));
    }

    /** Whether queue was reached: then a later {@link IOException} means that it was lost. */
    public boolean reachedQueue() {
        return submission != null;
    }

    /** Header fields do not count: 8-bit header fields of old programs would become undeliverable at most hosts. */
    private static AddressForm form(Address sender, List<Address> recipients) {
        boolean ascii = Octets.areAscii(sender.octets());
        for (Address recipient : recipients) {
            ascii &= Octets.areAscii(recipient.octets());
        }
        return ascii ? AddressForm.ASCII : AddressForm.SMTPUTF8;
    }

    /** Withdraws the message unless it was committed. */
    @Override
    public void close() {
        if (submission != null) {
            submission.close();
        }
    }
}

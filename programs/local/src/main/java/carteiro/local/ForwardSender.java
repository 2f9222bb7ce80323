package carteiro.local;

import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.QmailReceived;
import carteiro.mail.Status;
import carteiro.maildir.MessageOctets;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import java.io.IOException;
import java.io.InputStream;
import java.time.InstantSource;

/** Sends all forwards of a delivery as one new message. */
final class ForwardSender {
    private static final int CHUNK = 32 * 1024;

    private final Enqueue queue;
    private final InstantSource clock;
    private final long process;

    ForwardSender(Enqueue queue, InstantSource clock, long process) {
        this.queue = queue;
        this.clock = clock;
        this.process = process;
    }

    /**
     * Sends, which ends the delivery.
     *
     * @param lines what stands before the message: the Delivered-To line first
     * @param did the line of counts
     */
    Outcome send(Envelope envelope, String lines, MessageOctets message, String did, DeliveryReport report) {
        try (var submission = queue.open()) {
            byte[] header = Octets.bytes(
                    QmailReceived.field(process, QmailReceived.byUid(envelope.uid()), clock.instant()) + lines);
            submission.write(header, 0, header.length);
            byte[] chunk = new byte[CHUNK];
            try (InputStream in = message.open()) {
                for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                    submission.write(chunk, 0, count);
                }
            }
            return switch (submission.commit(envelope)) {
                case Receipt.Accepted(long number) -> report.delivered(did + "qp " + number + "\n");
                case Receipt.TemporaryFailure(Status status, String reason) ->
                    report.refused(status, "Unable to forward message: " + reason + ".");
                case Receipt.PermanentFailure(Status status, String reason) ->
                    report.refused(status, "Unable to forward message: " + reason + ".");
            };
        } catch (IOException e) {
            return report.refused(DeliveryRefusal.SYSTEM, "Unable to forward message: the queue cannot be reached.");
        }
    }
}

package carteiro.inject;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.protocol.LocalSubmission;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The envelope as qmail-queue takes it: {@code F}, the sender, NUL; {@code T}, a recipient, NUL, any number of times; NUL.
 */
final class EnvelopeInput {
    private final InputStream in;

    EnvelopeInput(InputStream in) {
        this.in = new BufferedInputStream(in, 8 * 1024);
    }

    /** Reads it whole; of the envelope only sender and recipients are told. */
    Envelope read() throws QueueExitException {
        try {
            return envelope();
        } catch (EOFException e) {
            throw new QueueExitException(
                    QueueExitCode.UNREADABLE, "the envelope ends before its last NUL; nothing is queued");
        } catch (IOException e) {
            throw new QueueExitException(QueueExitCode.UNREADABLE, "cannot read the envelope: " + e.getMessage());
        }
    }

    private Envelope envelope() throws IOException, QueueExitException {
        if (required() != 'F') {
            throw new QueueExitException(QueueExitCode.BAD_ENVELOPE, "the envelope does not begin with F");
        }
        Address sender = address();
        List<Address> recipients = new ArrayList<>();
        long octets = sender.octets().length();
        for (int letter; (letter = required()) != 0; ) {
            if (letter != 'T') {
                throw new QueueExitException(
                        QueueExitCode.BAD_ENVELOPE, "the envelope has neither T nor its end after an address");
            }
            if (recipients.size() == Envelope.MOST_RECIPIENTS) {
                throw new QueueExitException(QueueExitCode.REFUSED, "over " + Envelope.MOST_RECIPIENTS + " recipients");
            }
            Address recipient = address();
            octets += recipient.octets().length();
            if (octets > LocalSubmission.ENVELOPE_LIMIT) {
                throw new QueueExitException(
                        QueueExitCode.REFUSED, "addresses of over " + LocalSubmission.ENVELOPE_LIMIT + " octets");
            }
            recipients.add(recipient);
        }
        return new Envelope(sender, recipients, Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, 0);
    }

    private int required() throws IOException {
        int octet = in.read();
        if (octet < 0) {
            throw new EOFException();
        }
        return octet;
    }

    private Address address() throws IOException, QueueExitException {
        byte[] octets = new byte[Address.LIMIT];
        int length = 0;
        for (int octet; (octet = required()) != 0; ) {
            if (length == Address.LIMIT) {
                throw new QueueExitException(
                        QueueExitCode.ADDRESS_TOO_LONG, "an address over " + Address.LIMIT + " octets");
            }
            octets[length++] = (byte) octet;
        }
        return new Address(Octets.text(octets, 0, length));
    }
}

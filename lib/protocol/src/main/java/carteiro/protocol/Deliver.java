package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** One delivery, asked for by send of local or of remote. Any number at once, each blocks its caller. */
public interface Deliver {
    /** The most recipients of one delivery. */
    int MOST_RECIPIENTS = 100;

    /** The longest delivery; then send gives it up as deferred. Longer than any sum of time-outs in remote. */
    Duration LIMIT = Duration.ofHours(26);

    /**
     * Tries.
     *
     * @return one outcome for each recipient, in order
     * @throws BusyException if as many run as may for the same user; nothing was tried
     * @throws NotRunningException if the program cannot be reached: nothing was tried
     * @throws carteiro.wire.MalformedFrameException if its answer makes no sense
     * @throws IOException if it is lost meanwhile: every recipient is to be tried again
     */
    List<Outcome> deliver(Delivery delivery) throws IOException;

    /**
     * What to deliver.
     *
     * @param number the number of the first recipient's delivery in send's log
     * @param message the message's number
     * @param octets its size, LF line ends
     * @param envelope the sender to use, VERP already expanded; recipients after rewriting, at least one: for local exactly one, for
     *     remote all of one domain; the attributes that those who deliver are told
     * @param ticket shows queue that the message may be read for this delivery; empty where queue does not ask for it
     */
    record Delivery(long number, long message, long octets, Envelope envelope, String ticket) {
        /** The same with a ticket. */
        public Delivery with(String anotherTicket) {
            return new Delivery(number, message, octets, envelope, anotherTicket);
        }

        /** The same for other recipients. */
        Delivery to(RecipientList others) {
            return new Delivery(
                    number, message, octets, new Envelope(envelope.sender(), others, envelope.attributes()), ticket);
        }

        /** The sender to use. */
        public Address sender() {
            return envelope.sender();
        }

        /** At least one. */
        public RecipientList recipients() {
            return envelope.recipients();
        }

        /** Their addresses. */
        public List<Address> addresses() {
            return envelope.addresses();
        }

        /** Checks how many recipients there are. */
        public Delivery {
            int recipients = envelope.recipients().size();
            if (recipients == 0 || recipients > MOST_RECIPIENTS) {
                throw new IllegalArgumentException("delivery with " + recipients + " recipients");
            }
        }
    }
}

package carteiro.queue;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Messages for tests, and what is done with them. */
final class Sample {
    /** Before 2026, so that a new queue begins with message 1. */
    static final Clock EARLY = Clock.fixed(Instant.parse("2025-11-24T12:00:00Z"), ZoneOffset.UTC);

    private Sample() {}

    static Envelope envelope(String... recipients) {
        return new Envelope(
                new Address("ann@example.org"),
                List.of(recipients).stream().map(Address::new).toList(),
                BodyType.EIGHT_BIT_MIME,
                AddressForm.SMTPUTF8,
                71);
    }

    /** Octets of every value, the same for the same seed. */
    static byte[] octets(int size, long seed) {
        byte[] octets = new byte[size];
        new Random(seed).nextBytes(octets);
        return octets;
    }

    static Receipt submit(Enqueue queue, byte[] message, Envelope envelope) throws IOException {
        try (var submission = queue.open()) {
            submission.write(message, 0, message.length);
            return submission.commit(envelope);
        }
    }

    /** Submits and expects to be accepted. */
    static long accepted(Enqueue queue, byte[] message, String... recipients) throws IOException {
        Receipt receipt = submit(queue, message, envelope(recipients));
        if (receipt instanceof Receipt.Accepted(long number)) {
            return number;
        }
        throw new AssertionError(receipt.toString());
    }

    /** Everything that waits, through a session of its own. */
    static List<WaitingMessage> waiting(Waiting waiting) throws IOException {
        try (var session = waiting.open()) {
            return drain(session);
        }
    }

    static List<WaitingMessage> drain(Waiting.WaitingSession session) throws IOException {
        var all = new ArrayList<WaitingMessage>();
        while (true) {
            List<WaitingMessage> some = session.next(100, Duration.ZERO);
            if (some.isEmpty()) {
                return all;
            }
            all.addAll(some);
        }
    }
}

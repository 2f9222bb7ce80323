package carteiro.local;

import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A queue that keeps what it is given. */
final class KeptMessages implements Enqueue {
    record Kept(Envelope envelope, String message) {}

    final List<Kept> kept = new CopyOnWriteArrayList<>();
    volatile Answer answer = Answer.ACCEPTED;

    enum Answer {
        ACCEPTED,
        NOT_NOW,
        NEVER,
        AWAY
    }

    @Override
    public Submission open() throws IOException {
        if (answer == Answer.AWAY) {
            throw new IOException("queue is not running");
        }
        var message = new ByteArrayOutputStream();
        return new Submission() {
            @Override
            public void write(byte[] octets, int from, int length) {
                message.write(octets, from, length);
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) {
                return switch (answer) {
                    case NOT_NOW -> new Receipt.TemporaryFailure(new Status(4, 3, 1), "The disk is full");
                    case NEVER -> new Receipt.PermanentFailure(new Status(5, 3, 4), "The message is too large");
                    case ACCEPTED, AWAY -> {
                        kept.add(new Kept(envelope, Octets.text(message.toByteArray())));
                        yield new Receipt.Accepted(4000 + kept.size());
                    }
                };
            }

            @Override
            public void close() {}
        };
    }
}

package carteiro.protocol;

import carteiro.mail.Envelope;
import carteiro.protocol.Connections.Connection;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.ToIntFunction;

/**
 * Enqueue over a socket (docs/protocols/enqueue.md): frames {@code M} octets of the message, any number; then {@code E}
 * with the envelope, answered by one frame. A connection serves one message after another.
 */
final class EnqueueWire {
    /** The octets of one M frame. */
    static final int CHUNK = 32 * 1024;

    /** How long queue may take from the envelope to its answer. */
    static final Duration ANSWER_LIMIT = Duration.ofMinutes(5);

    private EnqueueWire() {}

    /** The side of the ways in. */
    static final class Client implements Enqueue {
        private final Connections connections;

        Client(Connections connections) {
            this.connections = connections;
        }

        @Override
        public Submission open() throws IOException {
            Connection kept = connections.takeIdle();
            return kept == null ? new SocketSubmission(connections.connect(), false) : new SocketSubmission(kept, true);
        }

        private final class SocketSubmission implements Submission {
            private Connection connection;
            private boolean kept; // an idle connection not yet heard from: nothing was sent by it
            private boolean finished;
            private final byte[] chunk = new byte[CHUNK];
            private int filled;

            SocketSubmission(Connection connection, boolean kept) {
                this.connection = connection;
                this.kept = kept;
            }

            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                int at = from;
                int left = length;
                while (left > 0) {
                    int taken = Math.min(left, CHUNK - filled);
                    System.arraycopy(octets, at, chunk, filled, taken);
                    filled += taken;
                    at += taken;
                    left -= taken;
                    if (filled == CHUNK) {
                        sendChunk();
                    }
                }
            }

            private void sendChunk() throws IOException {
                byte[] header = ((filled + 1) + ":M").getBytes(StandardCharsets.ISO_8859_1);
                try {
                    send(header);
                } catch (IOException e) {
                    if (!kept) {
                        throw e;
                    }
                    reconnect();
                    send(header);
                }
                kept = false;
                filled = 0;
            }

            private void send(byte[] header) throws IOException {
                try (var _ = connections.watchdog().closeAfter(ANSWER_LIMIT, connection)) {
                    connection.out.write(header);
                    connection.out.write(chunk, 0, filled);
                    connection.out.write(',');
                    connection.out.flush();
                }
            }

            private void reconnect() throws IOException {
                connection.close();
                connections.dropIdle(); // queue was restarted: all that is idle is as old
                connection = connections.connect();
                kept = false;
            }

            @Override
            public Receipt commit(Envelope envelope) throws IOException {
                if (filled > 0) {
                    sendChunk();
                }
                var frame = new FrameWriter().put("E");
                Frames.put(frame, envelope);
                try (var _ = connections.watchdog().closeAfter(ANSWER_LIMIT, connection)) {
                    frame.send(connection.out);
                    Receipt receipt = receipt(FrameReader.receive(connection.in, 2 * Frames.REPORT_LIMIT));
                    finished = true;
                    connections.giveBack(connection);
                    return receipt;
                }
            }

            private static Receipt receipt(FrameReader frame) throws MalformedFrameException {
                return switch (frame.text(1)) {
                    case "K" -> new Receipt.Accepted(frame.number(1, Long.MAX_VALUE));
                    case "Z" -> new Receipt.NotNow(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
                    case "D" -> new Receipt.Never(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
                    default -> throw new MalformedFrameException("queue answered with no receipt");
                };
            }

            @Override
            public void close() {
                if (!finished) {
                    finished = true;
                    connection.close();
                }
            }
        }
    }

    /**
     * The side of queue.
     *
     * @param uidOf the uid of a system user; what a stranger says of its own uid is replaced by it
     */
    static DoorKeeper.Server server(Enqueue queue, ToIntFunction<String> uidOf) {
        return (in, out, user) -> {
            while (true) {
                try (var submission = queue.open()) {
                    Envelope claimed = takeMessage(in, submission);
                    Envelope envelope = new Envelope(
                            claimed.sender(),
                            claimed.recipients(),
                            claimed.body(),
                            claimed.form(),
                            uidOf.applyAsInt(user));
                    answer(submission.commit(envelope), out);
                }
            }
        };
    }

    private static Envelope takeMessage(InputStream in, Enqueue.Submission submission) throws IOException {
        while (true) {
            byte[] frame = FrameReader.receiveRaw(in, Frames.LIMIT);
            if (frame.length > 0 && frame[0] == 'M') {
                submission.write(frame, 1, frame.length - 1);
            } else {
                return envelope(FrameReader.of(frame));
            }
        }
    }

    private static Envelope envelope(FrameReader frame) throws MalformedFrameException {
        if (!frame.text(1).equals("E")) {
            throw new MalformedFrameException("frame that is neither message nor envelope");
        }
        Envelope envelope = Frames.envelope(frame);
        frame.end();
        return envelope;
    }

    private static void answer(Enqueue.Receipt receipt, OutputStream out) throws IOException {
        var frame = new FrameWriter();
        switch (receipt) {
            case Enqueue.Receipt.Accepted(long message) -> frame.put("K").put(message);
            case Enqueue.Receipt.NotNow(var status, var reason) -> {
                frame.put("Z");
                Frames.put(frame, status);
                frame.put(Frames.cut(reason));
            }
            case Enqueue.Receipt.Never(var status, var reason) -> {
                frame.put("D");
                Frames.put(frame, status);
                frame.put(Frames.cut(reason));
            }
        }
        frame.send(out);
    }
}

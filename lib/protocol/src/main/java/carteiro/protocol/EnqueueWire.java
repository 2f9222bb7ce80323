package carteiro.protocol;

import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.protocol.ConnectionPool.PooledConnection;
import carteiro.protocol.EndpointServer.Caller;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.TaggedFields;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Enqueue over a socket (docs/protocols/enqueue.md): a small message with its envelope is a numbered question. A larger one is
 * frames {@code M} octets of the message, any number; then {@code E} with the envelope, answered by one frame: such a
 * connection serves one message after another.
 */
final class EnqueueWire {
    /** The octets of one M frame, and the most of a message that is a numbered question. */
    static final int CHUNK = 32 * 1024;

    /** How long queue may take from the envelope to its answer. */
    static final Duration ANSWER_LIMIT = Duration.ofMinutes(5);

    /** An envelope of so many octets, some hundred recipients, needs no share of {@link #ENVELOPES}. */
    private static final int SMALL_ENVELOPE = 8 * 1024;

    private static final int ANSWER = 2 * Frames.REPORT_LIMIT;

    /** The tag of the fields on top of the message, behind an envelope. */
    static final int FIELDS = 1;

    /** Of a message of at most {@link #CHUNK} octets with its envelope. */
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(CHUNK + SMALL_ENVELOPE, ANSWER);

    /** The most octets of an envelope's frame: 100,000 recipients of 120 octets; with a small heap a sixteenth of it. */
    static final int LARGEST_ENVELOPE =
            (int) Math.min(12 << 20, Runtime.getRuntime().maxMemory() / 16);

    /**
     * KiB of larger envelopes in memory at once, from their first octet until they are in the queue, for guests and for all
     * others each. With what is made of it, an envelope has three times its size.
     */
    private static final int ENVELOPES = LARGEST_ENVELOPE / 1024;

    /** How long an envelope may take from its first octet to its last. */
    private static final Duration ENVELOPE_LIMIT = Duration.ofMinutes(1);

    private static final int PIECE = 16 * 1024;

    /** What is read of a frame, if only to be dropped: an envelope with the most recipients, each of the greatest length. */
    private static final int LONGEST = 128 << 20;

    private static final Status NO_ENVELOPE = new Status(5, 5, 3);
    private static final Status NOT_CAPABLE = new Status(4, 3, 3);

    private EnqueueWire() {}

    private interface OutputAction {
        void to(OutputStream out) throws IOException;
    }

    /** The side of the ways in. */
    static final class EnqueueClient implements Enqueue {
        private final ConnectionPool connections;
        private final RequestClient requests;

        EnqueueClient(ConnectionPool connections, RequestClient requests) {
            this.connections = connections;
            this.requests = requests;
        }

        @Override
        public Submission open() throws IOException {
            requests.reach();
            return new SocketSubmission();
        }

        private final class SocketSubmission implements Submission {
            private @Nullable PooledConnection own; // once it is too large for a question
            private boolean kept; // an idle connection not yet heard from: nothing was sent by it
            private final byte[] chunk = new byte[CHUNK];
            private int filled;

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

            private PooledConnection connection() throws IOException {
                PooledConnection mine = own;
                if (mine == null) {
                    mine = connections.takeIdle();
                    kept = mine != null;
                    mine = mine == null ? connections.connect() : mine;
                    own = mine;
                }
                return mine;
            }

            private void sendChunk() throws IOException {
                send(this::writeChunk);
                filled = 0;
            }

            private void writeChunk(OutputStream out) throws IOException {
                out.write(((filled + 1) + ":M").getBytes(StandardCharsets.ISO_8859_1));
                out.write(chunk, 0, filled);
                out.write(',');
            }

            /** Sends frames; by a new connection where an idle one turns out to be dead: then queue has got none of it whole. */
            private void send(OutputAction frames) throws IOException {
                try {
                    sendOnce(frames);
                } catch (IOException e) {
                    if (!kept) {
                        throw e;
                    }
                    reconnect();
                    sendOnce(frames);
                }
                kept = false;
            }

            private void sendOnce(OutputAction frames) throws IOException {
                PooledConnection mine = connection();
                try (var _ = connections.watchdog().closeAfter(ANSWER_LIMIT, mine)) {
                    frames.to(mine.out);
                    mine.out.flush();
                }
            }

            private void reconnect() throws IOException {
                close();
                connections.dropIdle(); // queue was restarted: all that is idle is as old
                own = connections.connect();
                kept = false;
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) throws IOException {
                if (fields.length() > MOST_FIELDS) {
                    throw new IllegalArgumentException(fields.length() + " octets of fields, over " + MOST_FIELDS);
                }
                if (own == null && isSmall(envelope, fields)) {
                    return receipt(requests.askOnce(ANSWER_LIMIT, frame -> {
                        frame.put(chunk, 0, filled);
                        put(frame, envelope, fields);
                    }));
                }
                var frame = new FrameWriter().put("E");
                put(frame, envelope, fields);
                send(out -> {
                    if (filled > 0) {
                        writeChunk(out);
                    }
                    frame.send(out);
                });
                PooledConnection mine = connection();
                try (var _ = connections.watchdog().closeAfter(ANSWER_LIMIT, mine)) {
                    Receipt receipt = receipt(FrameReader.receive(mine.in, ANSWER));
                    own = null;
                    connections.giveBack(mine);
                    return receipt;
                }
            }

            private static void put(FrameWriter frame, Envelope envelope, String fields) {
                Frames.put(frame, envelope);
                if (!fields.isEmpty()) {
                    frame.putTagged(FIELDS, fields);
                }
            }

            /** Whether envelope and fields fit into {@link #SMALL_ENVELOPE}, the lengths of the frame's fields included. */
            private static boolean isSmall(Envelope envelope, String fields) {
                if (envelope.recipients().attributed() > 0) {
                    return false;
                }
                int octets = 200
                        + fields.length()
                        + envelope.sender().octets().length()
                        + envelope.attributes().size();
                for (int i = 0; i < envelope.addresses().size() && octets <= SMALL_ENVELOPE; i++) {
                    octets += 6 + envelope.addresses().get(i).octets().length();
                }
                return octets <= SMALL_ENVELOPE;
            }

            private static Receipt receipt(FrameReader frame) throws MalformedFrameException {
                Receipt receipt = switch (frame.text(1)) {
                    case "K" -> new Receipt.Accepted(frame.number(1, Long.MAX_VALUE));
                    case "Z" -> new Receipt.TemporaryFailure(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
                    case "D" -> new Receipt.PermanentFailure(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
                    default -> throw new MalformedFrameException("queue answered with no receipt");
                };
                frame.end();
                return receipt;
            }

            @Override
            public void close() {
                PooledConnection mine = own;
                if (mine != null) {
                    own = null;
                    mine.close();
                }
            }
        }
    }

    /** The side of queue. What is said of the uid is replaced by what the kernel says. */
    static EndpointServer.ConnectionHandler server(Enqueue queue, Watchdog watchdog) {
        return server(queue, watchdog, ReceiveTimeouts.GUEST);
    }

    /** @param guestPatience how long messages of guests may take */
    static EndpointServer.ConnectionHandler server(Enqueue queue, Watchdog watchdog, ReceiveTimeouts guestPatience) {
        var begun = new UnfinishedMessages();
        var ours = new Semaphore(ENVELOPES, true);
        var guests = new Semaphore(ENVELOPES, true);
        return RequestServer.server(
                LIMITS,
                watchdog,
                (question, answer, caller) -> {
                    byte[] octets = question.octets(CHUNK);
                    EndOfMessage claimed = EndOfMessage.read(question);
                    try (var submission = queue.open()) {
                        submission.write(octets, 0, octets.length);
                        put(answer, claimed.commit(submission, caller));
                    }
                },
                (in, out, caller) -> {
                    var envelopes = new Envelopes(caller.guest() ? guests : ours, watchdog, caller.connection());
                    while (true) {
                        try (var submission = queue.open()) {
                            int length = takeMessage(
                                    in,
                                    submission,
                                    begun,
                                    caller,
                                    caller.guest() ? guestPatience : ReceiveTimeouts.OURS,
                                    watchdog);
                            Enqueue.Receipt receipt =
                                    envelopes.with(in, length, claimed -> claimed.commit(submission, caller));
                            var answer = new FrameWriter();
                            put(answer, receipt);
                            answer.send(out);
                        }
                    }
                });
    }

    /**
     * How long a message may take to come.
     *
     * @param frame from the end of a frame to the end of the next
     * @param whole from its first octet to its envelope
     */
    record ReceiveTimeouts(Duration frame, Duration whole) {
        /** What a program of a user writes may take its time; what it holds of queue meanwhile is little, but something. */
        static final ReceiveTimeouts GUEST = new ReceiveTimeouts(Duration.ofMinutes(10), Duration.ofHours(6));

        /** Above the longest silence and session that smtpd allows. */
        static final ReceiveTimeouts OURS = new ReceiveTimeouts(Duration.ofMinutes(70), Duration.ofHours(25));
    }

    /** Messages that have begun to come and have not ended, by user. */
    private static final class UnfinishedMessages {
        /** Those of one user that is a guest. */
        static final int MOST_OF_ONE = 100;

        private final ConcurrentMap<Integer, Integer> counts = new ConcurrentHashMap<>();

        Closeable enter(Caller caller) throws IOException {
            int count = counts.merge(caller.uid(), 1, Integer::sum);
            Closeable leaving = () -> counts.computeIfPresent(caller.uid(), (_, now) -> now == 1 ? null : now - 1);
            if (caller.guest() && count > MOST_OF_ONE) {
                leaving.close();
                throw new MalformedFrameException("user " + caller.user() + " has begun over " + MOST_OF_ONE
                        + " messages of more than " + CHUNK + " octets and ended none of them");
            }
            return leaving;
        }
    }

    /**
     * Any local user may say anything here: octets go on as they come.
     *
     * @return the octets of the frame with the envelope, which follow
     */
    private static int takeMessage(
            InputStream in,
            Enqueue.Submission submission,
            UnfinishedMessages begun,
            Caller caller,
            ReceiveTimeouts patience,
            Watchdog watchdog)
            throws IOException {
        int length = FrameReader.announced(in, LONGEST);
        if (!octetsFollow(in, length)) {
            return length;
        }
        byte[] piece = new byte[PIECE];
        Closeable connection = caller.connection();
        try (var _ = begun.enter(caller);
                var _ = watchdog.closeAfter(patience.whole(), connection)) {
            while (true) {
                try (var _ = watchdog.closeAfter(patience.frame(), connection)) {
                    takeOctets(in, length - 1, piece, submission);
                    length = FrameReader.announced(in, LONGEST);
                }
                if (!octetsFollow(in, length)) {
                    return length;
                }
            }
        }
    }

    /** Whether it is the octets of a message; their mark is passed over then. */
    private static boolean octetsFollow(InputStream in, int length) throws IOException {
        in.mark(1);
        if (length > 0 && in.read() == 'M') {
            return true;
        }
        in.reset();
        return false;
    }

    /**
     * Envelopes that are not small, one after another over one connection.
     *
     * @param shares of the memory, in KiB
     */
    private record Envelopes(Semaphore shares, Watchdog watchdog, Closeable connection) {
        /** Does something with the envelope that follows; a large one has its share of the memory until that has ended. */
        Enqueue.Receipt with(InputStream in, int length, Committing then) throws IOException {
            if (length <= SMALL_ENVELOPE) {
                return then.commit(envelope(in, length));
            }
            if (length > LARGEST_ENVELOPE) {
                try (var _ = watchdog.closeAfter(ENVELOPE_LIMIT, connection)) {
                    in.skipNBytes(length);
                }
                if (in.read() != ',') {
                    throw new MalformedFrameException("frame has no comma");
                }
                return new Enqueue.Receipt.PermanentFailure(
                        NO_ENVELOPE, "envelope of " + length + " octets; the most is " + LARGEST_ENVELOPE);
            }
            int share = Math.min(ENVELOPES, Math.ceilDiv(length, 1024));
            if (!acquire(shares, share)) {
                throw new IOException("too many large envelopes at once");
            }
            try {
                return then.commit(envelope(in, length));
            } finally {
                shares.release(share);
            }
        }

        private EndOfMessage envelope(InputStream in, int length) throws IOException {
            byte[] octets;
            try (var _ = watchdog.closeAfter(ENVELOPE_LIMIT, connection)) {
                octets = FrameReader.receiveRest(in, length);
            }
            return EnqueueWire.end(FrameReader.of(octets));
        }
    }

    private interface Committing {
        Enqueue.Receipt commit(EndOfMessage claimed) throws IOException;
    }

    /** What a caller says at the end of a message. */
    private record EndOfMessage(Envelope envelope, String fields) {
        static EndOfMessage read(FrameReader frame) throws MalformedFrameException {
            Envelope envelope = Frames.envelope(frame);
            TaggedFields tagged = frame.tagged();
            String fields = tagged.take(FIELDS, Enqueue.Submission.MOST_FIELDS);
            tagged.end();
            return new EndOfMessage(envelope, fields);
        }

        Enqueue.Receipt commit(Enqueue.Submission submission, Caller caller) throws IOException {
            try {
                envelope.check();
            } catch (IllegalArgumentException e) {
                return new Enqueue.Receipt.PermanentFailure(NO_ENVELOPE, String.valueOf(e.getMessage()));
            }
            try {
                envelope.checkValues();
            } catch (IllegalArgumentException e) { // the caller may be of a newer build, and queue soon be too
                return new Enqueue.Receipt.TemporaryFailure(NOT_CAPABLE, String.valueOf(e.getMessage()));
            }
            return submission.commit(envelope.by(caller.uid()), fields);
        }
    }

    private static void takeOctets(InputStream in, int length, byte[] piece, Enqueue.Submission submission)
            throws IOException {
        for (int left = length; left > 0; ) {
            int count = in.read(piece, 0, Math.min(left, piece.length));
            if (count < 0) {
                throw new MalformedFrameException("message is cut short");
            }
            submission.write(piece, 0, count);
            left -= count;
        }
        if (in.read() != ',') {
            throw new MalformedFrameException("frame has no comma");
        }
    }

    private static boolean acquire(Semaphore shares, int share) throws IOException {
        try {
            return shares.tryAcquire(share, ANSWER_LIMIT.toSeconds() / 2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static EndOfMessage end(FrameReader frame) throws MalformedFrameException {
        if (!frame.text(1).equals("E")) {
            throw new MalformedFrameException("frame that is neither message nor envelope");
        }
        return EndOfMessage.read(frame);
    }

    private static void put(FrameWriter frame, Enqueue.Receipt receipt) {
        switch (receipt) {
            case Enqueue.Receipt.Accepted(long message) -> frame.put("K").put(message);
            case Enqueue.Receipt.TemporaryFailure(var status, var reason) -> {
                frame.put("Z");
                Frames.put(frame, status);
                frame.put(Frames.cut(reason));
            }
            case Enqueue.Receipt.PermanentFailure(var status, var reason) -> {
                frame.put("D");
                Frames.put(frame, status);
                frame.put(Frames.cut(reason));
            }
        }
    }
}

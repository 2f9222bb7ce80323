package carteiro.smtpd;

import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.wire.LineReader;
import carteiro.wire.TextDecoder;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way from a client to queue. What makes it unacceptable is remembered and the rest read and dropped, so
 * that the reply comes where the client expects it.
 */
final class IncomingMessage implements LineReader.Sink, Closeable {
    /** What is read and dropped of a message over its limit before the connection is ended, in octets. */
    static final long DROPPED = 64L << 20;

    /** A client has too much under way at once: octets that queue keeps until the messages are whole. */
    private static final Reply NO_ROOM = Reply.of(452, "4.3.1 too much is under way from you, try again later");

    private static final Reply LOOP = Reply.of(554, "5.4.6 too many hops, this message is looping");
    private static final Reply TOO_BIG = Reply.of(552, "5.3.4 message is over the limit of octets here");
    private static final Reply LINE_TOO_LONG = Reply.of(552, "5.6.0 a line of the message is too long");
    private static final Reply NUL = Reply.of(554, "5.6.0 the message holds an octet of value 0");
    private static final Reply QUEUE_LOST = Reply.of(451, "4.3.0 the message cannot be kept now");

    private final Submission submission;
    private final TextDecoder decoder;
    private final HeaderScan header = new HeaderScan();
    private final ClientBudget.ClientReservation buffers;
    private final ClientBudget.ClientReservation text;
    private final long databytes;
    private final long linebytes;
    private long octets;
    private long counted = Budgets.TEXT_STEP;
    private long dropped;
    private @Nullable Reply fault;
    private String why = "";

    /**
     * @param buffers what it holds of {@link Budgets#messages}; given back at its close
     * @param text what it takes of {@link Budgets#text}; given back at its close
     */
    IncomingMessage(
            Submission submission,
            TextDecoder decoder,
            long databytes,
            long linebytes,
            ClientBudget.ClientReservation buffers,
            ClientBudget.ClientReservation text) {
        this.buffers = buffers;
        this.text = text;
        this.submission = submission;
        this.decoder = decoder;
        this.databytes = databytes;
        this.linebytes = linebytes;
    }

    /** The client sends on and on after its message has become unacceptable. */
    static final class EndlessException extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient Reply reply;

        EndlessException(Reply reply) {
            super("the client sends without end");
            this.reply = reply;
        }

        Reply reply() {
            return reply;
        }
    }

    TextDecoder decoder() {
        return decoder;
    }

    /** The octets of the message so far, LF line ends, without our Received field. */
    long octets() {
        return octets;
    }

    /** What the log should know of a failure beyond the reply. */
    String why() {
        return why;
    }

    /** Puts our own field in front; it counts for nothing. */
    void begin(byte[] received) {
        store(received, 0, received.length);
    }

    @Override
    public void take(byte[] octets, int from, int length) throws EndlessException {
        this.octets += length;
        if (fault == null) {
            checkLimits();
            header.take(octets, from, length);
        }
        if (fault == null) {
            store(octets, from, length);
        } else {
            dropped += length;
            if (dropped > mostDropped(databytes)) {
                throw new EndlessException(fault);
            }
        }
    }

    /** What is read and dropped before the connection is ended, in octets. */
    static long mostDropped(long databytes) {
        return Math.max(DROPPED, databytes);
    }

    /** What its first Message-ID field says; empty without one. */
    String messageId() {
        return header.messageId();
    }

    private void checkLimits() {
        if (octets > databytes) {
            refuse(TOO_BIG);
        } else if (decoder.sawNul()) {
            refuse(NUL);
        } else if (decoder.longestLine() > linebytes) {
            refuse(LINE_TOO_LONG);
        } else if (octets > counted) {
            if (text.take(Budgets.TEXT_STEP)) {
                counted += Budgets.TEXT_STEP; // a block is far smaller than a step
            } else {
                refuse(NO_ROOM);
            }
        }
    }

    private void store(byte[] octets, int from, int length) {
        try {
            submission.write(octets, from, length);
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
            refuse(QUEUE_LOST);
        }
    }

    private void refuse(Reply reply) {
        fault = reply;
        submission.close();
        text.giveBack();
    }

    /** What became of it. */
    sealed interface ReceiveResult {
        /** In the queue under that number. */
        record InQueue(long number, Reply reply) implements ReceiveResult {}

        /** Not in the queue. */
        record NotInQueue(Reply reply) implements ReceiveResult {}
    }

    /** Ends the message; when it is kept, it is on disk. */
    ReceiveResult end(Envelope envelope, Clock clock) {
        if (fault == null) {
            checkLimits();
        }
        if (fault == null && header.hops() >= SmtpdSettings.HOPS) {
            refuse(LOOP);
        }
        if (fault != null) {
            return new ReceiveResult.NotInQueue(fault);
        }
        try {
            return switch (submission.commit(envelope)) {
                case Receipt.Accepted(long number) ->
                    new ReceiveResult.InQueue(number, Reply.of(250, "ok " + clock.millis() / 1000 + " qp " + number));
                case Receipt.TemporaryFailure(var status, var reason) -> {
                    why = reason;
                    boolean diskLow = status.subject() == 3 && status.detail() == 1;
                    yield new ReceiveResult.NotInQueue(Reply.of(diskLow ? 452 : 451, status, reason));
                }
                case Receipt.PermanentFailure(var status, var reason) -> {
                    why = reason;
                    yield new ReceiveResult.NotInQueue(Reply.of(554, status, reason));
                }
            };
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
            return new ReceiveResult.NotInQueue(QUEUE_LOST);
        }
    }

    /** Withdraws the message unless it was kept. */
    @Override
    public void close() {
        submission.close();
        text.giveBack();
        buffers.giveBack();
    }
}

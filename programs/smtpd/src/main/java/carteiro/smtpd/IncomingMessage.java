package carteiro.smtpd;

import carteiro.listen.Budgets;
import carteiro.listen.ClientBudget;
import carteiro.listen.HeaderScan;
import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.smtpd.TransactionView.TextFacts;
import carteiro.smtpd.Verdict.Refusal;
import carteiro.wire.LineReader;
import carteiro.wire.TextDecoder;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way from a client to queue. What makes it unacceptable is remembered and the rest read and dropped, so
 * that the reply comes where the client expects it.
 */
final class IncomingMessage implements LineReader.Sink, Closeable {
    /** The least that is read and dropped of a message over its limit before the connection is ended, in octets. */
    static final long DROPPED = 64L << 20;

    /** A client has too much under way at once: octets that queue keeps until the messages are whole. */
    private static final Refusal NO_ROOM = new Verdict.NotNow(
            PolicyRule.TEXT_UNDER_WAY.reply(452, "4.3.1 too much is under way from you, try again later"), "");

    private static final Reply QUEUE_LOST = PolicyRule.QUEUE.reply(451, "4.3.0 the message cannot be kept now");

    private final Submission submission;
    private final TextDecoder decoder;
    private final HeaderScan header = new HeaderScan();
    private final ClientBudget.ClientReservation buffers;
    private final ClientBudget.ClientReservation text;
    private final MessagePolicy policy;
    private final Optional<SubmittedHeader> submitted;
    private final long mostDropped;
    private long octets;
    private long counted = Budgets.TEXT_STEP;
    private long dropped;
    private @Nullable Refusal fault;

    /** Asks the policy about what has come of the message. */
    @FunctionalInterface
    interface MessagePolicy {
        /** What is refused; empty to go on. */
        Optional<Refusal> judge(Stage stage, TextFacts facts);
    }

    /**
     * @param submitted what becomes of the header of somebody who has logged in; empty if it goes on as it came
     * @param mostDropped what is read and dropped before the connection is ended, in octets
     * @param buffers what it holds of {@link Budgets#messages}; given back at its close
     * @param text what it takes of {@link Budgets#text}; given back at its close
     */
    IncomingMessage(
            Submission submission,
            TextDecoder decoder,
            MessagePolicy policy,
            Optional<SubmittedHeader> submitted,
            long mostDropped,
            ClientBudget.ClientReservation buffers,
            ClientBudget.ClientReservation text) {
        this.buffers = buffers;
        this.text = text;
        this.submission = submission;
        this.decoder = decoder;
        this.policy = policy;
        this.submitted = submitted;
        this.mostDropped = mostDropped;
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
            int header = storeHeader(octets, from, length);
            store(octets, from + header, length - header);
        } else {
            dropped += length;
            if (dropped > mostDropped) {
                throw new EndlessException(fault.reply());
            }
        }
    }

    /** What its first Message-ID field says; empty without one. */
    String messageId() {
        return header.messageId();
    }

    private void checkLimits() {
        Optional<Refusal> refused = judge(Stage.TEXT);
        if (refused.isPresent()) {
            refuse(refused.get());
        } else if (octets > counted) {
            if (text.take(Budgets.TEXT_STEP)) {
                counted += Budgets.TEXT_STEP; // a block is far smaller than a step
            } else {
                refuse(NO_ROOM);
            }
        }
    }

    private Optional<Refusal> judge(Stage stage) {
        return policy.judge(
                stage,
                new TextFacts(
                        octets,
                        decoder.longestLine(),
                        decoder.sawNul(),
                        header.hops(),
                        decoder.state(),
                        submitted.map(SubmittedHeader::authors).orElse(List.of()),
                        submitted.map(SubmittedHeader::fault).orElse("")));
    }

    /** @return how many of the octets belong to a header that is rewritten */
    private int storeHeader(byte[] octets, int from, int length) {
        if (submitted.isEmpty() || submitted.get().ended()) {
            return 0;
        }
        int taken = submitted.get().take(octets, from, length);
        if (submitted.get().ended()) {
            storeRewritten(submitted.get());
        }
        return taken;
    }

    private void storeRewritten(SubmittedHeader whole) {
        byte[] rewritten = whole.rewritten();
        store(rewritten, 0, rewritten.length);
    }

    private void store(byte[] octets, int from, int length) {
        if (length == 0 || fault != null) {
            return;
        }
        try {
            submission.write(octets, from, length);
        } catch (IOException e) {
            refuse(lost(e));
        }
    }

    private static Refusal lost(IOException e) {
        return new Verdict.NotNow(QUEUE_LOST, String.valueOf(e.getMessage()));
    }

    private void refuse(Refusal refusal) {
        fault = refusal;
        submission.close();
        text.giveBack();
    }

    /** What became of it. */
    sealed interface ReceiveResult {
        /** In the queue under that number. */
        record InQueue(long number, Reply reply) implements ReceiveResult {}

        /** Not in the queue. */
        record NotInQueue(Refusal refusal) implements ReceiveResult {}
    }

    /**
     * Why all of it, now that it has come, is not to be kept: first that nobody knows where it ends, then what was found while
     * it came. Empty if {@link #keep} may follow.
     */
    Optional<Refusal> refusal() {
        if (fault == null && submitted.isPresent() && !submitted.get().ended()) {
            submitted.get().end();
            storeRewritten(submitted.get());
        }
        Optional<Refusal> whole = judge(Stage.MESSAGE);
        if (whole.isPresent() && whole.get() instanceof Verdict.RefuseAndEnd) {
            return whole;
        }
        if (fault == null) {
            checkLimits();
        }
        return Optional.ofNullable(fault).or(() -> whole);
    }

    /** Has queue keep it; then it is on disk. */
    ReceiveResult keep(Envelope envelope, Clock clock) {
        try {
            return switch (submission.commit(envelope)) {
                case Receipt.Accepted(long number) ->
                    new ReceiveResult.InQueue(number, Reply.of(250, "ok " + clock.millis() / 1000 + " qp " + number));
                case Receipt.TemporaryFailure(var status, var reason) -> {
                    boolean diskLow = status.subject() == 3 && status.detail() == 1;
                    yield new ReceiveResult.NotInQueue(
                            new Verdict.NotNow(PolicyRule.QUEUE.reply(diskLow ? 452 : 451, status, reason), reason));
                }
                case Receipt.PermanentFailure(var status, var reason) ->
                    new ReceiveResult.NotInQueue(
                            new Verdict.Refuse(PolicyRule.QUEUE_REFUSES.reply(554, status, reason), reason));
            };
        } catch (IOException e) {
            return new ReceiveResult.NotInQueue(lost(e));
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

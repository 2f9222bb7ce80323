package carteiro.protocol;

import carteiro.protocol.DoorKeeper.Caller;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;

/**
 * Answers numbered questions (docs/protocols/README.md), each by a thread of its own, in the order in which the answers are
 * ready.
 */
final class Answers {
    /** The mark of a question with a number, and of its answer. */
    static final char NUMBERED = '#';

    /** The mark of what is said instead of an answer: something is wrong with the program or the question. */
    static final char UNANSWERED = '!';

    /** Questions of one connection at once; a guest's are answered one after another. More wait in the socket. */
    private static final int MOST = 4_000;

    private Answers() {}

    /** Answers one question. What it throws is logged, and the one who asked learns that there is no answer. */
    interface Answering {
        /** @param answer gets the fields */
        void answer(FrameReader question, FrameWriter answer, Caller caller) throws IOException;
    }

    /**
     * The most octets of frames. An answer that would have more is not given: at the other side it would end the connection,
     * and with it what all others wait for.
     */
    record Limits(int question, int answer) {}

    /**
     * A server of connections that begin with a numbered question, and of others.
     *
     * @param limits of the frames
     */
    static DoorKeeper.Server server(Limits limits, Answering answering, DoorKeeper.Server others) {
        return (in, out, caller) -> {
            if (FrameReader.markFollows(in, NUMBERED)) {
                serve(limits, answering, in, caller);
            } else {
                others.serve(in, out, caller);
            }
        };
    }

    /** A server of numbered questions alone. */
    static DoorKeeper.Server server(Limits limits, Answering answering) {
        return (in, _, caller) -> serve(limits, answering, in, caller);
    }

    private static void serve(Limits limits, Answering answering, InputStream in, Caller caller) throws IOException {
        int most = caller.guest() ? 1 : MOST;
        var free = new Semaphore(most);
        var outbox = new Outbox(Thread.currentThread().getName(), caller.connection());
        try {
            while (true) {
                FrameReader question = FrameReader.receive(in, limits.question());
                if (!question.marked(NUMBERED)) {
                    throw new MalformedFrameException("question without a number");
                }
                long number = question.number(1, Long.MAX_VALUE);
                free.acquireUninterruptibly();
                Thread.ofVirtual().name(Thread.currentThread().getName()).start(() -> {
                    try {
                        outbox.put(answer(number, question, limits.answer(), answering, caller));
                    } catch (IOException e) {
                        // the caller has gone
                    } finally {
                        free.release();
                    }
                });
            }
        } catch (EOFException e) { // the caller asks no more, or we are stopping: what was asked is answered
            free.acquireUninterruptibly(most);
            outbox.finish();
        } catch (IOException | RuntimeException e) {
            outbox.end();
            throw e;
        }
    }

    private static FrameWriter answer(
            long number, FrameReader question, int limit, Answering answering, Caller caller) {
        FrameWriter answer = FrameWriter.marked(NUMBERED).put(number);
        try {
            answering.answer(question, answer, caller);
            if (answer.octets() > limit) {
                throw new IOException("the answer has " + answer.octets() + " octets, over " + limit);
            }
            return answer;
        } catch (Throwable e) { // an Error too: nobody shall wait for an answer that does not come
            caller.complaints().accept(e);
            return FrameWriter.marked(UNANSWERED).put(number);
        }
    }
}

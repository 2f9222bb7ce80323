package carteiro.protocol;

import carteiro.protocol.EndpointServer.Caller;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * Answers numbered questions (docs/protocols/README.md), each by a thread of its own, in the order in which the answers are
 * ready.
 */
final class RequestServer {
    /** The mark of a question with a number, and of its answer. */
    static final char NUMBERED = '#';

    /** The mark of what is said instead of an answer: something is wrong with the program or the question. */
    static final char UNANSWERED = '!';

    /** Questions of one connection at once, where nothing else is said. More wait in the socket. */
    private static final int MOST = 4_000;

    private static final Duration GUEST_LIMIT = Duration.ofMinutes(1);

    private RequestServer() {}

    /** Answers one question. What it throws is logged, and the one who asked learns that there is no answer. */
    interface RequestHandler {
        /** @param answer gets the fields */
        void answer(FrameReader question, FrameWriter answer, Caller caller) throws IOException;
    }

    /**
     * The most octets of frames. An answer that would have more is not given: at the other side it would end the connection,
     * and with it what all others wait for.
     *
     * @param guest how long a guest may take to send a question, from its first octet on, or to read an answer
     * @param most questions of one connection that are answered at once: so many answers are in memory
     */
    record RequestLimits(int question, int answer, Duration guest, int most) {
        RequestLimits(int question, int answer) {
            this(question, answer, GUEST_LIMIT, MOST);
        }
    }

    /**
     * A server of connections that begin with a numbered question, and of others.
     *
     * @param limits of the frames
     * @param watchdog ends guests that take too long
     */
    static EndpointServer.ConnectionHandler server(
            RequestLimits limits,
            Watchdog watchdog,
            RequestHandler answering,
            EndpointServer.ConnectionHandler others) {
        EndpointServer.ConnectionHandler questions = server(limits, watchdog, answering);
        return (in, out, caller) -> {
            if (FrameReader.markFollows(in, NUMBERED)) {
                questions.serve(in, out, caller);
            } else {
                others.serve(in, out, caller);
            }
        };
    }

    /** A server of numbered questions alone. */
    static EndpointServer.ConnectionHandler server(RequestLimits limits, Watchdog watchdog, RequestHandler answering) {
        return (in, out, caller) -> {
            if (caller.guest()) {
                serveGuest(limits, watchdog, answering, in, out, caller);
            } else {
                serve(limits, answering, in, caller);
            }
        };
    }

    /** One after another: there is never more of a guest in memory than a question and its answer, and not for long. */
    private static void serveGuest(
            RequestLimits limits,
            Watchdog watchdog,
            RequestHandler answering,
            InputStream in,
            OutputStream out,
            Caller caller)
            throws IOException {
        while (follows(in)) {
            FrameReader question;
            try (var _ = watchdog.closeAfter(limits.guest(), caller.connection())) {
                question = FrameReader.receive(in, limits.question());
            }
            FrameWriter answer = answer(numberOf(question), question, limits.answer(), answering, caller);
            try (var _ = watchdog.closeAfter(limits.guest(), caller.connection())) {
                answer.send(out);
            }
        }
    }

    /** Waits for the next octet, however long; false at the end. */
    private static boolean follows(InputStream in) throws IOException {
        in.mark(1);
        boolean follows = in.read() >= 0;
        in.reset();
        return follows;
    }

    private static long numberOf(FrameReader question) throws MalformedFrameException {
        if (!question.marked(NUMBERED)) {
            throw new MalformedFrameException("question without a number");
        }
        return question.number(1, Long.MAX_VALUE);
    }

    private static void serve(RequestLimits limits, RequestHandler answering, InputStream in, Caller caller)
            throws IOException {
        var free = new Semaphore(limits.most());
        var sender = new FrameSender(Thread.currentThread().getName(), caller.connection());
        try {
            while (true) {
                FrameReader question = FrameReader.receive(in, limits.question());
                long number = numberOf(question);
                free.acquireUninterruptibly();
                Thread.ofVirtual().name(Thread.currentThread().getName()).start(() -> {
                    try {
                        sender.put(answer(number, question, limits.answer(), answering, caller));
                    } catch (IOException e) {
                        // the caller has gone
                    } catch (RuntimeException | Error e) {
                        caller.complaints().accept(e);
                    } finally {
                        free.release();
                    }
                });
            }
        } catch (EOFException e) { // the caller asks no more, or we are stopping: what was asked is answered
            free.acquireUninterruptibly(limits.most());
            sender.finish();
        } finally {
            sender.end();
        }
    }

    private static FrameWriter answer(
            long number, FrameReader question, int limit, RequestHandler answering, Caller caller) {
        FrameWriter answer = FrameWriter.marked(NUMBERED).put(number);
        try {
            answering.answer(question, answer, caller);
            if (answer.octets() > limit) {
                throw new IOException("the answer has " + answer.octets() + " octets, over " + limit);
            }
            return answer;
        } catch (Throwable e) { // an Error too: nobody shall wait for an answer that does not come
            caller.complaints().accept(e); // which ends the process if it is out of memory
            return FrameWriter.marked(UNANSWERED).put(number);
        }
    }
}

package carteiro.protocol;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.Control.ControlReply;
import carteiro.protocol.Control.ControlResult;
import carteiro.protocol.Control.ControlVerb;
import carteiro.protocol.Control.ProgramState;
import carteiro.protocol.Control.ProgramStatus;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Control over the socket run/PROGRAM/control (docs/protocols/control.md): one frame asks, one answers. */
public final class ControlWire {
    private static final int REQUEST_LIMIT = Frames.SHORT;
    private static final int ANSWER_LIMIT = 256 * 1024;
    private static final int NAME_LIMIT = 40;
    private static final int STATUS_LIMIT = 2_000;
    private static final int TEXT_LIMIT = 64 * 1024;
    private static final int MOST_PROGRAMS = 40;

    /** Requests at one time; further ones wait. */
    private static final int MOST_ANSWERS = 100;

    /** How long closing waits for answers under way. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

    private ControlWire() {}

    /**
     * Offers control over {@code program} until closed.
     *
     * @param callers the users who may, besides root and the own user
     * @throws IOException if another one answers there already
     */
    public static Closeable offer(
            String program, Installation installation, Set<String> callers, Control control, EventLog log)
            throws IOException {
        var answering = new Semaphore(MOST_ANSWERS);
        var endpoint = new Endpoint(program, "control", callers);
        Closeable keeper =
                EndpointServer.open(endpoint, installation.run(), server(program, control, answering, log), log);
        return () -> {
            try { // whoever asked for the end of it all hears of it
                boolean _ = answering.tryAcquire(MOST_ANSWERS, LAST_ANSWERS.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            keeper.close();
        };
    }

    /** @param limit how long an answer may take */
    public static Control client(String program, Installation installation, Duration limit) {
        var endpoint = new Endpoint(program, "control", Set.of());
        return (verb, which) -> {
            try (var watchdog = new Watchdog();
                    var connections = new ConnectionPool(endpoint, installation.run(), watchdog)) {
                return connections.askOnce(limit, connection -> {
                    new FrameWriter().put(verb.name()).put(which).send(connection.out);
                    return answer(FrameReader.receive(connection.in, ANSWER_LIMIT));
                });
            }
        };
    }

    private static EndpointServer.ConnectionHandler server(
            String name, Control control, Semaphore answering, EventLog log) {
        return (in, out, _) -> {
            while (true) {
                FrameReader frame = FrameReader.receive(in, REQUEST_LIMIT);
                ControlVerb verb = Frames.constant(frame, ControlVerb.class);
                String program = frame.text(NAME_LIMIT);
                frame.end();
                answering.acquireUninterruptibly();
                try {
                    frame(answer(name, control, verb, program, log)).send(out);
                } finally {
                    answering.release();
                }
            }
        };
    }

    /** Whatever goes wrong is told: who asks can do nothing with a connection that ends. */
    private static ControlReply answer(String name, Control control, ControlVerb verb, String program, EventLog log) {
        try {
            return control.ask(verb, program);
        } catch (IOException e) {
            return new ControlReply(ControlResult.FAILED, LogText.reason(e), List.of());
        } catch (RuntimeException e) {
            log.bug(name, e);
            return new ControlReply(
                    ControlResult.FAILED,
                    "a bug in " + name + " (" + e + "); its log has more; please report",
                    List.of());
        }
    }

    private static FrameWriter frame(ControlReply answer) {
        var frame = new FrameWriter();
        frame.put(answer.result().name()).put(cut(answer.text(), TEXT_LIMIT));
        Frames.put(frame, answer.programs(), ControlWire::put);
        return frame;
    }

    private static void put(FrameWriter frame, ProgramStatus row) {
        frame.put(row.program()).put(row.state().name()).put(row.since().getEpochSecond());
        frame.put(row.pid()).put(row.restarts()).put(cut(row.status(), STATUS_LIMIT));
    }

    private static ControlReply answer(FrameReader frame) throws IOException {
        ControlResult result = Frames.constant(frame, ControlResult.class);
        String text = frame.text(TEXT_LIMIT);
        List<ProgramStatus> rows = Frames.items(frame, MOST_PROGRAMS, ControlWire::status);
        frame.end();
        return new ControlReply(result, text, rows);
    }

    private static ProgramStatus status(FrameReader frame) throws MalformedFrameException {
        return new ProgramStatus(
                frame.text(NAME_LIMIT),
                Frames.constant(frame, ProgramState.class),
                Instant.ofEpochSecond(frame.number(0, 1L << 40)),
                frame.number(0, Long.MAX_VALUE),
                frame.number(0, Long.MAX_VALUE),
                frame.text(STATUS_LIMIT));
    }

    /** What does not fit is left out: it is for people. */
    private static String cut(String text, int limit) {
        return text.length() > limit ? text.substring(0, limit) : text;
    }
}

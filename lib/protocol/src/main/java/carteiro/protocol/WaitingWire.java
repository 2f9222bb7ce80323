package carteiro.protocol;

import carteiro.mail.Envelope;
import carteiro.mail.RecipientList;
import carteiro.protocol.ConnectionPool.PooledConnection;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Waiting over a socket (docs/protocols/waiting.md). A session has two connections, told apart by their first frame:
 * {@code session}, which takes messages and whose end is the session's end, and {@code reports TOKEN}.
 */
final class WaitingWire {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int MOST = 1000;

    private WaitingWire() {}

    /** The side of send. */
    static final class WaitingClient implements Waiting {
        private final ConnectionPool connections;

        WaitingClient(ConnectionPool connections) {
            this.connections = connections;
        }

        @Override
        public WaitingSession open() throws IOException {
            PooledConnection taking = connections.connect();
            PooledConnection reporting = null;
            try (var _ = connections.watchdog().closeAfter(LIMIT, taking)) {
                new FrameWriter().put("session").send(taking.out);
                FrameReader opened = FrameReader.receive(taking.in, Frames.SHORT);
                String token = opened.text(64);
                Tickets tickets = tickets(opened.text(128));
                opened.end();
                reporting = connections.connect();
                new FrameWriter().put("reports").put(token).send(reporting.out);
                return new SocketSession(taking, reporting, tickets);
            } catch (IOException | RuntimeException e) {
                taking.close();
                if (reporting != null) {
                    reporting.close();
                }
                throw e;
            }
        }

        private static Tickets tickets(String key) throws MalformedFrameException {
            try {
                return Tickets.by(key);
            } catch (IllegalArgumentException e) {
                throw new MalformedFrameException("the key of tickets is none");
            }
        }

        private final class SocketSession implements WaitingSession {
            private final PooledConnection taking;
            private final PooledConnection reporting;
            private final Tickets tickets;

            SocketSession(PooledConnection taking, PooledConnection reporting, Tickets tickets) {
                this.tickets = tickets;
                this.taking = taking;
                this.reporting = reporting;
            }

            @Override
            public List<WaitingMessage> next(int most, Duration patience) throws IOException {
                try (var _ = connections.watchdog().closeAfter(patience.plus(LIMIT), taking)) {
                    new FrameWriter()
                            .put("next")
                            .put(most)
                            .put(patience.toMillis())
                            .send(taking.out);
                    FrameReader frame = FrameReader.receive(taking.in, Frames.LIMIT);
                    List<WaitingMessage> messages = Frames.items(frame, MOST, WaitingWire::message);
                    frame.end();
                    return messages;
                }
            }

            @Override
            public void report(List<Report> reports) throws IOException {
                var frame = new FrameWriter().put("report");
                Frames.put(frame, reports, WaitingWire::put);
                exchange(frame, Frames.SHORT).end();
            }

            @Override
            public Page recipients(long message, int from) throws IOException {
                FrameReader frame = exchange(
                        new FrameWriter().put("recipients").put(message).put(from), Frames.LIMIT);
                if (!frame.text(1).equals("K")) {
                    throw new Waiting.UnreadableException(message);
                }
                return page(frame);
            }

            @Override
            public String ticket(Wires.Channel channel, long message) {
                return tickets.of(channel, message);
            }

            @Override
            public List<Failure> failures(long message, int after) throws IOException {
                FrameReader frame =
                        exchange(new FrameWriter().put("failures").put(message).put(after), Frames.LIMIT);
                List<Failure> failures = Frames.items(
                        frame,
                        Failure.PAGE,
                        item -> new Failure(
                                (int) item.number(0, Integer.MAX_VALUE), item.text(Report.PARAGRAPH_LIMIT)));
                frame.end();
                return failures;
            }

            private synchronized FrameReader exchange(FrameWriter frame, int limit) throws IOException {
                try (var _ = connections.watchdog().closeAfter(LIMIT, reporting)) {
                    frame.send(reporting.out);
                    return FrameReader.receive(reporting.in, limit);
                }
            }

            @Override
            public void close() {
                taking.close();
                reporting.close();
            }
        }
    }

    /** The side of queue. */
    static EndpointServer.ConnectionHandler server(Waiting waiting, Tickets tickets) {
        var sessions = new java.util.concurrent.ConcurrentHashMap<String, Waiting.WaitingSession>();
        return (in, out, _) -> {
            FrameReader first = FrameReader.receive(in, Frames.SHORT);
            switch (first.text(16)) {
                case "session" -> {
                    first.end();
                    String token = java.util.UUID.randomUUID().toString();
                    try (var session = waiting.open()) {
                        sessions.put(token, session);
                        new FrameWriter().put(token).put(tickets.key()).send(out);
                        while (true) {
                            FrameReader frame = FrameReader.receive(in, Frames.SHORT);
                            if (!frame.text(16).equals("next")) {
                                throw new MalformedFrameException("expected next");
                            }
                            int most = (int) frame.number(1, MOST);
                            Duration patience = Duration.ofMillis(frame.number(0, 60_000));
                            frame.end();
                            var answer = new FrameWriter();
                            Frames.put(answer, session.next(most, patience), WaitingWire::put);
                            answer.send(out);
                        }
                    } finally {
                        sessions.remove(token);
                    }
                }
                case "reports" -> {
                    Waiting.WaitingSession session = sessions.get(first.text(64));
                    first.end();
                    if (session == null) {
                        return; // it was closed while its second connection was opened
                    }
                    while (true) {
                        FrameReader frame = FrameReader.receive(in, Frames.LIMIT);
                        var answer = new FrameWriter();
                        switch (frame.text(16)) {
                            case "report" -> {
                                List<Report> reports = Frames.items(frame, MOST, WaitingWire::report);
                                frame.end();
                                session.report(reports);
                            }
                            case "failures" -> {
                                long message = frame.number(0, Long.MAX_VALUE);
                                int after = (int) frame.number(-1, Integer.MAX_VALUE);
                                frame.end();
                                Frames.put(
                                        answer,
                                        session.failures(message, after),
                                        (item, failure) ->
                                                item.put(failure.recipient()).put(failure.paragraph()));
                            }
                            case "recipients" -> {
                                long message = frame.number(0, Long.MAX_VALUE);
                                int from = (int) frame.number(0, Integer.MAX_VALUE);
                                frame.end();
                                try {
                                    Page page = session.recipients(message, from);
                                    put(answer.put("K"), page);
                                } catch (Waiting.UnreadableException e) {
                                    answer.put("Z");
                                }
                            }
                            default -> throw new MalformedFrameException("neither report, failures nor recipients");
                        }
                        answer.send(out);
                    }
                }
                default -> throw new MalformedFrameException("neither session nor reports");
            }
        };
    }

    static void put(FrameWriter frame, WaitingMessage message) {
        frame.put(message.message()).put(message.birth().toEpochMilli()).put(message.octets());
        frame.put(message.recipients());
        Frames.put(frame, message.envelope());
        message.states().forEach(state -> put(frame, state));
    }

    private static void put(FrameWriter frame, RecipientState state) {
        switch (state) {
            case RecipientState.Due(var at) -> frame.put(at.toEpochMilli());
            case RecipientState.Done() -> frame.put(-1);
            case RecipientState.ToBounce() -> frame.put(-2);
        }
    }

    static void put(FrameWriter frame, Page page) {
        Frames.put(frame, page.recipients());
        page.states().forEach(state -> put(frame, state));
    }

    static Page page(FrameReader frame) throws MalformedFrameException {
        RecipientList recipients = Frames.recipients(frame, Page.MOST);
        List<RecipientState> states = states(frame, recipients.size());
        frame.end();
        return new Page(recipients, states);
    }

    static WaitingMessage message(FrameReader frame) throws MalformedFrameException {
        long message = frame.number(1, Long.MAX_VALUE);
        Instant birth = Instant.ofEpochMilli(frame.number(Long.MIN_VALUE, Long.MAX_VALUE));
        long octets = frame.number(0, Long.MAX_VALUE);
        int recipients = (int) frame.number(0, Envelope.MOST_RECIPIENTS);
        var envelope = Frames.envelope(frame);
        if (envelope.addresses().size() > recipients) {
            throw new MalformedFrameException("more recipients are told than there are");
        }
        return new WaitingMessage(
                message,
                birth,
                octets,
                envelope,
                states(frame, envelope.addresses().size()),
                recipients);
    }

    private static List<RecipientState> states(FrameReader frame, int count) throws MalformedFrameException {
        var states = new ArrayList<RecipientState>(count);
        for (int i = 0; i < count; i++) {
            long state = frame.number(-2, Long.MAX_VALUE);
            states.add(
                    state == -1
                            ? new RecipientState.Done()
                            : state == -2
                                    ? new RecipientState.ToBounce()
                                    : state == 0
                                            ? RecipientState.Due.NOW
                                            : new RecipientState.Due(Instant.ofEpochMilli(state)));
        }
        return states;
    }

    private static void put(FrameWriter frame, Report report) {
        switch (report) {
            case Report.RecipientDelivered(long message, int recipient) ->
                frame.put("K").put(message).put(recipient);
            case Report.RecipientFailed(long message, int recipient, String paragraph) ->
                frame.put("D").put(message).put(recipient).put(paragraph);
            case Report.RecipientsDeferred(long message, var recipients, var due, String why) -> {
                frame.put("Z").put(message).put(due.toEpochMilli()).put(recipients.size());
                recipients.forEach(frame::put);
                frame.put(why);
            }
            case Report.MessageEnded(long message) -> frame.put("E").put(message);
        }
    }

    private static Report report(FrameReader frame) throws MalformedFrameException {
        String letter = frame.text(1);
        long message = frame.number(0, Long.MAX_VALUE);
        return switch (letter) {
            case "K" -> new Report.RecipientDelivered(message, (int) frame.number(0, Integer.MAX_VALUE));
            case "D" ->
                new Report.RecipientFailed(
                        message, (int) frame.number(0, Integer.MAX_VALUE), frame.text(Report.PARAGRAPH_LIMIT));
            case "Z" -> {
                Instant due = Instant.ofEpochMilli(frame.number(0, Long.MAX_VALUE));
                int count = (int) frame.number(0, Envelope.MOST_RECIPIENTS);
                var recipients = new ArrayList<Integer>();
                for (int i = 0; i < count; i++) {
                    recipients.add((int) frame.number(0, Integer.MAX_VALUE));
                }
                yield new Report.RecipientsDeferred(message, recipients, due, frame.text(Report.WHY_LIMIT));
            }
            case "E" -> new Report.MessageEnded(message);
            default -> throw new MalformedFrameException("no report: " + letter);
        };
    }
}

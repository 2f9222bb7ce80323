package carteiro.protocol;

import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/** Inspection over a socket (docs/protocols/inspection.md): questions by name. A guest is shown what it handed in itself. */
final class InspectionWire {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private InspectionWire() {}

    /** The side of the tools. */
    static final class InspectionClient implements Inspection {
        private final ConnectionPool connections;

        InspectionClient(ConnectionPool connections) {
            this.connections = connections;
        }

        @Override
        public QueueCounts counts() throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("counts").send(connection.out);
                FrameReader frame = FrameReader.receive(connection.in, Frames.SHORT);
                var counts = new QueueCounts(
                        count(frame), count(frame), count(frame), count(frame), count(frame), count(frame));
                frame.end();
                return counts;
            });
        }

        private static long count(FrameReader frame) throws MalformedFrameException {
            return frame.number(0, Long.MAX_VALUE);
        }

        @Override
        public List<WaitingMessage> page(long after, int most) throws IOException {
            long from = after;
            while (true) {
                InspectionPage looked = look(from, most);
                if (!looked.messages.isEmpty() || looked.upTo <= from) {
                    return looked.messages;
                }
                from = looked.upTo; // none of them is ours to see
            }
        }

        private InspectionPage look(long after, int most) throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("page").put(after).put(most).send(connection.out);
                return looked(FrameReader.receive(connection.in, Frames.LIMIT));
            });
        }

        @Override
        public List<String> reasons(long message, int from, int count) throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter()
                        .put("reasons")
                        .put(message)
                        .put(from)
                        .put(count)
                        .send(connection.out);
                FrameReader frame = FrameReader.receive(connection.in, Frames.LIMIT);
                var reasons = new ArrayList<>(Frames.texts(frame, count, Report.WHY_LIMIT));
                frame.end();
                while (reasons.size() < count) {
                    reasons.add(""); // it has ended
                }
                return List.copyOf(reasons);
            });
        }

        @Override
        public Waiting.Page recipients(long message, int from) throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("recipients").put(message).put(from).send(connection.out);
                return WaitingWire.page(FrameReader.receive(connection.in, Frames.LIMIT));
            });
        }
    }

    /**
     * What a page shows.
     *
     * @param upTo the last message that was looked at; 0 if none follows
     */
    private record InspectionPage(long upTo, List<WaitingMessage> messages) {}

    private static InspectionPage looked(FrameReader frame) throws MalformedFrameException {
        long upTo = frame.number(0, Long.MAX_VALUE);
        List<WaitingMessage> page = Frames.items(frame, Inspection.PAGE_LIMIT, WaitingWire::message);
        frame.end();
        return new InspectionPage(upTo, page);
    }

    /** What a caller sees. */
    private record View(Inspection inspection, boolean guest, int uid) {
        boolean shows(WaitingMessage message) {
            return !guest || message.envelope().uid() == uid;
        }

        boolean shows(long message) throws IOException {
            if (!guest) {
                return true;
            }
            List<WaitingMessage> found = inspection.page(message - 1, 1);
            return !found.isEmpty() && found.getFirst().message() == message && shows(found.getFirst());
        }

        InspectionPage look(long after, int most) throws IOException {
            List<WaitingMessage> found = inspection.page(after, guest ? Inspection.PAGE_LIMIT : most);
            if (found.isEmpty()) {
                return new InspectionPage(0, found);
            }
            List<WaitingMessage> shown =
                    found.stream().filter(this::shows).limit(most).toList();
            return new InspectionPage(
                    (shown.size() == most ? shown : found).getLast().message(), shown);
        }
    }

    /**
     * The side of queue.
     *
     * @param watchdog ends guests that take too long to read
     */
    static EndpointServer.ConnectionHandler server(Inspection inspection, Watchdog watchdog) {
        var oneGuest = new Semaphore(1, true); // looking through the queue reads the disk
        return (in, out, caller) -> {
            var view = new View(inspection, caller.guest(), caller.uid());
            if (!caller.guest()) {
                while (true) {
                    answer(FrameReader.receive(in, Frames.SHORT), view).send(out);
                }
            }
            while (true) {
                FrameReader frame = FrameReader.receive(in, Frames.SHORT);
                FrameWriter answer;
                oneGuest.acquireUninterruptibly();
                try {
                    answer = answer(frame, view);
                } finally {
                    oneGuest.release();
                }
                try (var _ = watchdog.closeAfter(LIMIT, caller.connection())) {
                    answer.send(out);
                }
            }
        };
    }

    private static FrameWriter answer(FrameReader frame, View view) throws IOException {
        Inspection inspection = view.inspection();
        var answer = new FrameWriter();
        switch (frame.text(16)) {
            case "counts" -> {
                if (view.guest()) {
                    throw new MalformedFrameException("how much waits is told to root and to Carteiro alone");
                }
                frame.end();
                Inspection.QueueCounts counts = inspection.counts();
                answer.put(counts.messages())
                        .put(counts.unseen())
                        .put(counts.recipients())
                        .put(counts.octets())
                        .put(counts.segments())
                        .put(counts.diskOctets());
            }
            case "page" -> {
                long after = frame.number(0, Long.MAX_VALUE);
                int most = (int) frame.number(1, Inspection.PAGE_LIMIT);
                frame.end();
                InspectionPage looked = view.look(after, most);
                answer.put(looked.upTo());
                Frames.put(answer, looked.messages(), WaitingWire::put);
            }
            case "recipients" -> {
                long message = frame.number(0, Long.MAX_VALUE);
                int from = (int) frame.number(0, Integer.MAX_VALUE);
                frame.end();
                WaitingWire.put(answer, view.shows(message) ? inspection.recipients(message, from) : Waiting.Page.NONE);
            }
            case "reasons" -> {
                long message = frame.number(0, Long.MAX_VALUE);
                int from = (int) frame.number(0, Integer.MAX_VALUE);
                int count = (int) frame.number(0, Waiting.Page.MOST);
                frame.end();
                Frames.putTexts(answer, view.shows(message) ? inspection.reasons(message, from, count) : List.of());
            }
            default -> throw new MalformedFrameException("neither counts, page, recipients nor reasons");
        }
        return answer;
    }
}

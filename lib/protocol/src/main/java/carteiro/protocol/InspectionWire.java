package carteiro.protocol;

import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Inspection over a socket (docs/protocols/inspection.md): {@code counts}, or {@code page} with number and size. */
final class InspectionWire {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private InspectionWire() {}

    /** The side of the tools. */
    static final class Client implements Inspection {
        private final Connections connections;

        Client(Connections connections) {
            this.connections = connections;
        }

        @Override
        public Counts counts() throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("counts").send(connection.out);
                FrameReader frame = FrameReader.receive(connection.in, 256);
                return new Counts(count(frame), count(frame), count(frame), count(frame), count(frame), count(frame));
            });
        }

        private static long count(FrameReader frame) throws MalformedFrameException {
            return frame.number(0, Long.MAX_VALUE);
        }

        @Override
        public List<WaitingMessage> page(long after, int most) throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("page").put(after).put(most).send(connection.out);
                FrameReader frame = FrameReader.receive(connection.in, Frames.LIMIT);
                var page = new ArrayList<WaitingMessage>();
                while (frame.more()) {
                    page.add(WaitingWire.message(frame));
                }
                return List.copyOf(page);
            });
        }
    }

    /** The side of queue. */
    static DoorKeeper.Server server(Inspection inspection) {
        return (in, out, _) -> {
            while (true) {
                FrameReader frame = FrameReader.receive(in, 256);
                var answer = new FrameWriter();
                switch (frame.text(16)) {
                    case "counts" -> {
                        Inspection.Counts counts = inspection.counts();
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
                        for (WaitingMessage message : inspection.page(after, most)) {
                            WaitingWire.put(answer, message);
                        }
                    }
                    default -> throw new MalformedFrameException("neither counts nor page");
                }
                answer.send(out);
            }
        };
    }
}

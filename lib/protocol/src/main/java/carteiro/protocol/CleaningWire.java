package carteiro.protocol;

import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Cleaning over a socket (docs/protocols/cleaning.md): {@code dead}, {@code removed} with names, {@code rewrite}. */
final class CleaningWire {
    private static final int FRAME_LIMIT = 1 << 20;
    private static final int NAME_LIMIT = 255;
    private static final int MOST_NAMES = FRAME_LIMIT;
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private CleaningWire() {}

    /** The side of clean. */
    static final class CleaningClient implements Cleaning {
        private final ConnectionPool connections;

        CleaningClient(ConnectionPool connections) {
            this.connections = connections;
        }

        @Override
        public List<String> dead() throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("dead").send(connection.out);
                return names(FrameReader.receive(connection.in, FRAME_LIMIT));
            });
        }

        @Override
        public void removed(List<String> files) throws IOException {
            connections.ask(LIMIT, connection -> {
                var frame = new FrameWriter().put("removed");
                Frames.putTexts(frame, files);
                frame.send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, Frames.SHORT);
                answer.end();
                return answer;
            });
        }

        @Override
        public long rewriteSparse() throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("rewrite").send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, Frames.SHORT);
                long octets = answer.number(0, Long.MAX_VALUE);
                answer.end();
                return octets;
            });
        }
    }

    /** The side of queue. */
    static EndpointServer.ConnectionHandler server(Cleaning cleaning) {
        return (in, out, _) -> {
            while (true) {
                FrameReader frame = FrameReader.receive(in, FRAME_LIMIT);
                var answer = new FrameWriter();
                switch (frame.text(16)) {
                    case "dead" -> {
                        frame.end();
                        Frames.putTexts(answer, cleaning.dead());
                    }
                    case "removed" -> cleaning.removed(names(frame));
                    case "rewrite" -> {
                        frame.end();
                        answer.put(cleaning.rewriteSparse());
                    }
                    default -> throw new MalformedFrameException("no request clean may make");
                }
                answer.send(out);
            }
        };
    }

    private static List<String> names(FrameReader frame) throws MalformedFrameException {
        List<String> names = Frames.texts(frame, MOST_NAMES, NAME_LIMIT);
        frame.end();
        return names;
    }
}

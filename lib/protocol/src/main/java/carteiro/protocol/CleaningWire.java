package carteiro.protocol;

import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Cleaning over a socket (docs/protocols/cleaning.md): {@code dead}, {@code removed} names, {@code rewrite}. */
final class CleaningWire {
    private static final int FRAME_LIMIT = 1 << 20;
    private static final int NAME_LIMIT = 255;
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
                files.forEach(frame::put);
                frame.send(connection.out);
                return FrameReader.receive(connection.in, 64);
            });
        }

        @Override
        public long rewriteSparse() throws IOException {
            return connections.ask(LIMIT, connection -> {
                new FrameWriter().put("rewrite").send(connection.out);
                return FrameReader.receive(connection.in, 64).number(0, Long.MAX_VALUE);
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
                    case "dead" -> cleaning.dead().forEach(answer::put);
                    case "removed" -> {
                        cleaning.removed(names(frame));
                        answer.put("ok");
                    }
                    case "rewrite" -> answer.put(cleaning.rewriteSparse());
                    default -> throw new MalformedFrameException("no request clean may make");
                }
                answer.send(out);
            }
        };
    }

    private static List<String> names(FrameReader frame) throws MalformedFrameException {
        var names = new ArrayList<String>();
        while (frame.more()) {
            names.add(frame.text(NAME_LIMIT));
        }
        return List.copyOf(names);
    }
}

package carteiro.protocol;

import carteiro.protocol.ConnectionPool.PooledConnection;
import carteiro.protocol.Mailboxes.MailboxHost;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** Visits to mailboxes over a socket (docs/protocols/mailboxes.md): a frame with a ticket, a frame, then POP3. */
final class MailboxesWire {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int WORD = 16;
    private static final int LONGEST_REASON = 1000;

    private MailboxesWire() {}

    /** The side of pop3d. */
    static final class MailboxesClient implements Mailboxes {
        private final ConnectionPool connections;
        private final Duration limit;

        MailboxesClient(ConnectionPool connections) {
            this(connections, LIMIT);
        }

        /** @param limit how long mailboxes may be silent */
        MailboxesClient(ConnectionPool connections, Duration limit) {
            this.connections = connections;
            this.limit = limit;
        }

        @Override
        public MailboxOpened open(String ticket) throws IOException {
            PooledConnection connection = connections.connect();
            boolean open = false;
            try (var _ = connections.watchdog().closeAfter(limit, connection)) {
                new FrameWriter().put(ticket).send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, Frames.SHORT);
                String word = answer.text(WORD);
                String reason = answer.text(LONGEST_REASON);
                answer.end();
                open = switch (word) {
                    case "open" -> true;
                    case "closed" -> false;
                    default -> throw new MalformedFrameException("mailboxes gave no answer we know");
                };
                return open
                        ? new MailboxOpened.OpenMailbox(
                                new SocketVisit(connection, new TimeLimit(connections.watchdog(), limit, connection)))
                        : new MailboxOpened.ClosedMailbox(reason);
            } finally {
                if (!open) {
                    connection.close();
                }
            }
        }
    }

    /** A visit in which mailboxes has a limited time for each piece of an answer, as it may have been stopped. */
    private record SocketVisit(PooledConnection connection, InputStream answers, OutputStream commands)
            implements Mailboxes.MailboxVisit {
        SocketVisit(PooledConnection connection, TimeLimit limit) {
            this(connection, limit.over(connection.in), limit.over(connection.out));
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    /** The side of mailboxes. */
    static EndpointServer.ConnectionHandler server(MailboxHost host) {
        return (in, out, _) -> {
            FrameReader frame = FrameReader.receive(in, Frames.SHORT);
            String ticket = frame.text(MailboxTickets.LENGTH);
            frame.end();
            host.serve(
                    ticket,
                    in,
                    out,
                    reason -> new FrameWriter()
                            .put(reason.isEmpty() ? "open" : "closed")
                            .put(reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) : reason)
                            .send(out));
        };
    }
}

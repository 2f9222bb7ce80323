package carteiro.protocol;

import carteiro.protocol.ConnectionPool.PooledConnection;
import carteiro.protocol.EndpointServer.Caller;
import carteiro.protocol.EndpointServer.CallerRole;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.TaggedFields;
import carteiro.wire.Watchdog;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * Messages over a socket (docs/protocols/messages.md): a small message is the answer to a numbered question. A large one has a
 * connection: a frame with its number, answered by a frame {@code K} with the size, then that many octets; or {@code N} for no
 * such message.
 */
final class MessagesWire {
    private static final int QUESTION = Frames.SHORT;

    /** The tag of the ticket in a question. */
    private static final int TICKET = 1;

    /** The most octets of a message that is the answer to a numbered question. */
    private static final int SMALL = 32 * 1024;

    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(QUESTION, SMALL + Frames.SHORT);

    /** How long queue may take until the first octet. */
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(5);

    /** How long one message may take to be read; a delivery that reads slowly asks for its own patience. */
    static final Duration READ_LIMIT = Duration.ofHours(25);

    private MessagesWire() {}

    /** The side of those who deliver. */
    static final class MessagesClient implements Messages {
        private final ConnectionPool connections;
        private final RequestClient requests;

        MessagesClient(ConnectionPool connections, RequestClient requests) {
            this.connections = connections;
            this.requests = requests;
        }

        @Override
        public MessageBody open(long message) throws IOException {
            return open(message, "");
        }

        @Override
        public MessageBody open(long message, String ticket) throws IOException {
            FrameReader answer = requests.ask(ANSWER_LIMIT, frame -> put(frame, message, ticket));
            return switch (answer.text(1)) {
                case "K" -> {
                    byte[] octets = answer.octets(SMALL);
                    answer.end();
                    yield MessageBody.of(octets);
                }
                case "L" -> openLarge(message, ticket);
                case "N" -> throw new FileNotFoundException("queue has no message " + message);
                case "R" -> throw refused(message);
                default -> throw new MalformedFrameException("queue gave no answer we know");
            };
        }

        private static FrameWriter put(FrameWriter frame, long message, String ticket) {
            frame.put(message);
            return ticket.isEmpty() ? frame : frame.putTagged(TICKET, ticket);
        }

        private static IOException refused(long message) {
            return new IOException("queue does not show message " + message
                    + ": send has not handed it to this program since queue was started");
        }

        private MessageBody openLarge(long message, String ticket) throws IOException {
            PooledConnection kept = connections.takeIdle();
            if (kept != null) {
                try {
                    return openOver(kept, message, ticket);
                } catch (FileNotFoundException e) {
                    throw e;
                } catch (IOException e) {
                    kept.close();
                    connections.dropIdle();
                }
            }
            PooledConnection fresh = connections.connect();
            try {
                return openOver(fresh, message, ticket);
            } catch (FileNotFoundException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                fresh.close();
                throw e;
            }
        }

        private MessageBody openOver(PooledConnection connection, long message, String ticket) throws IOException {
            FrameReader frame;
            try (var _ = connections.watchdog().closeAfter(ANSWER_LIMIT, connection)) {
                put(new FrameWriter(), message, ticket).send(connection.out);
                frame = FrameReader.receive(connection.in, Frames.SHORT);
            }
            return switch (frame.text(1)) {
                case "K" -> {
                    long octets = frame.number(0, Long.MAX_VALUE);
                    frame.end();
                    var limit = connections.watchdog().closeAfter(READ_LIMIT, connection);
                    yield new SocketBody(connection, octets, limit);
                }
                case "N" -> {
                    connections.giveBack(connection);
                    throw new FileNotFoundException("queue has no message " + message);
                }
                case "R" -> throw refused(message);
                default -> throw new MalformedFrameException("queue gave no answer we know");
            };
        }

        private final class SocketBody extends MessageBody {
            private final PooledConnection connection;
            private final long octets;
            private final carteiro.wire.Watchdog.Limit limit;
            private long left;
            private boolean closed;

            SocketBody(PooledConnection connection, long octets, carteiro.wire.Watchdog.Limit limit) {
                this.connection = connection;
                this.octets = octets;
                this.left = octets;
                this.limit = limit;
            }

            @Override
            public long octets() {
                return octets;
            }

            @Override
            public int read() throws IOException {
                if (left == 0) {
                    return -1;
                }
                int octet = connection.in.read();
                if (octet < 0) {
                    throw new EOFException("queue was lost in the middle of a message");
                }
                left--;
                return octet;
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                if (left == 0) {
                    return length == 0 ? 0 : -1;
                }
                int count = connection.in.read(into, from, (int) Math.min(length, left));
                if (count < 0) {
                    throw new EOFException("queue was lost in the middle of a message");
                }
                left -= count;
                return count;
            }

            @Override
            public void close() {
                if (!closed) {
                    closed = true;
                    limit.close();
                    if (left == 0) {
                        connections.giveBack(connection);
                    } else {
                        connection.close();
                    }
                }
            }
        }
    }

    /** The side of queue. */
    static EndpointServer.ConnectionHandler server(Messages messages, Tickets tickets, Watchdog watchdog) {
        var uids = new SystemUids();
        return RequestServer.server(
                LIMITS,
                watchdog,
                (question, answer, caller) -> answer(messages, tickets, uids, question, answer, caller),
                (in, out, caller) -> {
                    while (true) {
                        FrameReader frame = FrameReader.receive(in, QUESTION);
                        OptionalLong message = asked(tickets, uids, frame, caller);
                        if (message.isEmpty()) {
                            new FrameWriter().put("R").send(out);
                            continue;
                        }
                        try (var body = messages.open(message.getAsLong())) {
                            new FrameWriter().put("K").put(body.octets()).write(out);
                            body.transferTo(out);
                            out.flush();
                        } catch (FileNotFoundException e) {
                            new FrameWriter().put("N").send(out);
                        }
                    }
                });
    }

    /**
     * The message that is asked for; empty if the caller may not read it. remote talks to the network: what it may read is what send
     * has handed to it.
     */
    private static OptionalLong asked(Tickets tickets, SystemUids uids, FrameReader question, Caller caller)
            throws MalformedFrameException {
        long message = question.number(0, Long.MAX_VALUE);
        TaggedFields tagged = question.tagged();
        String ticket = tagged.take(TICKET, Tickets.LENGTH);
        tagged.end();
        boolean mayRead = caller.standing() == CallerRole.OWN
                || uids.isOneOf(Endpoint.READERS_OF_ALL, caller.uid())
                || tickets.match(Wires.Channel.REMOTE, message, ticket);
        return mayRead ? OptionalLong.of(message) : OptionalLong.empty();
    }

    private static void answer(
            Messages messages,
            Tickets tickets,
            SystemUids uids,
            FrameReader question,
            FrameWriter answer,
            Caller caller)
            throws IOException {
        OptionalLong asked = asked(tickets, uids, question, caller);
        if (asked.isEmpty()) {
            answer.put("R");
            return;
        }
        long message = asked.getAsLong();
        try (var body = messages.open(message)) {
            if (body.octets() > SMALL) {
                answer.put("L");
                return;
            }
            byte[] octets = body.readNBytes(SMALL);
            if (octets.length != body.octets()) {
                throw new IOException("message " + message + " is cut short");
            }
            answer.put("K").put(octets, 0, octets.length);
        } catch (FileNotFoundException e) {
            answer.put("N");
        }
    }
}

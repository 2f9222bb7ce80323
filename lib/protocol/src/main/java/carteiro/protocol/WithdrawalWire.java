package carteiro.protocol;

import carteiro.protocol.Withdrawal.WithdrawalAction;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Withdrawal over a socket (docs/protocols/withdrawal.md): an order and its messages; a result for each. */
final class WithdrawalWire {
    private static final int FRAME_LIMIT = 64 * 1024;
    private static final Duration LIMIT = Withdrawal.PATIENCE.plusSeconds(30);

    private WithdrawalWire() {}

    /** The side of the tools. */
    static final class WithdrawalClient implements Withdrawal {
        private final ConnectionPool connections;

        WithdrawalClient(ConnectionPool connections) {
            this.connections = connections;
        }

        @Override
        public List<WithdrawalOutcome> withdraw(WithdrawalRequest order, String by, List<Long> messages)
                throws IOException {
            return connections.askOnce(LIMIT, connection -> {
                var frame = new FrameWriter().put(order.way().name()).put(order.reason());
                Frames.put(frame, messages, FrameWriter::put);
                frame.send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, FRAME_LIMIT);
                List<WithdrawalOutcome> results =
                        Frames.items(answer, MOST_MESSAGES, item -> Frames.constant(item, WithdrawalOutcome.class));
                answer.end();
                if (results.size() != messages.size()) {
                    throw new MalformedFrameException(results.size() + " results for " + messages.size() + " messages");
                }
                return results;
            });
        }
    }

    /** The side of send. */
    static EndpointServer.ConnectionHandler server(Withdrawal withdrawal) {
        return (in, out, caller) -> {
            while (true) {
                FrameReader frame = FrameReader.receive(in, FRAME_LIMIT);
                WithdrawalAction way = Frames.constant(frame, WithdrawalAction.class);
                var order = new WithdrawalRequest(way, frame.text(Withdrawal.REASON_LIMIT));
                List<Long> messages =
                        Frames.items(frame, Withdrawal.MOST_MESSAGES, item -> item.number(1, Long.MAX_VALUE));
                frame.end();
                if (messages.isEmpty()) {
                    throw new MalformedFrameException("no message");
                }
                var answer = new FrameWriter();
                Frames.put(
                        answer,
                        withdrawal.withdraw(order, caller.user(), messages),
                        (item, result) -> item.put(result.name()));
                answer.send(out);
            }
        };
    }
}

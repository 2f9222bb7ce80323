package carteiro.protocol;

import carteiro.protocol.Withdrawal.WithdrawalAction;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
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
                messages.forEach(frame::put);
                frame.send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, FRAME_LIMIT);
                var results = new ArrayList<WithdrawalOutcome>();
                while (answer.more()) {
                    results.add(Frames.constant(answer, WithdrawalOutcome.class));
                }
                if (results.size() != messages.size()) {
                    throw new MalformedFrameException(results.size() + " results for " + messages.size() + " messages");
                }
                return List.copyOf(results);
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
                var messages = new ArrayList<Long>();
                while (frame.more()) {
                    messages.add(frame.number(1, Long.MAX_VALUE));
                    if (messages.size() > Withdrawal.MOST_MESSAGES) {
                        throw new MalformedFrameException("over " + Withdrawal.MOST_MESSAGES + " messages");
                    }
                }
                if (messages.isEmpty()) {
                    throw new MalformedFrameException("no message");
                }
                var answer = new FrameWriter();
                withdrawal.withdraw(order, caller.user(), messages).forEach(result -> answer.put(result.name()));
                answer.send(out);
            }
        };
    }
}

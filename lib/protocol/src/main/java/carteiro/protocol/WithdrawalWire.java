package carteiro.protocol;

import carteiro.protocol.Withdrawal.Order;
import carteiro.protocol.Withdrawal.Result;
import carteiro.protocol.Withdrawal.Way;
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
    static final class Client implements Withdrawal {
        private final Connections connections;

        Client(Connections connections) {
            this.connections = connections;
        }

        @Override
        public List<Result> withdraw(Order order, String by, List<Long> messages) throws IOException {
            return connections.askOnce(LIMIT, connection -> {
                var frame = new FrameWriter().put(order.way().name()).put(order.reason());
                messages.forEach(frame::put);
                frame.send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, FRAME_LIMIT);
                var results = new ArrayList<Result>();
                while (answer.more()) {
                    results.add(Frames.constant(answer, Result.class));
                }
                if (results.size() != messages.size()) {
                    throw new MalformedFrameException(results.size() + " results for " + messages.size() + " messages");
                }
                return List.copyOf(results);
            });
        }
    }

    /** The side of send. */
    static DoorKeeper.Server server(Withdrawal withdrawal) {
        return (in, out, caller) -> {
            while (true) {
                FrameReader frame = FrameReader.receive(in, FRAME_LIMIT);
                Way way = Frames.constant(frame, Way.class);
                var order = new Order(way, frame.text(Withdrawal.REASON_LIMIT));
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

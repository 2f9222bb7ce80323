package carteiro.protocol;

import carteiro.mail.Outcome;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Deliver over a socket (docs/protocols/deliver.md): one frame with the delivery, one with the outcomes, or an
 * empty one if the program is stopping. */
final class DeliverWire {
    private static final int FRAME_LIMIT = (Deliver.MOST_RECIPIENTS + 1) * (Frames.REPORT_LIMIT + 100);

    private DeliverWire() {}

    /** The side of send. */
    static final class Client implements Deliver {
        private final Connections connections;

        Client(Connections connections) {
            this.connections = connections;
        }

        @Override
        public List<Outcome> deliver(Delivery delivery) throws IOException {
            return connections.ask(Deliver.LIMIT, connection -> {
                var frame = new FrameWriter()
                        .put(delivery.number())
                        .put(delivery.message())
                        .put(delivery.octets())
                        .put(delivery.sender().octets());
                Frames.put(frame, delivery.recipients());
                Frames.put(frame, delivery.body(), delivery.form());
                frame.send(connection.out);
                FrameReader answer = FrameReader.receive(connection.in, FRAME_LIMIT);
                if (!answer.more()) { // it is stopping: nothing was tried
                    throw new NotRunningException(connections.program() + " is stopping");
                }
                var outcomes = new ArrayList<Outcome>();
                while (answer.more()) {
                    outcomes.add(Frames.outcome(answer));
                }
                if (outcomes.size() != delivery.recipients().size()) {
                    throw new MalformedFrameException(outcomes.size() + " outcomes for "
                            + delivery.recipients().size() + " recipients");
                }
                return List.copyOf(outcomes);
            });
        }
    }

    /** The side of local or remote. */
    static DoorKeeper.Server server(Deliver deliver) {
        return (in, out, _) -> {
            while (true) {
                FrameReader frame = FrameReader.receive(in, FRAME_LIMIT);
                var delivery = new Deliver.Delivery(
                        frame.number(0, Long.MAX_VALUE),
                        frame.number(0, Long.MAX_VALUE),
                        frame.number(0, Long.MAX_VALUE),
                        Frames.address(frame),
                        Frames.addresses(frame, Deliver.MOST_RECIPIENTS),
                        Frames.body(frame),
                        Frames.form(frame));
                frame.end();
                var answer = new FrameWriter();
                try {
                    for (Outcome outcome : deliver.deliver(delivery)) {
                        Frames.put(answer, outcome);
                    }
                } catch (NotRunningException e) {
                    answer = new FrameWriter(); // no outcomes at all
                }
                answer.send(out);
            }
        };
    }
}

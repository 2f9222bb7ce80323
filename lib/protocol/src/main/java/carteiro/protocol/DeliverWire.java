package carteiro.protocol;

import carteiro.mail.Outcome;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Deliver over a socket (docs/protocols/deliver.md): numbered questions, answered by the outcomes, by the share that is
 * used up, or by nothing if the program is stopping. */
final class DeliverWire {
    private static final String BUSY = "B";
    private static final int FRAME = (Deliver.MOST_RECIPIENTS + 1) * (Frames.REPORT_LIMIT + 100);
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(FRAME, FRAME);

    private DeliverWire() {}

    /** The side of send. */
    static final class DeliverClient implements Deliver {
        private final RequestClient requests;

        DeliverClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public List<Outcome> deliver(Delivery delivery) throws IOException {
            // once: a message that ends the program must not be taken for one that could not be tried
            FrameReader answer = requests.askOnce(Deliver.LIMIT, frame -> put(frame, delivery));
            if (!answer.more()) { // it is stopping: nothing was tried
                throw new NotRunningException(requests.program() + " is stopping");
            }
            var outcomes = new ArrayList<Outcome>();
            while (answer.more()) {
                String letter = answer.text(1);
                if (letter.equals(BUSY)) {
                    String key = answer.text(BusyException.KEY_LIMIT);
                    int atOnce = (int) answer.number(1, Integer.MAX_VALUE);
                    answer.end();
                    throw busy(key, atOnce);
                }
                outcomes.add(Frames.outcome(letter, answer));
            }
            if (outcomes.size() != delivery.recipients().size()) {
                throw new MalformedFrameException(outcomes.size() + " outcomes for "
                        + delivery.recipients().size() + " recipients");
            }
            return List.copyOf(outcomes);
        }

        private static IOException busy(String key, int atOnce) {
            return key.isEmpty()
                    ? new MalformedFrameException("a share without a key")
                    : new BusyException(key, atOnce);
        }

        private static void put(FrameWriter frame, Delivery delivery) {
            frame.put(delivery.number()).put(delivery.message()).put(delivery.octets());
            frame.put(delivery.sender().octets());
            Frames.put(frame, delivery.recipients());
            Frames.put(frame, delivery.body(), delivery.form());
            frame.put(delivery.ticket());
        }
    }

    /** The side of local or remote. */
    static EndpointServer.ConnectionHandler server(Deliver deliver, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            var delivery = new Deliver.Delivery(
                    frame.number(0, Long.MAX_VALUE),
                    frame.number(0, Long.MAX_VALUE),
                    frame.number(0, Long.MAX_VALUE),
                    Frames.address(frame),
                    Frames.addresses(frame, Deliver.MOST_RECIPIENTS),
                    Frames.body(frame),
                    Frames.form(frame),
                    frame.text(Tickets.LENGTH));
            frame.end();
            List<Outcome> outcomes;
            try {
                outcomes = deliver.deliver(delivery);
            } catch (NotRunningException e) {
                outcomes = List.of();
            } catch (BusyException e) {
                answer.put(BUSY).put(e.key()).put(e.atOnce());
                return;
            }
            for (Outcome outcome : outcomes) {
                Frames.put(answer, outcome);
            }
        });
    }
}

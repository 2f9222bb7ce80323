package carteiro.protocol;

import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.TaggedFields;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.util.List;

/**
 * Deliver over a socket (docs/protocols/deliver.md): numbered questions, answered by the outcomes, by the share that is
 * used up, or by the word that the program is stopping.
 */
final class DeliverWire {
    private static final String TRIED = "tried";
    private static final String BUSY = "busy";
    private static final String STOPPING = "stopping";

    /** The tag of the ticket in a question. */
    private static final int TICKET = 1;

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
            return switch (answer.text(16)) {
                case TRIED -> {
                    List<Outcome> outcomes = Frames.items(answer, MOST_RECIPIENTS, Frames::outcome);
                    answer.end();
                    if (outcomes.size() != delivery.recipients().size()) {
                        throw new MalformedFrameException(outcomes.size() + " outcomes for "
                                + delivery.recipients().size() + " recipients");
                    }
                    yield outcomes;
                }
                case BUSY -> {
                    String key = answer.text(BusyException.KEY_LIMIT);
                    int atOnce = (int) answer.number(1, Integer.MAX_VALUE);
                    answer.end();
                    throw busy(key, atOnce);
                }
                case STOPPING -> throw new NotRunningException(requests.program() + " is stopping");
                default -> throw new MalformedFrameException("no outcome that we know");
            };
        }

        private static IOException busy(String key, int atOnce) {
            return key.isEmpty()
                    ? new MalformedFrameException("a share without a key")
                    : new BusyException(key, atOnce);
        }

        private static void put(FrameWriter frame, Delivery delivery) {
            frame.put(delivery.number()).put(delivery.message()).put(delivery.octets());
            Frames.put(frame, delivery.envelope());
            if (!delivery.ticket().isEmpty()) {
                frame.putTagged(TICKET, delivery.ticket());
            }
        }
    }

    /** The side of local or remote. */
    static EndpointServer.ConnectionHandler server(Deliver deliver, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            Deliver.Delivery delivery = delivery(frame);
            try {
                List<Outcome> outcomes = deliver.deliver(delivery);
                Frames.put(answer.put(TRIED), outcomes, Frames::put);
            } catch (NotRunningException e) {
                answer.put(STOPPING);
            } catch (BusyException e) {
                answer.put(BUSY).put(e.key()).put(e.atOnce());
            }
        });
    }

    private static Deliver.Delivery delivery(FrameReader frame) throws MalformedFrameException {
        long number = frame.number(0, Long.MAX_VALUE);
        long message = frame.number(0, Long.MAX_VALUE);
        long octets = frame.number(0, Long.MAX_VALUE);
        Envelope envelope = Frames.envelope(frame);
        TaggedFields tagged = frame.tagged();
        String ticket = tagged.take(TICKET, Tickets.LENGTH);
        tagged.end();
        return new Deliver.Delivery(number, message, octets, envelope, ticket);
    }
}

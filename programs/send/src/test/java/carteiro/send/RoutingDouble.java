package carteiro.send;

import carteiro.control.ControlException;
import carteiro.mail.Address;
import carteiro.protocol.Route;
import carteiro.protocol.Routing;
import carteiro.protocol.Wires;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lookup that knows where a few domains go. */
final class RoutingDouble implements Routing {
    /** By domain: the prefix of a virtual one, empty for a local one. All others are remote. */
    final Map<String, String> here = new ConcurrentHashMap<>();

    /** What takes the place of {@link #here} when it is read anew. */
    final Map<String, String> changed = new ConcurrentHashMap<>();

    /** Why it cannot be read anew. */
    final List<String> mistakes = new CopyOnWriteArrayList<>();

    /** Recipients of which there is no answer. */
    final List<String> failing = new CopyOnWriteArrayList<>();

    /** Done before each answer, with the recipients. */
    volatile Consumer<List<Address>> beforeAnswer = _ -> {};

    /** How many recipients each question had. */
    final List<Integer> asked = new CopyOnWriteArrayList<>();

    private @Nullable Closeable offer;

    static Route route(Address recipient, Map<String, String> here) {
        String prefix = here.get(recipient.domain());
        if (prefix == null) {
            return new Route.ToRemote(recipient);
        }
        return new Route.ToLocal(
                prefix.isEmpty() ? recipient : new Address(prefix + "-" + recipient.octets()), recipient);
    }

    void start(Wires wires) throws IOException {
        offer = wires.offerRouting(this);
    }

    void stop() throws IOException {
        if (offer != null) {
            offer.close();
            offer = null;
        }
    }

    @Override
    public List<Route> routes(List<Address> envelopeRecipients) throws IOException {
        asked.add(envelopeRecipients.size());
        beforeAnswer.accept(envelopeRecipients);
        for (Address recipient : envelopeRecipients) {
            if (failing.contains(recipient.octets())) {
                throw new IOException("the double cannot tell");
            }
        }
        return envelopeRecipients.stream()
                .map(recipient -> route(recipient, here))
                .toList();
    }

    @Override
    public void reread() throws ControlException {
        if (!mistakes.isEmpty()) {
            throw new ControlException(mistakes);
        }
        here.clear();
        here.putAll(changed);
    }
}

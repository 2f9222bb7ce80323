package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.mail.Address;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Routing over a socket (docs/protocols/routing.md): numbered questions. */
final class RoutingWire {
    /** The most addresses of one question, and their octets in it. More are several questions. */
    private static final int MOST = 1000;

    private static final int MOST_OCTETS = 64 * 1024;

    /** A prefix makes a route longer than its address, by an address' length at most. */
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(
            MOST_OCTETS + Address.LIMIT + Frames.SHORT, MOST * (Address.LIMIT + 100), Duration.ofMinutes(1), 64);

    private static final int MOST_MISTAKES = 1000;
    private static final int MISTAKE = 4096;

    /** How long an answer may take. Nobody else is asked for it. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private RoutingWire() {}

    /** The side of send. */
    static final class RoutingClient implements Routing {
        private final RequestClient requests;
        private final ForeignDomains foreign;

        RoutingClient(RequestClient requests, ForeignDomains foreign) {
            this.requests = requests;
            this.foreign = foreign;
        }

        @Override
        public List<Route> routes(List<Address> envelopeRecipients) throws IOException {
            if (envelopeRecipients.stream().allMatch(foreign::holds)) {
                return envelopeRecipients.stream()
                        .<Route>map(Route.ToRemote::new)
                        .toList();
            }
            var routes = new ArrayList<Route>(envelopeRecipients.size());
            for (int from = 0; from < envelopeRecipients.size(); ) {
                int end = end(envelopeRecipients, from);
                routes.addAll(ask(envelopeRecipients.subList(from, end)));
                from = end;
            }
            return routes;
        }

        /** Behind the last that fits into one question. */
        private static int end(List<Address> addresses, int from) {
            int octets = 0;
            int end = from;
            while (end < addresses.size() && end - from < MOST && octets < MOST_OCTETS) {
                octets += addresses.get(end).octets().length() + 6; // its netstring's length and marks
                end++;
            }
            return end;
        }

        private List<Route> ask(List<Address> addresses) throws IOException {
            ForeignDomains.Asked asked = foreign.asking();
            FrameReader answer = requests.ask(LIMIT, frame -> Frames.putAddresses(frame.put("routes"), addresses));
            List<Route> routes = Frames.items(answer, addresses.size(), item -> route(item, asked));
            answer.end();
            if (routes.size() != addresses.size()) {
                throw new MalformedFrameException(
                        "lookup gave " + routes.size() + " routes for " + addresses.size() + " addresses");
            }
            return routes;
        }

        @Override
        public void reread() throws ControlException, IOException {
            FrameReader answer = requests.ask(LIMIT, frame -> frame.put("reread"));
            List<String> mistakes = Frames.texts(answer, MOST_MISTAKES, MISTAKE);
            answer.end();
            if (!mistakes.isEmpty()) {
                throw new ControlException(mistakes);
            }
        }

        private Route route(FrameReader item, ForeignDomains.Asked asked) throws MalformedFrameException {
            return switch (item.text(16)) {
                case "local" -> {
                    int prefix = (int) item.number(0, Address.LIMIT);
                    Address recipient = Frames.address(item);
                    if (prefix > recipient.octets().length()) {
                        throw new MalformedFrameException(
                                "a prefix of " + prefix + " octets is longer than its address");
                    }
                    yield new Route.ToLocal(
                            recipient, new Address(recipient.octets().substring(prefix)));
                }
                case "remote" -> new Route.ToRemote(Frames.address(item));
                case "foreign" -> {
                    Address recipient = Frames.address(item);
                    foreign.add(recipient, asked);
                    yield new Route.ToRemote(recipient);
                }
                default -> throw new MalformedFrameException("lookup gave no route we know");
            };
        }
    }

    /** The side of lookup. */
    static EndpointServer.ConnectionHandler server(Routing routing, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            switch (frame.text(16)) {
                case "routes" -> {
                    List<Address> addresses = Frames.addresses(frame, MOST);
                    frame.end();
                    Frames.put(answer, routing.routes(addresses), (item, route) -> put(item, route, routing));
                }
                case "reread" -> {
                    frame.end();
                    Frames.putTexts(answer, mistakes(routing));
                }
                default -> throw new MalformedFrameException("no question that send may ask");
            }
        });
    }

    private static List<String> mistakes(Routing routing) throws IOException {
        try {
            routing.reread();
            return List.of();
        } catch (ControlException e) {
            return e.problems().stream()
                    .limit(MOST_MISTAKES)
                    .map(mistake -> mistake.length() > MISTAKE ? mistake.substring(0, MISTAKE) : mistake)
                    .toList();
        }
    }

    private static void put(FrameWriter item, Route route, Routing routing) {
        switch (route) {
            case Route.ToLocal(var recipient, var visible) ->
                item.put("local")
                        .put(recipient.octets().length() - visible.octets().length())
                        .put(recipient.octets());
            case Route.ToRemote(var recipient) ->
                item.put(routing.isForeign(recipient) ? "foreign" : "remote").put(recipient.octets());
        }
    }
}

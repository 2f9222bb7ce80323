package carteiro.remote;

import carteiro.log.EventLog;
import carteiro.mail.Outcome;
import carteiro.remote.Connections.Place;
import carteiro.remote.Connector.Hello;
import carteiro.remote.Connector.Opened;
import carteiro.remote.SmtpTransaction.Ended;
import carteiro.wire.Watchdog;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/**
 * One delivery: next hop by next hop until one has accepted MAIL, then whatever it says (RFC 5321 section 5.1). One
 * thread.
 */
final class RemoteDelivery {
    /** The most addresses tried in one delivery; the rest have their chance by the random order. */
    static final int MOST_TRIED = 20;

    /** The most failures told in one report. */
    private static final int MOST_TOLD = 10;

    /**
     * The longest time over one connection, whatever trickles; below {@link carteiro.protocol.Deliver#LIMIT}, so that
     * send hears of it.
     */
    private static final Duration CONVERSATION = Duration.ofHours(6);

    private final Tools tools;
    private final Letter letter;
    private final MessageText text;
    private final TlsPolicy policy;
    private final NextHops hops;
    private final StringBuilder failures = new StringBuilder();
    private int told;
    private int tried;
    private int refusedForGood;
    private Optional<Outcome> lastWord = Optional.empty();

    /** What every delivery makes use of; all of it may be used by any thread. */
    record Tools(
            RemoteSettings settings,
            NextHops.Sources sources,
            Connector connector,
            Connections connections,
            DeadHosts deadHosts,
            Watchdog watchdog,
            EventLog log) {}

    private RemoteDelivery(Tools tools, Letter letter, TlsPolicy policy, NextHops hops) {
        this.tools = tools;
        this.letter = letter;
        this.text = new MessageText(letter.message());
        this.policy = policy;
        this.hops = hops;
    }

    /**
     * Delivers.
     *
     * @param domain whose exchangers take the letter
     */
    static RemoteResult deliver(Tools tools, Letter letter, String domain) {
        RemoteSettings settings = tools.settings;
        if (settings.helo().isEmpty()) {
            return RemoteResult.forAll(Reports.noName());
        }
        Optional<Outcome> unspeakable = letter.unspeakable();
        if (unspeakable.isPresent()) {
            return RemoteResult.forAll(unspeakable.get());
        }
        NextHops hops = switch (settings.routes().find(domain).orElseGet(Route.Direct::new)) {
            case Route.Direct _ -> NextHops.direct(tools.sources, domain);
            case Route.Relay relay -> NextHops.relay(tools.sources, relay);
        };
        TlsPolicy policy = settings.tls().find(domain).orElse(TlsPolicy.MAY);
        return new RemoteDelivery(tools, letter, policy, hops).run();
    }

    private RemoteResult run() {
        List<NextHop> group = hops.next();
        if (group.isEmpty()) {
            return RemoteResult.forAll(hops.nothing());
        }
        while (!group.isEmpty()) {
            for (NextHop hop : keptFirst(group)) {
                if (tried == MOST_TRIED) {
                    return RemoteResult.forAll(notDelivered());
                }
                Optional<RemoteResult> result = tools.deadHosts.isDead(hop.inetAddress()) ? dead(hop) : attempt(hop);
                if (result.isPresent()) {
                    return result.get();
                }
            }
            group = hops.next();
        }
        return RemoteResult.forAll(notDelivered());
    }

    /** Among equals, those we are connected with come first. */
    private List<NextHop> keptFirst(List<NextHop> group) {
        var ordered = new LinkedHashSet<NextHop>();
        for (NextHop hop : group) {
            if (tools.connections.has(place(hop))) {
                ordered.add(hop);
            }
        }
        ordered.addAll(group);
        return List.copyOf(ordered);
    }

    private Place place(NextHop hop) {
        return new Place(hop.address(), policy);
    }

    private Optional<RemoteResult> dead(NextHop hop) {
        tell(hop, "did not answer of late, not tried again yet");
        return Optional.empty();
    }

    private void tell(NextHop hop, String what) {
        if (told++ < MOST_TOLD) {
            failures.append(hop.ip()).append(": ").append(what).append('\n');
        }
    }

    /** Over a kept connection, else over a new one; empty if the next hop is to be tried. */
    private Optional<RemoteResult> attempt(NextHop hop) {
        tried++;
        Optional<SmtpConnection> kept = tools.connections.take(place(hop));
        if (kept.isPresent()) {
            if (kept.get().isOutOfStep()) {
                tools.connections.dropped(kept.get());
            } else {
                switch (transact(kept.get(), hop)) {
                    case Ended.Clean(var result) -> {
                        return Optional.of(result);
                    }
                    case Ended.Over(var result) -> {
                        return Optional.of(result);
                    }
                    case Ended.Broken(var result) -> {
                        return Optional.of(result);
                    }
                    case Ended.NotBegun _, Ended.Lost _ ->
                        tools.connections.forget(place(hop)); // a new one may do better
                    case Ended.Stale _ -> {}
                }
            }
        }
        return connect(hop, policy, Hello.EHLO);
    }

    private Optional<RemoteResult> connect(NextHop hop, TlsPolicy now, Hello hello) {
        return switch (tools.connector.open(hop, now, hello)) {
            case Opened.Ready(var connection) -> {
                tools.deadHosts.answered(hop.inetAddress());
                if (now != policy) {
                    connection.insteadOfTls();
                }
                yield switch (transact(connection, hop)) {
                    case Ended.Clean(var result) -> Optional.of(result);
                    case Ended.Over(var result) -> Optional.of(result);
                    case Ended.Broken(var result) -> Optional.of(result);
                    case Ended.NotBegun(var outcome) ->
                        outcome instanceof Outcome.Failed ? Optional.of(RemoteResult.forAll(outcome)) : goOn(outcome);
                    case Ended.Lost(var outcome) ->
                        connection.hasFailedTls()
                                ? withoutTls(hop, "refused, and the connection closed", hello)
                                : goOn(outcome);
                    case Ended.Stale _ -> throw new IllegalStateException("a new connection that has answered nothing");
                };
            }
            case Opened.Refused(var outcome) -> goOn(hop, outcome);
            case Opened.RefusedForGood(var outcome) -> {
                if (now == policy) { // the try over TLS was greeted: a refusal right after it is not for good
                    refusedForGood++;
                }
                yield goOn(hop, outcome);
            }
            case Opened.Lost(var outcome) -> goOn(hop, outcome);
            case Opened.Unreachable(var reason) -> {
                tools.deadHosts.answered(hop.inetAddress());
                tell(hop, reason);
                yield Optional.empty();
            }
            case Opened.NoAnswer _ -> {
                tools.deadHosts.timedOut(hop.inetAddress());
                tell(hop, "no answer in time");
                yield Optional.empty();
            }
            case Opened.TlsFailed(var reason) -> withoutTls(hop, reason, hello);
            case Opened.EhloUnknown(var outcome) -> hello == Hello.EHLO ? connect(hop, now, Hello.HELO) : goOn(outcome);
        };
    }

    private Optional<RemoteResult> withoutTls(NextHop hop, String reason, Hello hello) {
        return switch (policy) {
            case REQUIRE -> goOn(hop, Reports.tlsFailed(hop, reason));
            case MAY, NONE -> {
                tools.log.log(new RemoteEvent.TlsFailed(hop.host(), hop.ip(), reason));
                yield connect(hop, TlsPolicy.NONE, hello);
            }
        };
    }

    private Optional<RemoteResult> goOn(NextHop hop, Outcome outcome) {
        tools.deadHosts.answered(hop.inetAddress());
        return goOn(outcome);
    }

    private Optional<RemoteResult> goOn(Outcome outcome) {
        lastWord = Optional.of(outcome);
        return Optional.empty();
    }

    private Ended transact(SmtpConnection connection, NextHop hop) {
        Ended ended = new Ended.Lost(Reports.noConnection(""));
        try (var _ = tools.watchdog.closeAfter(CONVERSATION, connection)) {
            ended = new SmtpTransaction(connection, letter, text, tools.settings).run();
        } finally {
            switch (ended) {
                case Ended.Clean _ -> tools.connections.keep(place(hop), connection);
                case Ended.Over _, Ended.Stale _ -> {
                    connection.quit();
                    tools.connections.dropped(connection);
                }
                case Ended.Broken _, Ended.NotBegun _, Ended.Lost _ -> tools.connections.dropped(connection);
            }
        }
        return ended;
    }

    /** What to say when no next hop accepted MAIL. */
    private Outcome notDelivered() {
        if (lastWord.isEmpty()) {
            return Reports.noConnection(failures.toString());
        }
        boolean everyone = refusedForGood == tried && told == 0 && tried < MOST_TRIED && !hops.isIncomplete();
        return everyone ? lastWord.get() : Reports.notForGood(lastWord.get());
    }
}

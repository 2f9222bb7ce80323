package carteiro.remote;

import carteiro.log.EventLog;
import carteiro.mail.Outcome;
import carteiro.remote.Connector.Hello;
import carteiro.remote.Connector.Opened;
import carteiro.remote.SmtpConnectionPool.ConnectionKey;
import carteiro.remote.SmtpTransaction.TransactionEnd;
import carteiro.wire.Watchdog;
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

    private final RemoteDeliveryContext tools;
    private final OutgoingMessage outgoing;
    private final MessageText text;
    private final TlsPolicy policy;
    private final NextHops hops;
    private final Optional<RelayLogin> login;
    private final StringBuilder failures = new StringBuilder();
    private int told;
    private int tried;
    private int refusedForGood;
    private Optional<Outcome> lastWord = Optional.empty();

    /** What every delivery makes use of; all of it may be used by any thread. */
    record RemoteDeliveryContext(
            RemoteSettings settings,
            NextHops.Sources sources,
            Connector connector,
            SmtpConnectionPool connections,
            DeadHosts deadHosts,
            Watchdog watchdog,
            EventLog log) {}

    private RemoteDelivery(
            RemoteDeliveryContext tools,
            OutgoingMessage outgoing,
            TlsPolicy policy,
            NextHops hops,
            Optional<RelayLogin> login) {
        this.login = login;
        this.tools = tools;
        this.outgoing = outgoing;
        this.text = new MessageText(outgoing.message());
        this.policy = policy;
        this.hops = hops;
    }

    /**
     * Delivers.
     *
     * @param domain whose exchangers take the letter
     */
    static RemoteResult deliver(RemoteDeliveryContext tools, OutgoingMessage outgoing, String domain) {
        RemoteSettings settings = tools.settings;
        if (settings.helo().isEmpty()) {
            return RemoteResult.forAll(OutcomeTexts.noName());
        }
        Optional<Outcome> unspeakable = outgoing.unspeakable();
        if (unspeakable.isPresent()) {
            return RemoteResult.forAll(unspeakable.get());
        }
        SmtpRoute route = settings.senders()
                .find(outgoing.sender())
                .or(() -> settings.routes().find(domain))
                .orElseGet(SmtpRoute.Direct::new);
        return switch (route) {
            case SmtpRoute.Direct _ ->
                new RemoteDelivery(
                                tools,
                                outgoing,
                                policy(settings, domain),
                                NextHops.direct(tools.sources, domain),
                                Optional.empty())
                        .run();
            case SmtpRoute.Relay relay ->
                new RemoteDelivery(
                                tools,
                                outgoing,
                                relay.login().isPresent() ? TlsPolicy.VERIFY : policy(settings, domain),
                                NextHops.relay(tools.sources, relay),
                                relay.login())
                        .run();
        };
    }

    private static TlsPolicy policy(RemoteSettings settings, String domain) {
        return settings.tls().find(domain).orElse(TlsPolicy.MAY);
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

    private ConnectionKey place(NextHop hop) {
        return ConnectionKey.of(hop, policy, login);
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
                    case TransactionEnd.Clean(var result) -> {
                        return Optional.of(result);
                    }
                    case TransactionEnd.Over(var result) -> {
                        return Optional.of(result);
                    }
                    case TransactionEnd.Broken(var result) -> {
                        return Optional.of(result);
                    }
                    case TransactionEnd.NotBegun _, TransactionEnd.LostBeforeMail _ ->
                        tools.connections.forget(place(hop)); // a new one may do better
                    case TransactionEnd.Stale _ -> {}
                }
            }
        }
        return connect(hop, policy, Hello.EHLO);
    }

    private Optional<RemoteResult> connect(NextHop hop, TlsPolicy now, Hello hello) {
        return switch (tools.connector.open(hop, now, hello, login)) {
            case Opened.Connected(var connection) -> {
                tools.deadHosts.answered(hop.inetAddress());
                if (now != policy) {
                    connection.insteadOfTls();
                }
                yield switch (transact(connection, hop)) {
                    case TransactionEnd.Clean(var result) -> Optional.of(result);
                    case TransactionEnd.Over(var result) -> Optional.of(result);
                    case TransactionEnd.Broken(var result) -> Optional.of(result);
                    case TransactionEnd.NotBegun(var outcome) ->
                        outcome instanceof Outcome.Failed
                                ? Optional.of(RemoteResult.forAll(outcome))
                                : continueWithNextHop(outcome);
                    case TransactionEnd.LostBeforeMail(var outcome) ->
                        connection.hasFailedTls()
                                ? withoutTls(hop, "refused, and the connection closed", hello)
                                : continueWithNextHop(outcome);
                    case TransactionEnd.Stale _ ->
                        throw new IllegalStateException("a new connection that has answered nothing");
                };
            }
            case Opened.Rejected(var outcome) -> continueWithNextHop(hop, outcome);
            case Opened.RelayLoginDenied(var outcome) -> { // every address knows the same accounts
                tools.deadHosts.answered(hop.inetAddress());
                yield Optional.of(RemoteResult.forAll(outcome));
            }
            case Opened.RejectedForGood(var outcome) -> {
                if (now == policy) { // the try over TLS was greeted: a refusal right after it is not for good
                    refusedForGood++;
                }
                yield continueWithNextHop(hop, outcome);
            }
            case Opened.ConnectionLost(var outcome) -> continueWithNextHop(hop, outcome);
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
            case Opened.TlsFailure(var reason) -> withoutTls(hop, reason, hello);
            case Opened.EhloUnknown(var outcome) ->
                hello == Hello.EHLO ? connect(hop, now, Hello.HELO) : continueWithNextHop(outcome);
        };
    }

    private Optional<RemoteResult> withoutTls(NextHop hop, String reason, Hello hello) {
        if (policy.isStrict() || hop.greetsOverTls()) {
            return continueWithNextHop(hop, OutcomeTexts.tlsFailed(hop, reason));
        }
        tools.log.log(new RemoteEvent.TlsFailed(hop.host(), hop.ip(), reason));
        return connect(hop, TlsPolicy.NONE, hello);
    }

    private Optional<RemoteResult> continueWithNextHop(NextHop hop, Outcome outcome) {
        tools.deadHosts.answered(hop.inetAddress());
        return continueWithNextHop(outcome);
    }

    private Optional<RemoteResult> continueWithNextHop(Outcome outcome) {
        lastWord = Optional.of(outcome);
        return Optional.empty();
    }

    private TransactionEnd transact(SmtpConnection connection, NextHop hop) {
        TransactionEnd ended = new TransactionEnd.LostBeforeMail(OutcomeTexts.noConnection(""));
        try (var _ = tools.watchdog.closeAfter(Timeouts.CONVERSATION, connection)) {
            ended = new SmtpTransaction(connection, outgoing, text, tools.settings).run();
        } finally {
            switch (ended) {
                case TransactionEnd.Clean _ -> tools.connections.keep(place(hop), connection);
                case TransactionEnd.Over _, TransactionEnd.Stale _ -> {
                    connection.quit();
                    tools.connections.dropped(connection);
                }
                case TransactionEnd.Broken _, TransactionEnd.NotBegun _, TransactionEnd.LostBeforeMail _ ->
                    tools.connections.dropped(connection);
            }
        }
        return ended;
    }

    /** What to say when no next hop accepted MAIL. */
    private Outcome notDelivered() {
        if (lastWord.isEmpty()) {
            return OutcomeTexts.noConnection(failures.toString());
        }
        boolean everyone = refusedForGood == tried && told == 0 && tried < MOST_TRIED && !hops.isIncomplete();
        return everyone ? lastWord.get() : OutcomeTexts.notForGood(lastWord.get());
    }
}

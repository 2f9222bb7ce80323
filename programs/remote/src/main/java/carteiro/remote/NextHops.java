package carteiro.remote;

import carteiro.dns.HostAddresses;
import carteiro.dns.HostLookup;
import carteiro.dns.MailExchangers;
import carteiro.dns.MailExchangers.MailExchanger;
import carteiro.mail.Outcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Where to connect for a domain, in the order to try: groups of equal preference, each in random order. Addresses are
 * looked up when a group's turn comes. A group that holds this host ends the search (RFC 5321 section 5.1). One thread.
 */
final class NextHops {
    /** The most exchangers of one domain; the others are the least preferred. */
    static final int MOST_EXCHANGERS = 100;

    /** The most addresses looked up in one delivery, for which ten times as many as are tried are enough. */
    static final int MOST_ADDRESSES = 10 * RemoteDelivery.MOST_TRIED;

    private final HostLookup dns;
    private final OwnAddresses own;
    private final RandomGenerator random;
    private final int smtpPort;
    private final String domain;
    private final boolean tlsAtOnce;
    private final ArrayDeque<List<MailExchanger>> groups = new ArrayDeque<>();
    private Optional<Outcome> nothing = Optional.empty();
    private int found;
    private final LongSupplier nanoTime;
    private long lookupTime;

    /** What the groups are made from: no thread of its own, the same for every delivery. */
    record Sources(
            HostLookup dns,
            OwnAddresses own,
            RandomGenerator random,
            int smtpPort,
            int submissionsPort,
            LongSupplier nanoTime) {}

    private NextHops(Sources sources, String domain, boolean tlsAtOnce) {
        this.tlsAtOnce = tlsAtOnce;
        this.dns = sources.dns;
        this.own = sources.own;
        this.random = sources.random;
        this.smtpPort = sources.smtpPort;
        this.nanoTime = sources.nanoTime;
        this.domain = domain;
    }

    /** Those of a domain by the DNS, or the one that an address literal names. */
    static NextHops direct(Sources sources, String domain) {
        var hops = new NextHops(sources, domain, false);
        if (AddressLiteral.ofDomain(domain).isPresent() || AddressLiteral.isBracketed(domain)) {
            hops.groups.add(List.of(new MailExchanger(0, domain)));
            return hops;
        }
        switch (sources.dns.mailExchangers(domain)) {
            case MailExchangers.Exchangers(var exchangers) -> hops.group(exchangers);
            case MailExchangers.NoMx _ -> hops.groups.add(List.of(new MailExchanger(0, domain)));
            case MailExchangers.NullMx _ -> hops.nothing = Optional.of(OutcomeTexts.nullMx(domain));
            case MailExchangers.NoSuchDomain _ -> hops.nothing = Optional.of(OutcomeTexts.noSuchHost(domain));
            case MailExchangers.MxLookupFailure(var reason) ->
                hops.nothing = Optional.of(OutcomeTexts.dnsTrouble(domain, reason));
        }
        return hops;
    }

    private void group(List<MailExchanger> exchangers) {
        var byPreference = new TreeMap<Integer, List<MailExchanger>>();
        for (MailExchanger exchanger : exchangers) {
            byPreference
                    .computeIfAbsent(exchanger.preference(), _ -> new ArrayList<>())
                    .add(exchanger);
        }
        int room = MOST_EXCHANGERS;
        for (List<MailExchanger> equals : byPreference.values()) {
            Collections.shuffle(equals, random);
            groups.add(equals.subList(0, Math.min(equals.size(), room)));
            room -= Math.min(equals.size(), room);
            if (room == 0) {
                return;
            }
        }
    }

    /** The next group, never empty but at the end. */
    List<NextHop> next() {
        while (!groups.isEmpty()) {
            var group = new ArrayList<NextHop>();
            for (MailExchanger exchanger : groups.removeFirst()) {
                if (found >= MOST_ADDRESSES) {
                    groups.clear();
                    break;
                }
                if (lookupTime >= Timeouts.LOOKUPS.toNanos()) {
                    note(OutcomeTexts.dnsTrouble(exchanger.host(), "the lookups of other hosts took too long"));
                    groups.clear();
                    break;
                }
                long begun = nanoTime.getAsLong();
                List<InetAddress> addresses = addresses(exchanger.host());
                lookupTime += nanoTime.getAsLong() - begun;
                for (InetAddress address : addresses) {
                    if (own.contains(address)) {
                        groups.clear();
                        if (!(nothing.isPresent() && nothing.get() instanceof Outcome.Deferred)) {
                            nothing = Optional.of(OutcomeTexts.bestExchangerIsThisHost(domain));
                        }
                        return List.of();
                    }
                    if (found < MOST_ADDRESSES) {
                        group.add(new NextHop(new InetSocketAddress(address, smtpPort), exchanger.host(), tlsAtOnce));
                        found++;
                    }
                }
            }
            if (!group.isEmpty()) {
                return group;
            }
        }
        return List.of();
    }

    private List<InetAddress> addresses(String host) {
        Optional<InetAddress> literal = AddressLiteral.ofDomain(host);
        if (literal.isPresent()) {
            return List.of(literal.get());
        }
        switch (dns.addresses(host)) {
            case HostAddresses.Resolved(var addresses) -> {
                return addresses;
            }
            case HostAddresses.NoAddress _ -> note(OutcomeTexts.noAddress(domain));
            case HostAddresses.NoSuchHost _ ->
                note(host.equals(domain) ? OutcomeTexts.noSuchHost(domain) : OutcomeTexts.noAddress(domain));
            case HostAddresses.AddressLookupFailure(var reason) -> note(OutcomeTexts.dnsTrouble(host, reason));
        }
        return List.of();
    }

    /** "Cannot tell" outweighs "there is none". */
    private void note(Outcome outcome) {
        if (nothing.isEmpty() || outcome instanceof Outcome.Deferred) {
            nothing = Optional.of(outcome);
        }
    }

    /** Why there is nothing to try, when the first {@link #next} was empty. */
    Outcome nothing() {
        return nothing.orElseGet(() -> OutcomeTexts.noAddress(domain));
    }

    /** Whether a lookup failed, so that there may be hops that nobody knows of. */
    boolean isIncomplete() {
        return nothing.isPresent() && nothing.get() instanceof Outcome.Deferred;
    }

    /** The one group of a relay: every address of it, and never "it is me". */
    static NextHops relay(Sources sources, SmtpRoute.Relay relay) {
        var nobody = new Sources(
                sources.dns, _ -> false, sources.random, relay.port(), sources.submissionsPort, sources.nanoTime);
        var hops = new NextHops(nobody, relay.host(), relay.port() == sources.submissionsPort);
        Optional<InetAddress> literal = AddressLiteral.ofSetting(relay.host());
        if (literal.isPresent()) {
            hops.groups.add(List.of(new MailExchanger(0, "[" + text(literal.get()) + "]")));
            return hops;
        }
        switch (sources.dns.addresses(relay.host())) {
            case HostAddresses.Resolved _ -> hops.groups.add(List.of(new MailExchanger(0, relay.host())));
            case HostAddresses.AddressLookupFailure(var reason) ->
                hops.nothing = Optional.of(OutcomeTexts.dnsTrouble(relay.host(), reason));
            case HostAddresses.NoAddress _, HostAddresses.NoSuchHost _ ->
                hops.nothing = Optional.of(OutcomeTexts.relayMissing(relay.host()));
        }
        return hops;
    }

    private static String text(InetAddress address) {
        String text = AddressLiteral.text(address);
        return text.indexOf(':') < 0 ? text : "IPv6:" + text;
    }
}

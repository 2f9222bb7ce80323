package carteiro.dns;

import carteiro.dns.MailExchangers.MailExchanger;
import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.lookup.LookupSession;
import org.xbill.DNS.lookup.NoSuchDomainException;
import org.xbill.DNS.lookup.NoSuchRRSetException;

/**
 * Asks DNS servers: EDNS, by TCP when an answer is cut, CNAME followed, answers remembered as long as they say within
 * bounds. Any number of threads.
 */
public final class DnsLookup implements HostLookup {
    /** The most names remembered, and the most octets of memory for them. */
    private static final int MOST_CACHED = 20_000;

    private static final long MOST_CACHED_OCTETS = 16 << 20;

    /** What exists is remembered for at most this many seconds, what does not for {@link #ABSENCE_CACHED}. */
    private static final int PRESENCE_CACHED = 3600;

    private static final int ABSENCE_CACHED = 300;

    /** The most CNAMEs followed for one name. */
    private static final int MOST_ALIASES = 8;

    /** Questions on the way at once; further callers wait, for at most {@link #LIMIT}. */
    static final int MOST_QUESTIONS = 200;

    /** One try at one server, and how often each server is tried. */
    private static final Duration TRY = Duration.ofSeconds(5);

    private static final int TRIES = 2;

    /** After this long a question is given up. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final LookupSession session;
    private final Semaphore questions = new Semaphore(MOST_QUESTIONS);
    private final Duration limit;

    /** Asks these servers; with none named, those of /etc/resolv.conf as it is now. */
    public DnsLookup(DnsServers servers) {
        this(servers, TRY, LIMIT);
    }

    DnsLookup(DnsServers servers, Duration onceLimit, Duration limit) {
        this.limit = limit;
        var resolvers = new ArrayList<Resolver>();
        if (servers.addresses().isEmpty()) {
            ResolverConfig.refresh();
            ResolverConfig.getCurrentConfig().servers().forEach(server -> resolvers.add(new SimpleResolver(server)));
        } else {
            servers.addresses().forEach(server -> resolvers.add(new SimpleResolver(server)));
        }
        resolvers.forEach(resolver -> resolver.setTimeout(onceLimit));
        var all = new ExtendedResolver(resolvers);
        all.setTimeout(limit);
        all.setRetries(TRIES);
        var cache = new BoundedCache(MOST_CACHED_OCTETS);
        cache.setMaxEntries(MOST_CACHED);
        cache.setMaxCache(PRESENCE_CACHED);
        cache.setMaxNCache(ABSENCE_CACHED);
        session = LookupSession.builder()
                .resolver(new BoundedResolver(all))
                .executor(task -> Thread.ofVirtual().name("dns").start(task)) // not the pool that others share
                .cache(cache)
                .maxRedirects(MOST_ALIASES)
                .build();
    }

    @Override
    public MailExchangers mailExchangers(String domain) {
        Optional<Name> name = name(domain);
        if (name.isEmpty()) {
            return new MailExchangers.NoSuchDomain();
        }
        return switch (ask(name.get(), Type.MX)) {
            case DnsAnswer.Records(var records) -> exchangers(records);
            case DnsAnswer.NoRecords _ -> new MailExchangers.NoMx();
            case DnsAnswer.NoSuchName _ -> new MailExchangers.NoSuchDomain();
            case DnsAnswer.DnsFailure(var reason) -> new MailExchangers.MxLookupFailure(reason);
        };
    }

    private static MailExchangers exchangers(List<Record> records) {
        var exchangers = new ArrayList<MailExchanger>();
        boolean pointsNowhere = false;
        for (Record record : records) {
            if (record instanceof MXRecord mx) {
                if (mx.getTarget().equals(Name.root)) {
                    pointsNowhere = true;
                } else {
                    exchangers.add(
                            new MailExchanger(mx.getPriority(), mx.getTarget().toString(true)));
                }
            }
        }
        if (exchangers.isEmpty()) {
            return pointsNowhere ? new MailExchangers.NullMx() : new MailExchangers.NoMx();
        }
        return new MailExchangers.Exchangers(exchangers);
    }

    @Override
    public HostAddresses addresses(String host) {
        Optional<Name> name = name(host);
        if (name.isEmpty()) {
            return new HostAddresses.NoSuchHost();
        }
        if (Octets.lowerCase(host).equals("localhost")) { // RFC 6761 section 6.3
            return new HostAddresses.Resolved(List.of(loopback(127, 0, 0, 1), loopback(0, 0, 0, 0)));
        }
        List<DnsAnswer> answers = askBoth(name.get());
        var addresses = new ArrayList<InetAddress>();
        for (DnsAnswer answer : answers) {
            if (answer instanceof DnsAnswer.Records(var records)) {
                for (Record record : records) {
                    switch (record) {
                        case ARecord a -> addresses.add(a.getAddress());
                        case AAAARecord aaaa -> addresses.add(aaaa.getAddress());
                        default -> {} // what nobody asked for is left out
                    }
                }
            }
        }
        if (!addresses.isEmpty()) {
            return new HostAddresses.Resolved(addresses);
        }
        for (DnsAnswer answer : answers) {
            if (answer instanceof DnsAnswer.DnsFailure(var reason)) {
                return new HostAddresses.AddressLookupFailure(reason);
            }
        }
        return answers.stream().allMatch(answer -> answer instanceof DnsAnswer.NoSuchName)
                ? new HostAddresses.NoSuchHost()
                : new HostAddresses.NoAddress();
    }

    /** 127.0.0.1, or ::1 when the first number is 0. */
    private static InetAddress loopback(int a, int b, int c, int d) {
        byte[] octets = a == 0 ? new byte[16] : new byte[] {(byte) a, (byte) b, (byte) c, (byte) d};
        octets[octets.length - 1] = 1;
        try {
            return InetAddress.getByAddress(octets);
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException("4 or 16 octets are an address", e);
        }
    }

    private sealed interface DnsAnswer {
        record Records(List<Record> records) implements DnsAnswer {}

        record NoRecords() implements DnsAnswer {}

        record NoSuchName() implements DnsAnswer {}

        record DnsFailure(String reason) implements DnsAnswer {}
    }

    private DnsAnswer ask(Name name, int type) {
        return asking(1, () -> List.of(await(send(name, type), name, type))).getFirst();
    }

    private List<DnsAnswer> askBoth(Name name) {
        return asking(2, () -> {
            var first = send(name, Type.A);
            var second = send(name, Type.AAAA);
            return List.of(await(first, name, Type.A), await(second, name, Type.AAAA));
        });
    }

    private interface DnsQuestion {
        List<DnsAnswer> put() throws InterruptedException;
    }

    private List<DnsAnswer> asking(int permits, DnsQuestion question) {
        try {
            if (!questions.tryAcquire(permits, limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return List.of(new DnsAnswer.DnsFailure("too many questions wait for the DNS"));
            }
            try {
                return question.put();
            } finally {
                questions.release(permits);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of(new DnsAnswer.DnsFailure("stopping"));
        }
    }

    private CompletableFuture<List<Record>> send(Name name, int type) {
        return session.lookupAsync(name, type, DClass.IN)
                .toCompletableFuture()
                .thenApply(result -> List.copyOf(result.getRecords()));
    }

    private DnsAnswer await(CompletableFuture<List<Record>> answer, Name name, int type) throws InterruptedException {
        try {
            List<Record> records = answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return records.isEmpty() ? new DnsAnswer.NoRecords() : new DnsAnswer.Records(records);
        } catch (TimeoutException e) {
            answer.cancel(false);
            return new DnsAnswer.DnsFailure(Type.string(type) + " " + name + ": no answer in time");
        } catch (ExecutionException e) {
            return switch (e.getCause()) {
                case NoSuchDomainException _ -> new DnsAnswer.NoSuchName();
                case NoSuchRRSetException _ -> new DnsAnswer.NoRecords();
                case null, default -> new DnsAnswer.DnsFailure(Type.string(type) + " " + name + ": " + reason(e));
            };
        }
    }

    private static String reason(ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }

    /** The name, absolute; empty if no host can have it: dnsjava would read a backslash as an escape. */
    private static Optional<Name> name(String octets) {
        String ascii = DomainName.ascii(octets).orElse("");
        if (ascii.isEmpty() || ascii.equals(".") || !ascii.matches("[A-Za-z0-9._-]{1,254}")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Name.fromString(ascii, Name.root));
        } catch (TextParseException e) {
            return Optional.empty();
        }
    }
}

package carteiro.lookup;

import carteiro.lookup.LdapSettings.StartTls;
import carteiro.lookup.LdapSettings.Tls;
import carteiro.mail.Octets;
import carteiro.wire.Watchdog;
import com.unboundid.ldap.sdk.Attribute;
import com.unboundid.ldap.sdk.DereferencePolicy;
import com.unboundid.ldap.sdk.ExtendedResult;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.LDAPSearchException;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchRequest;
import com.unboundid.ldap.sdk.SearchResultEntry;
import com.unboundid.ldap.sdk.SearchResultListener;
import com.unboundid.ldap.sdk.SearchResultReference;
import com.unboundid.ldap.sdk.SearchScope;
import com.unboundid.ldap.sdk.SimpleBindRequest;
import com.unboundid.ldap.sdk.extensions.StartTLSExtendedRequest;
import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * One directory server: its connections, kept for the next search. Safe for any number of threads; each connection is
 * used by one at a time.
 *
 * <p>The state of a connection: connected, then protected (StartTLS), then bound, then any number of searches. Each step
 * has a time-out, and a watchdog closes a connection whose peer drips octets to evade it.
 */
final class LdapServer implements Closeable {
    /** Entries we look at; a second one makes the address ambiguous. */
    static final int MOST_ENTRIES = 2;

    /** An idle connection is closed after this; firewalls forget them in silence. */
    private static final Duration IDLE = Duration.ofMinutes(1);

    /** A connection is closed after this, so that mended certificates and name changes take effect. */
    private static final Duration AGE = Duration.ofMinutes(10);

    /** The largest message a server may send, in octets. */
    private static final int LARGEST_MESSAGE = 1 << 20;

    private final LdapSettings.Server address;
    private final LdapSettings settings;
    private final SSLContext tls;
    private final Watchdog watchdog;
    private final Semaphore permits;
    private final Deque<Kept> idle = new ArrayDeque<>(); // guarded by itself; the one used last is first
    private volatile boolean closed;

    private record Kept(LDAPConnection connection, Socket below, long born, long idleSince) {}

    /** What a search brought. */
    record Result(List<DirectoryEntry> entries, boolean referred) {
        Result {
            entries = List.copyOf(entries);
        }
    }

    LdapServer(LdapSettings.Server address, LdapSettings settings, SSLContext tls, Watchdog watchdog) {
        this.address = address;
        this.settings = settings;
        this.tls = tls;
        this.watchdog = watchdog;
        this.permits = new Semaphore(settings.connections());
    }

    /**
     * Searches below the base. A kept connection that turns out to be dead is replaced by a new one, once.
     *
     * @param attributes to be returned
     * @param worthwhile asked after the wait for a free connection: whether the server is still to be used
     * @throws LDAPException what the server, or the way to it, said against it
     */
    Result search(Filter filter, List<String> attributes, BooleanSupplier worthwhile) throws LDAPException {
        takePermit();
        try {
            if (!worthwhile.getAsBoolean()) {
                throw new LDAPException(ResultCode.UNAVAILABLE, "it has not answered others meanwhile");
            }
            Kept kept = takeIdle();
            if (kept != null) {
                try {
                    return search(kept, filter, attributes);
                } catch (LDAPException e) {
                    if (e.getResultCode().isConnectionUsable()
                            || e.getResultCode().equals(ResultCode.TIMEOUT)) {
                        throw e;
                    }
                    closeIdle(); // the server was restarted: the others are dead too
                }
            }
            return search(open(), filter, attributes);
        } finally {
            permits.release();
        }
    }

    private void takePermit() throws LDAPException {
        try {
            if (!permits.tryAcquire(settings.searchTime().toMillis(), TimeUnit.MILLISECONDS)) {
                throw new LDAPException(
                        ResultCode.BUSY, "all " + settings.connections() + " connections to it are in use");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LDAPException(ResultCode.USER_CANCELED, "interrupted", e);
        }
    }

    private Kept open() throws LDAPException {
        int limit = (int) settings.connectTime().toMillis();
        var options = new LDAPConnectionOptions();
        options.setUseSynchronousMode(true); // no reader thread
        options.setConnectTimeoutMillis(limit);
        options.setResponseTimeoutMillis(limit);
        options.setAbandonOnTimeout(false);
        options.setFollowReferrals(false);
        options.setBindWithDNRequiresPassword(true);
        options.setMaxMessageSize(LARGEST_MESSAGE);
        ReadySocket socket = connect();
        var connection = new LDAPConnection(socket, options);
        boolean usable = false;
        try (var _ = limit(settings.connectTime(), socket.below())) {
            connection.connect(address.host(), socket.address(), address.port(), limit);
            if (address.tls() == Tls.LATER && settings.startTls() != StartTls.OFF) {
                protect(connection);
            }
            if (!settings.login().isEmpty()) {
                connection.bind(new SimpleBindRequest(
                        utf8(settings.login()), Octets.bytes(settings.password().reveal())));
            }
            usable = true;
        } finally {
            if (!usable) {
                discard(connection, socket.below());
            }
        }
        long now = System.nanoTime();
        return new Kept(connection, socket.below(), now, now);
    }

    private ReadySocket connect() throws LDAPException {
        try {
            return ReadySocket.connect(address, tls, settings.connectTime(), watchdog);
        } catch (IOException e) {
            throw new LDAPException(ResultCode.CONNECT_ERROR, e.toString(), e);
        } catch (RejectedExecutionException e) {
            throw new LDAPException(ResultCode.USER_CANCELED, "lookup is stopping", e);
        }
    }

    private static void discard(LDAPConnection connection, Socket below) {
        try {
            below.close(); // first: nothing the library says to the server can block now
        } catch (IOException e) {
            // it is of no further use either way
        }
        connection.closeWithoutUnbind();
    }

    /** A little above the time-outs of the steps, which say better what was slow. */
    private Watchdog.Limit limit(Duration time, Socket below) throws LDAPException {
        try {
            return watchdog.closeAfter(time.plusSeconds(1), below);
        } catch (RejectedExecutionException e) {
            throw new LDAPException(ResultCode.USER_CANCELED, "lookup is stopping", e);
        }
    }

    private void protect(LDAPConnection connection) throws LDAPException {
        ResultCode code;
        String message;
        try {
            ExtendedResult result =
                    connection.processExtendedOperation(new StartTLSExtendedRequest(new NamedTls(tls, address.host())));
            code = result.getResultCode();
            message = String.valueOf(result.getDiagnosticMessage());
        } catch (LDAPException e) {
            code = e.getResultCode();
            message = e.getMessage();
        }
        boolean unknownThere = code.equals(ResultCode.PROTOCOL_ERROR)
                || code.equals(ResultCode.UNWILLING_TO_PERFORM)
                || code.equals(ResultCode.UNAVAILABLE);
        if (unknownThere && settings.startTls() == StartTls.OPTIONAL) {
            return;
        }
        if (!code.equals(ResultCode.SUCCESS)) {
            throw new LDAPException(ResultCode.CONNECT_ERROR, "no StartTLS: " + code + ": " + message);
        }
    }

    private Result search(Kept kept, Filter filter, List<String> attributes) throws LDAPException {
        var listener = new Entries();
        int seconds = (int) settings.searchTime().toSeconds();
        var request = new SearchRequest(
                listener,
                utf8(settings.base()),
                SearchScope.SUB,
                DereferencePolicy.NEVER,
                MOST_ENTRIES,
                seconds,
                false,
                filter,
                attributes.toArray(String[]::new));
        request.setResponseTimeoutMillis(settings.searchTime().toMillis());
        boolean usable = false;
        try (var _ = limit(settings.searchTime(), kept.below)) {
            kept.connection.search(request);
            usable = true;
        } catch (LDAPSearchException e) {
            usable = e.getResultCode().isConnectionUsable();
            if (!e.getResultCode().equals(ResultCode.SIZE_LIMIT_EXCEEDED) || listener.entries.size() < MOST_ENTRIES) {
                throw e;
            }
        } finally {
            if (usable) {
                giveBack(kept);
            } else {
                discard(kept.connection, kept.below);
            }
        }
        return new Result(listener.entries, listener.referred);
    }

    /** Keeps the first entries; a server that sends more than we asked for is not believed the rest. */
    private static final class Entries implements SearchResultListener {
        private static final long serialVersionUID = 1L;

        private final transient List<DirectoryEntry> entries = new ArrayList<>(1);
        private boolean referred;

        @Override
        public void searchEntryReturned(SearchResultEntry entry) {
            if (entries.size() >= MOST_ENTRIES) {
                return;
            }
            var values = new HashMap<String, List<String>>();
            for (Attribute attribute : entry.getAttributes()) {
                var texts = new ArrayList<String>();
                for (byte[] value : attribute.getValueByteArrays()) {
                    texts.add(Octets.text(value));
                }
                values.put(attribute.getName().toLowerCase(Locale.ROOT), List.copyOf(texts));
            }
            entries.add(new DirectoryEntry(entry.getDN(), values));
        }

        @Override
        public void searchReferenceReturned(SearchResultReference reference) {
            referred = true;
        }
    }

    private @Nullable Kept takeIdle() {
        long now = System.nanoTime();
        var old = new ArrayList<Kept>();
        Kept taken = null;
        synchronized (idle) {
            while (taken == null && !idle.isEmpty()) {
                Kept kept = idle.removeFirst();
                if (now - kept.idleSince > IDLE.toNanos() || now - kept.born > AGE.toNanos()) {
                    old.add(kept);
                } else {
                    taken = kept;
                }
            }
            while (!idle.isEmpty() && now - idle.getLast().idleSince > IDLE.toNanos()) {
                old.add(idle.removeLast());
            }
        }
        old.forEach(kept -> kept.connection.close());
        return taken;
    }

    private void giveBack(Kept kept) {
        synchronized (idle) {
            if (!closed) {
                idle.addFirst(new Kept(kept.connection, kept.below, kept.born, System.nanoTime()));
                return;
            }
        }
        kept.connection.close();
    }

    private void closeIdle() {
        List<Kept> all;
        synchronized (idle) {
            all = List.copyOf(idle);
            idle.clear();
        }
        all.forEach(kept -> discard(kept.connection, kept.below));
    }

    /** How many connections wait for work. */
    int idle() {
        synchronized (idle) {
            return idle.size();
        }
    }

    /** Closes what is idle now, and what is in use as soon as it is given back. */
    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
        }
        closeIdle();
    }

    private static String utf8(String octets) {
        return new String(Octets.bytes(octets), StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return address.toString();
    }
}

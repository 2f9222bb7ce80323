package carteiro.lookup;

import carteiro.lookup.LdapSettings.StartTlsPolicy;
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
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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
    static final Duration IDLE = Duration.ofMinutes(1);

    /** How long the end of a connection may take to be told to the server. */
    private static final Duration PARTING = Duration.ofSeconds(5);

    /** A connection is closed after this, so that mended certificates and name changes take effect. */
    static final Duration AGE = Duration.ofMinutes(10);

    /**
     * The largest message a server may send, in octets: an entry that {@link LdapAccounts} can use, with room for names and
     * lengths. Must stay above {@link LdapAccounts#MOST_TEXT}. Each connection may have two of them in memory.
     */
    static final int LARGEST_MESSAGE = 128 * 1024;

    /** A server that had less time than this, or than ldaptimeout, is not at fault when a question's time is over. */
    private static final Duration FAIR = Duration.ofSeconds(30);

    /** Asks for the name of an entry and none of its attributes (RFC 4511 section 4.5.1.8). */
    private static final List<String> NAME_ALONE = List.of("1.1");

    private final LdapSettings.LdapServerAddress address;
    private final LdapSettings settings;
    private final SSLContext tls;
    private final Watchdog watchdog;
    private final Duration idleTime;
    private final Duration age;
    private final Semaphore permits;
    private final Semaphore bindPermits; // logins must not keep mail's searches waiting
    private final Deque<IdleLdapConnection> idle = new ArrayDeque<>(); // guarded by itself; the one used last is first
    private volatile boolean closed;

    /**
     * A connection.
     *
     * @param expiry ends it if it is idle for too long; runs only while it is
     */
    private record IdleLdapConnection(LDAPConnection connection, Socket below, long born, Watchdog.Limit expiry) {}

    /** What a search brought. */
    sealed interface ServerAnswer {
        /** So many entries, {@link #MOST_ENTRIES} at most. */
        record ServerEntries(List<DirectoryEntry> entries, boolean referred) implements ServerAnswer {
            /** Copies the list. */
            public ServerEntries {
                entries = List.copyOf(entries);
            }
        }

        /** An entry that is too large or malformed: its own fault, since the server could tell its name. */
        record UndecodableEntry(String dn, String reason) implements ServerAnswer {}
    }

    /**
     * @param idleTime {@link #IDLE}, but in tests
     * @param age {@link #AGE}, but in tests
     */
    LdapServer(
            LdapSettings.LdapServerAddress address,
            LdapSettings settings,
            SSLContext tls,
            Watchdog watchdog,
            Duration idleTime,
            Duration age) {
        this.idleTime = idleTime;
        this.age = age;
        this.address = address;
        this.settings = settings;
        this.tls = tls;
        this.watchdog = watchdog;
        this.permits = new Semaphore(settings.connections());
        this.bindPermits = new Semaphore(settings.connections());
    }

    /**
     * Searches below the base. A kept connection that turns out to be dead, or gives no answer in time because something
     * on the way has forgotten it, is replaced by a new one, once; the other kept ones are given up with it.
     *
     * @param attributes to be returned
     * @param worthwhile asked after the wait for a free connection: whether the server is still to be used
     * @throws LDAPException what the server, or the way to it, said against it
     * @throws NotAskedException if it was not asked, or there was less time for it than {@link #FAIR}
     */
    ServerAnswer search(Filter filter, List<String> attributes, Deadline deadline, BooleanSupplier worthwhile)
            throws LDAPException, NotAskedException {
        takePermit(permits, deadline);
        long begun = System.nanoTime();
        try {
            if (!worthwhile.getAsBoolean()) {
                throw new NotAskedException("it has not answered others meanwhile");
            }
            return search(filter, attributes, deadline);
        } catch (LDAPException e) {
            Duration fair = settings.searchTime().compareTo(FAIR) < 0 ? settings.searchTime() : FAIR;
            if (deadline.over() && System.nanoTime() - begun < fair.toNanos()) {
                throw new NotAskedException("there was too little time left for its answer");
            }
            throw e;
        } finally {
            permits.release();
        }
    }

    private ServerAnswer search(Filter filter, List<String> attributes, Deadline deadline)
            throws LDAPException, NotAskedException {
        IdleLdapConnection kept = takeIdle();
        if (kept != null) {
            try {
                return search(kept, filter, attributes, deadline);
            } catch (LDAPException e) {
                if (e.getResultCode().isConnectionUsable()) {
                    throw e;
                }
                if (isUnreadable(e)) {
                    return unreadable(filter, deadline, e);
                }
                closeIdle(); // the server was restarted, or they were forgotten on the way: the others are dead too
            }
        }
        try {
            return search(open(deadline), filter, attributes, deadline);
        } catch (LDAPException e) {
            if (isUnreadable(e)) {
                return unreadable(filter, deadline, e);
            }
            throw e;
        }
    }

    /**
     * Whether an answer came that is too long or no answer. The library says so in plain IOExceptions of its own, and knows an
     * answer of which the end is missing by one of them too; that, and whatever a socket or TLS throws, says nothing of the
     * entry.
     */
    private static boolean isUnreadable(LDAPException e) {
        boolean unreadable = e.getResultCode().equals(ResultCode.DECODING_ERROR);
        int depth = 0;
        for (Throwable cause = e.getCause(); cause != null && depth < 10; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            if (text.contains("end of the input stream")
                    || cause instanceof IOException && !cause.getClass().equals(IOException.class)) {
                return false;
            }
            unreadable |= text.contains("larger than the maximum");
            depth++;
        }
        return unreadable;
    }

    /**
     * Finds out whose fault it is that an answer cannot be read: a server that can name the entry, on a new connection, is
     * well, and the fault is the entry's.
     */
    private ServerAnswer unreadable(Filter filter, Deadline deadline, LDAPException fault)
            throws LDAPException, NotAskedException {
        ServerAnswer named = search(open(deadline), filter, NAME_ALONE, deadline);
        if (named instanceof ServerAnswer.ServerEntries(var entries, var _) && !entries.isEmpty()) {
            String dn = entries.getFirst().dn();
            return new ServerAnswer.UndecodableEntry(
                    dn,
                    "cannot be read; it is larger than " + LARGEST_MESSAGE + " octets, or malformed ("
                            + fault.getMessage() + "); remove values from it");
        }
        throw fault;
    }

    private void takePermit(Semaphore permits, Deadline deadline) throws LDAPException, NotAskedException {
        try {
            if (!permits.tryAcquire(time(deadline, settings.searchTime()).toMillis(), TimeUnit.MILLISECONDS)) {
                throw new NotAskedException("all " + settings.connections()
                        + " connections to it are in use; raise control/ldapconnections");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LDAPException(ResultCode.USER_CANCELED, "interrupted", e);
        }
    }

    /** The time for one step. */
    private static Duration time(Deadline deadline, Duration wanted) throws NotAskedException {
        if (deadline.over()) {
            throw new NotAskedException("the question takes too long already");
        }
        return deadline.most(wanted).plusMillis(1); // never none, which the library takes for no limit
    }

    /**
     * Binds as an entry, on a connection of its own, which is closed then.
     *
     * @throws LDAPException what the server, or the way to it, said against it
     * @throws NotAskedException as {@link #search}
     */
    void bind(String dn, byte[] password, Deadline deadline) throws LDAPException, NotAskedException {
        takePermit(bindPermits, deadline);
        try {
            part(open(deadline, new SimpleBindRequest(utf8(dn), password)));
        } finally {
            bindPermits.release();
        }
    }

    private IdleLdapConnection open(Deadline deadline) throws LDAPException, NotAskedException {
        return open(
                deadline,
                settings.login().isEmpty()
                        ? null
                        : new SimpleBindRequest(
                                utf8(settings.login()),
                                Octets.bytes(settings.password().reveal())));
    }

    /** @param bind as whom; null to remain anonymous */
    private IdleLdapConnection open(Deadline deadline, @Nullable SimpleBindRequest bind)
            throws LDAPException, NotAskedException {
        Duration time = time(deadline, settings.connectTime());
        int limit = (int) time.toMillis();
        var options = new LDAPConnectionOptions();
        options.setUseSynchronousMode(true); // no reader thread
        options.setConnectTimeoutMillis(limit);
        options.setResponseTimeoutMillis(limit);
        options.setAbandonOnTimeout(false);
        options.setFollowReferrals(false);
        options.setBindWithDNRequiresPassword(true);
        options.setMaxMessageSize(LARGEST_MESSAGE);
        ConnectedSocketFactory socket = connect(time);
        var connection = new LDAPConnection(socket, options);
        boolean usable = false;
        try (var _ = limit(time, socket.below())) {
            connection.connect(address.host(), socket.address(), address.port(), limit);
            if (address.tls() == Tls.LATER && settings.startTls() != StartTlsPolicy.OFF) {
                protect(connection);
            }
            if (bind != null) {
                connection.bind(bind);
            }
            usable = true;
        } finally {
            if (!usable) {
                discard(connection, socket.below());
            }
        }
        return new IdleLdapConnection(connection, socket.below(), System.nanoTime(), () -> {});
    }

    private ConnectedSocketFactory connect(Duration time) throws LDAPException {
        try {
            return ConnectedSocketFactory.connect(address, tls, time, watchdog);
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
        if (unknownThere && settings.startTls() == StartTlsPolicy.OPTIONAL) {
            return;
        }
        if (!code.equals(ResultCode.SUCCESS)) {
            throw new LDAPException(ResultCode.CONNECT_ERROR, "no StartTLS: " + code + ": " + message);
        }
    }

    private ServerAnswer search(IdleLdapConnection kept, Filter filter, List<String> attributes, Deadline deadline)
            throws LDAPException, NotAskedException {
        var listener = new EntryCollector(attributes);
        Duration time;
        try {
            time = time(deadline, settings.searchTime());
        } catch (NotAskedException e) {
            giveBack(kept);
            throw e;
        }
        int seconds = (int) Math.max(1, time.toSeconds());
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
        request.setResponseTimeoutMillis(time.toMillis());
        boolean usable = false;
        try (var _ = limit(time, kept.below)) {
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
        return new ServerAnswer.ServerEntries(listener.entries, listener.referred);
    }

    /**
     * Keeps of the first entries what was asked for; a server that sends more is not believed the rest.
     */
    private static final class EntryCollector implements SearchResultListener {
        private static final long serialVersionUID = 1L;

        private final transient Set<String> wanted = new HashSet<>();
        private final transient List<DirectoryEntry> entries = new ArrayList<>(1);
        private boolean referred;

        EntryCollector(List<String> attributes) {
            attributes.forEach(attribute -> wanted.add(attribute.toLowerCase(Locale.ROOT)));
        }

        @Override
        public void searchEntryReturned(SearchResultEntry entry) {
            if (entries.size() >= MOST_ENTRIES) {
                return;
            }
            var values = new HashMap<String, List<String>>();
            for (Attribute attribute : entry.getAttributes()) {
                String name = attribute.getName().toLowerCase(Locale.ROOT);
                if (!wanted.contains(name)) {
                    continue;
                }
                var texts = new ArrayList<String>();
                for (byte[] value : attribute.getValueByteArrays()) {
                    if (texts.size() <= LdapAccounts.MOST_TARGETS) { // one more: that there are too many can be seen
                        texts.add(withoutBlanks(Octets.text(value)));
                    }
                }
                values.put(name, List.copyOf(texts));
            }
            entries.add(new DirectoryEntry(entry.getDN(), values));
        }

        @Override
        public void searchReferenceReturned(SearchResultReference reference) {
            referred = true;
        }
    }

    /**
     * A value without the blanks around it. They do not count: all attributes we use are compared by rules that ignore them
     * (caseIgnoreIA5Match, caseExactIA5Match, caseIgnoreMatch: RFC 4517 section 4.2, RFC 4518 section 2.6.1).
     */
    private static String withoutBlanks(String value) {
        int from = 0;
        int end = value.length();
        while (from < end && value.charAt(from) == ' ') {
            from++;
        }
        while (from < end && value.charAt(end - 1) == ' ') {
            end--;
        }
        return value.substring(from, end);
    }

    private @Nullable IdleLdapConnection takeIdle() {
        IdleLdapConnection kept;
        synchronized (idle) {
            kept = idle.pollFirst();
        }
        if (kept != null) {
            kept.expiry.close();
        }
        return kept;
    }

    private void giveBack(IdleLdapConnection kept) {
        Duration left = age.minusNanos(System.nanoTime() - kept.born);
        if (!left.isPositive()) {
            part(kept);
            return;
        }
        synchronized (idle) {
            if (!closed) {
                Duration time = left.compareTo(idleTime) < 0 ? left : idleTime;
                Socket below = kept.below;
                idle.addFirst(new IdleLdapConnection(
                        kept.connection, below, kept.born, watchdog.closeAfter(time, () -> partFromIdle(below))));
                return;
            }
        }
        part(kept);
    }

    /** Ends a connection that nobody has used for too long. */
    private void partFromIdle(Socket below) {
        IdleLdapConnection expired = null;
        synchronized (idle) {
            for (IdleLdapConnection kept : idle) {
                expired = kept.below.equals(below) ? kept : expired;
            }
            if (expired != null) {
                idle.remove(expired);
            }
        }
        if (expired != null) {
            part(expired);
        }
    }

    /** Ends a connection in good order: the server is told. Does not wait. */
    private void part(IdleLdapConnection kept) {
        Thread.ofVirtual().name("lookup").start(() -> {
            try (var _ = watchdog.closeAfter(PARTING, kept.below)) {
                kept.connection.close();
            }
        });
    }

    private void closeIdle() {
        List<IdleLdapConnection> all;
        synchronized (idle) {
            all = List.copyOf(idle);
            idle.clear();
        }
        all.forEach(kept -> {
            kept.expiry.close();
            discard(kept.connection, kept.below);
        });
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

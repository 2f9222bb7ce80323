package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.mail.Status;
import carteiro.wire.TlsTrust;
import carteiro.wire.Watchdog;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.ResultCode;
import java.io.Closeable;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The directory as several servers: the first that answers is used. A server that does not answer is left alone for a
 * pause that doubles each time; then one question tries it again, while the others go on without it.
 */
final class LdapServers implements Closeable {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    /** Status of a directory that does not answer. */
    static final Status AWAY = new Status(4, 4, 3);

    /** Status of an entry that cannot be used. */
    static final Status FAULT = new Status(4, 3, 5);

    private final List<ServerState> candidates = new ArrayList<>();
    private final FaultLogLimiter alarms;
    private final String base;
    private final LongAdder searches = new LongAdder();

    /** What the directory says. */
    sealed interface DirectoryAnswer {
        /** So many entries, {@link LdapServer#MOST_ENTRIES} at most. */
        record MatchingEntries(List<DirectoryEntry> entries) implements DirectoryAnswer {
            /** Copies the list. */
            public MatchingEntries {
                entries = List.copyOf(entries);
            }
        }

        /** An entry that cannot be read (see {@link LdapServer.ServerAnswer.UndecodableEntry}). */
        record UnreadableEntry(String dn, String reason) implements DirectoryAnswer {}

        /** Nothing now. */
        record DirectoryUnavailable(Status status, String reason) implements DirectoryAnswer {}
    }

    /** What the directory says of a name and a password. */
    sealed interface BindResult {
        /** It is the password. */
        record Bound() implements BindResult {}

        /** It is not, or the entry may not bind now. */
        record Denied(String why) implements BindResult {}

        /** Nothing now. */
        record BindUnavailable(String reason) implements BindResult {}
    }

    /** A server and whether it is left alone. */
    private static final class ServerState {
        private final LdapServer server;
        private final AtomicReference<@Nullable Pause> pause = new AtomicReference<>();

        ServerState(LdapServer server) {
            this.server = server;
        }

        /** When the pause is over: makes the caller the one who tries again, and holds the others off meanwhile. */
        @Nullable
        Pause claim(Pause over) {
            long now = System.nanoTime();
            Pause held = new Pause(now + Deadline.QUESTION.toNanos(), over.length, over.reason);
            return now - over.until >= 0 && pause.compareAndSet(over, held) ? held : null;
        }

        /** The one who holds the others off has not asked: another may. */
        void unclaim(Pause held) {
            pause.compareAndSet(held, new Pause(System.nanoTime(), held.length, held.reason));
        }
    }

    private record Pause(long until, Duration length, String reason) {}

    /** @throws ControlException if the certificates cannot be used */
    LdapServers(LdapSettings settings, FaultLogLimiter alarms, Watchdog watchdog) throws ControlException {
        this.alarms = alarms;
        this.base = settings.base();
        SSLContext tls = tls(settings);
        for (LdapSettings.LdapServerAddress address : settings.servers()) {
            candidates.add(
                    new ServerState(new LdapServer(address, settings, tls, watchdog, LdapServer.IDLE, LdapServer.AGE)));
        }
    }

    /** @throws ControlException if the certificates cannot be used */
    static SSLContext tls(LdapSettings settings) throws ControlException {
        try {
            String authorities = settings.caCertificates();
            return (authorities.isEmpty() ? TlsTrust.ofJava() : TlsTrust.in(authorities)).context();
        } catch (GeneralSecurityException e) {
            throw new ControlException(List.of("control/ldapcacerts: cannot be used (" + e.getMessage()
                    + "); write the authorities' certificates in PEM form"));
        }
    }

    /**
     * Asks the servers in order until one answers.
     *
     * @param deadline of the question that this is a part of
     */
    DirectoryAnswer search(Filter filter, List<String> attributes, Deadline deadline) {
        searches.increment();
        var reasons = new ArrayList<String>();
        for (ServerState candidate : candidates) {
            Pause pause = candidate.pause.get();
            if (pause != null) {
                Pause claimed = candidate.claim(pause);
                if (claimed == null) {
                    reasons.add(candidate.server + " (not tried again yet): " + pause.reason);
                    continue;
                }
                pause = claimed;
            }
            try {
                Pause begun = pause;
                LdapServer.ServerAnswer result = candidate.server.search(
                        filter, attributes, deadline, () -> Objects.equals(candidate.pause.get(), begun));
                answered(candidate);
                return switch (result) {
                    case LdapServer.ServerAnswer.UndecodableEntry(var dn, var reason) ->
                        new DirectoryAnswer.UnreadableEntry(dn, reason);
                    case LdapServer.ServerAnswer.ServerEntries(var entries, boolean referred)
                    when entries.isEmpty() && referred ->
                        fault("the server " + candidate.server
                                + " refers to another one; name the server that holds the entries in"
                                + " control/ldapserver");
                    case LdapServer.ServerAnswer.ServerEntries(var entries, var _) ->
                        new DirectoryAnswer.MatchingEntries(entries);
                };
            } catch (NotAskedException e) {
                if (pause != null) {
                    candidate.unclaim(pause);
                }
                reasons.add(candidate.server + ": not asked, " + e.reason());
                alarms.raise(
                        candidate.server + " " + e.reason(),
                        new LookupEvent.NotAsked(candidate.server.toString(), e.reason()));
            } catch (LDAPException e) {
                if (e.getResultCode().equals(ResultCode.NO_SUCH_OBJECT)) {
                    answered(candidate);
                    return fault("the base \"" + base + "\" does not exist on " + candidate.server
                            + " (or the reader may not see it); correct control/ldapbasedn");
                }
                reasons.add(candidate.server + ": " + refused(candidate, pause, e));
            }
        }
        return new DirectoryAnswer.DirectoryUnavailable(
                AWAY, "the directory does not answer: " + String.join("; ", reasons));
    }

    /**
     * Binds as an entry to the first server that answers. A server that is left alone is not tried: searches find out when it is back.
     *
     * @param password empty is denied without a question: an empty password makes an anonymous bind (RFC 4513 section 5.1.2)
     */
    BindResult bind(String dn, byte[] password, Deadline deadline) {
        if (password.length == 0) {
            return new BindResult.Denied("empty password");
        }
        var reasons = new ArrayList<String>();
        for (ServerState candidate : candidates) {
            Pause pause = candidate.pause.get();
            if (pause != null) {
                reasons.add(candidate.server + " (not tried again yet): " + pause.reason);
                continue;
            }
            try {
                candidate.server.bind(dn, password, deadline);
                return new BindResult.Bound();
            } catch (NotAskedException e) {
                reasons.add(candidate.server + ": not asked, " + e.reason());
            } catch (LDAPException e) {
                ResultCode code = e.getResultCode();
                if (code.equals(ResultCode.INVALID_CREDENTIALS)) {
                    return new BindResult.Denied("wrong password");
                }
                if (isLost(code)) {
                    reasons.add(candidate.server + ": " + refused(candidate, null, e));
                } else { // such as an overlay's "password expired", or an entry without a password
                    return refusesThisOne(code)
                            ? new BindResult.Denied(code + ": " + e.getMessage())
                            : new BindResult.BindUnavailable(candidate.server + ": " + code + ": " + e.getMessage());
                }
            }
        }
        return new BindResult.BindUnavailable("the directory does not answer: " + String.join("; ", reasons));
    }

    /** Whether the server would say no to this entry again and again. */
    private static boolean refusesThisOne(ResultCode code) {
        return code.equals(ResultCode.INAPPROPRIATE_AUTHENTICATION)
                || code.equals(ResultCode.NO_SUCH_OBJECT)
                || code.equals(ResultCode.INSUFFICIENT_ACCESS_RIGHTS);
    }

    /** Takes note of a failed search, and gives its reason. */
    private String refused(ServerState candidate, @Nullable Pause before, LDAPException e) {
        ResultCode code = e.getResultCode();
        String reason = code + ": " + e.getMessage();
        if (code.equals(ResultCode.INVALID_CREDENTIALS)) { // another server may know the reader
            lost(candidate, before, reason);
            alarms.raise(
                    candidate.server + " reader",
                    new LookupEvent.DirectoryFault(candidate.server + " refuses the reader (" + reason
                            + "); correct control/ldaplogin and control/ldappassword"));
        } else if (isLost(code)) {
            Duration length = lost(candidate, before, reason);
            alarms.raise(
                    candidate.server + " lost " + withoutNumbers(reason), // a new reason is new trouble
                    new LookupEvent.ServerLost(candidate.server.toString(), reason, length.toSeconds()));
        } else {
            answered(candidate);
            alarms.raise(
                    candidate.server + " " + code,
                    new LookupEvent.DirectoryFault(candidate.server + " refuses the search: " + reason));
        }
        return reason;
    }

    /** Ports and times differ from one event to the next, though the trouble is one. */
    private static String withoutNumbers(String reason) {
        return reason.replaceAll("[0-9]+", "#");
    }

    private DirectoryAnswer fault(String reason) {
        alarms.raise("fault " + reason, new LookupEvent.DirectoryFault(reason));
        return new DirectoryAnswer.DirectoryUnavailable(AWAY, reason);
    }

    private void answered(ServerState candidate) {
        if (candidate.pause.getAndSet(null) != null) {
            alarms.tell(new LookupEvent.ServerBack(candidate.server.toString()));
        }
    }

    /** Leaves a server alone; of many questions that fail together, one lengthens the pause. */
    private static Duration lost(ServerState candidate, @Nullable Pause before, String reason) {
        Duration length = before == null ? FIRST_PAUSE : before.length.multipliedBy(2);
        if (length.compareTo(LONGEST_PAUSE) > 0) {
            length = LONGEST_PAUSE;
        }
        candidate.pause.compareAndSet(before, new Pause(System.nanoTime() + length.toNanos(), length, reason));
        return length;
    }

    /** Whether the trouble is with the server and would meet the next question too. */
    private static boolean isLost(ResultCode code) {
        return code.equals(ResultCode.SERVER_DOWN)
                || code.equals(ResultCode.CONNECT_ERROR)
                || code.equals(ResultCode.TIMEOUT)
                || code.equals(ResultCode.DECODING_ERROR)
                || code.equals(ResultCode.BUSY)
                || code.equals(ResultCode.UNAVAILABLE);
    }

    /** For the status line. */
    String status() {
        var status = new StringBuilder("searches=" + searches.sum());
        for (ServerState candidate : candidates) {
            status.append(' ').append(candidate.server).append('=');
            status.append(candidate.pause.get() == null ? "up" : "down");
            status.append(",idle:").append(candidate.server.idle());
        }
        return status.toString();
    }

    @Override
    public void close() {
        candidates.forEach(candidate -> candidate.server.close());
    }
}

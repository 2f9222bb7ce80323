package carteiro.remote;

import carteiro.log.EventLog;
import carteiro.mail.Outcome;
import carteiro.remote.OfferedExtensions.SmtpExtension;
import carteiro.remote.RelayAuthentication.RelayLoginEnd;
import carteiro.smtp.SmtpReply;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Opens connections: TCP, greeting, EHLO or HELO, STARTTLS. Any thread. */
final class Connector {
    /** After a refused login none is tried there: others' accounts are closed after too many. A reload ends it. */
    private static final Duration REFUSED_FOR = Duration.ofMinutes(5);

    /** Of the connections with a login so many are remembered. */
    private static final int MOST_REFUSED = 1_000;

    /** The service is closing the channel (RFC 5321 section 3.8): nothing more is answered after it. */
    static final int CLOSING = 421;

    private final RemoteSettings settings;
    private final SmtpConnectionPool connections;
    private final Watchdog watchdog;
    private final SSLContext tls;
    private final EventLog log;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Long> refusedLogins = new ConcurrentHashMap<>(); // until when, as System.nanoTime
    private volatile @Nullable SSLContext verified; // made when it is first needed: it takes its time

    /** @param tls takes any certificate */
    Connector(
            RemoteSettings settings, SmtpConnectionPool connections, Watchdog watchdog, SSLContext tls, EventLog log) {
        this.settings = settings;
        this.connections = connections;
        this.watchdog = watchdog;
        this.tls = tls;
        this.log = log;
    }

    /** What came of it. Unless it is ready, the connection is closed. */
    sealed interface Opened {
        /** MAIL can be said. */
        record Connected(SmtpConnection connection) implements Opened {}

        /** It answered and does not want us, or cannot do what is required. */
        record Rejected(Outcome outcome) implements Opened {}

        /** The relay knows us not; another of its addresses would say the same. */
        record RelayLoginDenied(Outcome outcome) implements Opened {}

        /** The greeting was 5xx: Failed, should every exchanger say so. */
        record RejectedForGood(Outcome outcome) implements Opened {}

        /** There was a connection, and it was lost or out of step. */
        record ConnectionLost(Outcome outcome) implements Opened {}

        /** No connection: refused, unreachable, or a reason of our own. */
        record Unreachable(String reason) implements Opened {}

        /** No connection in time: the host may be dead. */
        record NoAnswer() implements Opened {}

        /** TLS was tried, and nothing was answered over it. */
        record TlsFailure(String reason) implements Opened {}

        /** EHLO was refused, and HELO could not be said any more. */
        record EhloUnknown(Outcome outcome) implements Opened {}
    }

    /** The first word, after the greeting. */
    enum Hello {
        /** EHLO, and HELO over the same connection for who does not know it. */
        EHLO,
        /** HELO alone, for who hangs up on EHLO. */
        HELO
    }

    /** @param login whom to log in as; then the policy is {@link TlsPolicy#VERIFY} */
    Opened open(NextHop hop, TlsPolicy policy, Hello hello, Optional<RelayLogin> login) {
        if (login.isPresent() && isRefused(hop, login.get())) {
            return new Opened.RelayLoginDenied(OutcomeTexts.loginRefusedOfLate(hop));
        }
        var socket = new Socket();
        SmtpConnection connection;
        try {
            connection = connect(hop, socket);
        } catch (SocketTimeoutException e) {
            close(socket);
            return new Opened.NoAnswer();
        } catch (IOException | IllegalArgumentException e) {
            close(socket);
            String reason = OutcomeTexts.why(e);
            return reason.toLowerCase(Locale.ROOT).contains("timed out") // the kernel's own limit
                    ? new Opened.NoAnswer()
                    : new Opened.Unreachable(reason);
        }
        connections.opened(connection);
        Opened opened = new Opened.Unreachable("given up");
        try {
            opened = greet(connection, policy, hello, login);
        } catch (IOException e) {
            opened = connection.hasFailedTls()
                    ? new Opened.TlsFailure(OutcomeTexts.why(e))
                    : new Opened.ConnectionLost(OutcomeTexts.lost(hop, e));
        } finally {
            switch (opened) {
                case Opened.Connected _ -> {}
                case Opened.Rejected _, Opened.RelayLoginDenied _, Opened.RejectedForGood _ -> {
                    connection.quit();
                    connections.dropped(connection);
                }
                case Opened.ConnectionLost _,
                        Opened.Unreachable _,
                        Opened.NoAnswer _,
                        Opened.TlsFailure _,
                        Opened.EhloUnknown _ -> connections.dropped(connection);
            }
        }
        return opened;
    }

    private SmtpConnection connect(NextHop hop, Socket socket) throws IOException {
        Optional<InetAddress> from = settings.outgoingFor(hop.inetAddress());
        if (from.isPresent()) {
            socket.bind(new InetSocketAddress(from.get(), 0));
        }
        socket.connect(hop.address(), (int) settings.connectLimit().toMillis());
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return new SmtpConnection(hop, socket, watchdog);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // of no further use either way
        }
    }

    private Opened greet(SmtpConnection connection, TlsPolicy policy, Hello hello, Optional<RelayLogin> login)
            throws IOException {
        if (connection.hop().greetsOverTls()) {
            encrypt(connection, policy);
        }
        SmtpReply greeting = connection.reply(settings.limit(Timeouts.GREETING));
        if (greeting.code() != 220) {
            Outcome outcome = OutcomeTexts.greetingFailed(connection.hop(), greeting);
            return greeting.isPermanent() ? new Opened.RejectedForGood(outcome) : new Opened.Rejected(outcome);
        }
        Optional<Opened> refusal = hello(connection, hello);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        if (policy != TlsPolicy.NONE && !connection.isEncrypted()) {
            Optional<Opened> ended = startTls(connection, policy);
            if (ended.isPresent()) {
                return ended.get();
            }
        }
        return login.isPresent() ? logIn(connection, login.get()) : new Opened.Connected(connection);
    }

    /** EHLO, and HELO for who does not know it (RFC 5321 section 3.2). */
    private Optional<Opened> hello(SmtpConnection connection, Hello hello) throws IOException {
        String name = settings.helo().orElseThrow();
        if (hello == Hello.EHLO) {
            SmtpReply ehlo = connection.ask("EHLO " + name, settings.limit(Timeouts.HELLO));
            if (ehlo.code() == 250) {
                connection.extensions(OfferedExtensions.of(ehlo));
                return Optional.empty();
            }
            if (!ehlo.isPermanent()) {
                return Optional.of(new Opened.Rejected(OutcomeTexts.nameRejected(connection.hop(), ehlo)));
            }
        }
        SmtpReply helo;
        try {
            helo = connection.ask("HELO " + name, settings.limit(Timeouts.HELLO));
        } catch (IOException e) {
            if (hello == Hello.HELO || connection.isEncrypted()) { // a new connection would be in clear: a downgrade
                throw e;
            }
            return Optional.of(new Opened.EhloUnknown(OutcomeTexts.lost(connection.hop(), e)));
        }
        connection.extensions(OfferedExtensions.NONE);
        return helo.code() == 250
                ? Optional.empty()
                : Optional.of(new Opened.Rejected(OutcomeTexts.nameRejected(connection.hop(), helo)));
    }

    /** Empty if the connection can be used, encrypted or, where that is allowed, as it is. */
    private Optional<Opened> startTls(SmtpConnection connection, TlsPolicy policy) throws IOException {
        boolean offered = connection.extensions().offers(SmtpExtension.STARTTLS);
        SmtpReply reply = null;
        if (offered) {
            reply = connection.askForTls(settings.limit(Timeouts.HELLO));
        }
        if (reply == null || reply.code() != 220) {
            if (policy.isStrict()) {
                return Optional.of(new Opened.Rejected(
                        reply == null
                                ? OutcomeTexts.tlsNotOffered(connection.hop())
                                : OutcomeTexts.tlsFailed(
                                        connection.hop(), reply.lines().getFirst())));
            }
            return reply != null && reply.code() == CLOSING
                    ? Optional.of(new Opened.TlsFailure(reply.lines().getFirst()))
                    : Optional.empty();
        }
        encrypt(connection, policy);
        return hello(connection, Hello.EHLO);
    }

    private void encrypt(SmtpConnection connection, TlsPolicy policy) throws IOException {
        boolean verify = policy == TlsPolicy.VERIFY;
        try {
            connection.encrypt(
                    verify ? verified() : tls,
                    verify ? SmtpConnection.Certificate.VERIFIED : SmtpConnection.Certificate.ANY,
                    settings.limit(Timeouts.HANDSHAKE));
        } catch (IllegalArgumentException e) {
            throw new IOException(OutcomeTexts.why(e), e);
        }
    }

    private SSLContext verified() {
        SSLContext made = verified;
        if (made == null) { // two threads may both make it; either one is right
            made = settings.trust().context();
            verified = made;
        }
        return made;
    }

    private Opened logIn(SmtpConnection connection, RelayLogin login) throws IOException {
        if (!connection.isEncrypted()) {
            throw new IllegalStateException("a login in the clear");
        }
        var authentication = new RelayAuthentication(connection, login, settings.limit(Timeouts.HELLO), random);
        return switch (authentication.run()) {
            case RelayLoginEnd.RelayLoginDone() -> new Opened.Connected(connection);
            case RelayLoginEnd.RelayLoginFailed(var outcome) -> new Opened.Rejected(outcome);
            case RelayLoginEnd.RelayLoginRefused(var reply) -> {
                NextHop hop = connection.hop();
                if (refuse(hop, login)) {
                    log.log(new RemoteEvent.RelayLoginRejected(
                            hop.host(), hop.ip(), login.user(), reply.lines().getFirst()));
                }
                yield new Opened.RelayLoginDenied(OutcomeTexts.loginRefused(hop));
            }
        };
    }

    private static String loginKey(NextHop hop, RelayLogin login) {
        return hop.host() + " " + hop.address().getPort() + " " + login.user();
    }

    private boolean isRefused(NextHop hop, RelayLogin login) {
        Long until = refusedLogins.get(loginKey(hop, login));
        return until != null && until - System.nanoTime() > 0;
    }

    /** @return whether nobody has noted that just now */
    private boolean refuse(NextHop hop, RelayLogin login) {
        if (refusedLogins.size() >= MOST_REFUSED) {
            refusedLogins.clear();
        }
        long now = System.nanoTime();
        Long before = refusedLogins.put(loginKey(hop, login), now + REFUSED_FOR.toNanos());
        return before == null || before - now <= 0;
    }
}

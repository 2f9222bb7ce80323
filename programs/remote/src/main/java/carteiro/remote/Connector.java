package carteiro.remote;

import carteiro.mail.Outcome;
import carteiro.remote.OfferedExtensions.SmtpExtension;
import carteiro.smtp.SmtpReply;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Opens connections: TCP, greeting, EHLO or HELO, STARTTLS. Any thread. */
final class Connector {
    /** The service is closing the channel (RFC 5321 section 3.8): nothing more is answered after it. */
    static final int CLOSING = 421;

    private final RemoteSettings settings;
    private final SmtpConnectionPool connections;
    private final Watchdog watchdog;
    private final SSLContext tls;

    Connector(RemoteSettings settings, SmtpConnectionPool connections, Watchdog watchdog, SSLContext tls) {
        this.settings = settings;
        this.connections = connections;
        this.watchdog = watchdog;
        this.tls = tls;
    }

    /** What came of it. Unless it is ready, the connection is closed. */
    sealed interface Opened {
        /** MAIL can be said. */
        record Connected(SmtpConnection connection) implements Opened {}

        /** It answered and does not want us, or cannot do what is required. */
        record Rejected(Outcome outcome) implements Opened {}

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

    Opened open(NextHop hop, TlsPolicy policy, Hello hello) {
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
            opened = greet(connection, policy, hello);
        } catch (IOException e) {
            opened = connection.hasFailedTls()
                    ? new Opened.TlsFailure(OutcomeTexts.why(e))
                    : new Opened.ConnectionLost(OutcomeTexts.lost(hop, e));
        } finally {
            switch (opened) {
                case Opened.Connected _ -> {}
                case Opened.Rejected _, Opened.RejectedForGood _ -> {
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

    private Opened greet(SmtpConnection connection, TlsPolicy policy, Hello hello) throws IOException {
        SmtpReply greeting = connection.reply(settings.limit(Timeouts.GREETING));
        if (greeting.code() != 220) {
            Outcome outcome = OutcomeTexts.greetingFailed(connection.hop(), greeting);
            return greeting.isPermanent() ? new Opened.RejectedForGood(outcome) : new Opened.Rejected(outcome);
        }
        Optional<Opened> refusal = hello(connection, hello);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        return switch (policy) {
            case NONE -> new Opened.Connected(connection);
            case MAY, REQUIRE -> encrypt(connection, policy);
        };
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

    private Opened encrypt(SmtpConnection connection, TlsPolicy policy) throws IOException {
        boolean offered = connection.extensions().offers(SmtpExtension.STARTTLS);
        SmtpReply reply = null;
        if (offered) {
            reply = connection.askForTls(settings.limit(Timeouts.HELLO));
        }
        if (reply == null || reply.code() != 220) {
            return switch (policy) {
                case REQUIRE ->
                    new Opened.Rejected(
                            reply == null
                                    ? OutcomeTexts.tlsNotOffered(connection.hop())
                                    : OutcomeTexts.tlsFailed(
                                            connection.hop(), reply.lines().getFirst()));
                case MAY, NONE ->
                    reply != null && reply.code() == CLOSING
                            ? new Opened.TlsFailure(reply.lines().getFirst())
                            : new Opened.Connected(connection);
            };
        }
        try {
            connection.encrypt(tls, settings.limit(Timeouts.HANDSHAKE));
        } catch (IllegalArgumentException e) {
            return new Opened.TlsFailure(OutcomeTexts.why(e));
        }
        return hello(connection, Hello.EHLO).orElseGet(() -> new Opened.Connected(connection));
    }
}

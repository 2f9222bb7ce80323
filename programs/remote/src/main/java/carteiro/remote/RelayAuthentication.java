package carteiro.remote;

import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.password.ScramClient;
import carteiro.password.ScramHash;
import carteiro.password.ScramStep;
import carteiro.smtp.SmtpReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Logs in to a relay (RFC 4954), over TLS with a certificate that was verified. SCRAM comes first, in which the relay proves that it
 * knows the password, too; where it is refused, PLAIN or LOGIN: relays offer SCRAM for accounts that have no keys for it. One thread.
 */
final class RelayAuthentication {
    private static final int CHALLENGE = 334;
    private static final int ACCEPTED = 235;

    private final SmtpConnection connection;
    private final RelayLogin login;
    private final Duration limit;
    private final SecureRandom random;

    RelayAuthentication(SmtpConnection connection, RelayLogin login, Duration limit, SecureRandom random) {
        this.connection = connection;
        this.login = login;
        this.limit = limit;
        this.random = random;
    }

    /** How it ended. */
    sealed interface RelayLoginEnd {
        /** MAIL can be said. */
        record RelayLoginDone() implements RelayLoginEnd {}

        /** The relay does not know us: to be told to the administrator. */
        record RelayLoginRefused(SmtpReply reply) implements RelayLoginEnd {}

        /** Not now, or not in any way that we know. */
        record RelayLoginFailed(Outcome outcome) implements RelayLoginEnd {}
    }

    private static final RelayLoginEnd DONE = new RelayLoginEnd.RelayLoginDone();

    RelayLoginEnd run() throws IOException {
        Set<String> offered = connection.extensions().mechanisms();
        Optional<ScramHash> scram = List.of(ScramHash.SHA_256, ScramHash.SHA_1).stream()
                .filter(hash -> offered.contains(hash.mechanism()))
                .findFirst();
        RelayLoginEnd ended = new RelayLoginEnd.RelayLoginFailed(
                OutcomeTexts.loginNotOffered(connection.hop(), String.join(" ", offered)));
        if (scram.isPresent()) {
            ended = scram(scram.get());
            if (!(ended instanceof RelayLoginEnd.RelayLoginRefused)) {
                return ended;
            }
        }
        if (offered.contains("PLAIN")) {
            return plain();
        }
        return offered.contains("LOGIN") ? login() : ended;
    }

    private RelayLoginEnd plain() throws IOException {
        byte[] user = Octets.bytes(login.user());
        byte[] password = login.octets();
        var message = new byte[user.length + password.length + 2];
        System.arraycopy(user, 0, message, 1, user.length);
        System.arraycopy(password, 0, message, user.length + 2, password.length);
        Arrays.fill(password, (byte) 0);
        return ended(say("AUTH PLAIN ", message));
    }

    private RelayLoginEnd login() throws IOException {
        SmtpReply reply = connection.ask("AUTH LOGIN", limit);
        if (reply.code() == CHALLENGE) {
            reply = say("", Octets.bytes(login.user()));
        }
        return ended(reply.code() == CHALLENGE ? say("", login.octets()) : reply);
    }

    private RelayLoginEnd scram(ScramHash hash) throws IOException {
        byte[] password = login.octets();
        String user = new String(Octets.bytes(login.user()), StandardCharsets.UTF_8);
        try (var client = ScramClient.unbound(hash, user, password, random)) {
            SmtpReply reply = say("AUTH " + hash.mechanism() + " ", utf8(client.first()));
            if (reply.code() != CHALLENGE) {
                return withoutProof(reply);
            }
            switch (client.answer(challenge(reply))) {
                case ScramStep.ScramContinues(var message) -> reply = say("", utf8(message));
                case ScramStep.ScramFails(var _, var reason) -> {
                    return cancelled(reason);
                }
                case ScramStep.ScramSucceeds _ -> throw new IllegalStateException("a login without an answer");
            }
            if (reply.code() != CHALLENGE) {
                return withoutProof(reply);
            }
            return switch (client.finish(challenge(reply))) {
                case ScramStep.ScramSucceeds _ -> ended(connection.ask("", limit));
                case ScramStep.ScramFails(var _, var reason) -> cancelled(reason);
                case ScramStep.ScramContinues _ -> throw new IllegalStateException("an answer to a last message");
            };
        } catch (IllegalArgumentException e) {
            return unproven(String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }

    /** An end of SCRAM before the relay has proved that it knows the password: never a good one. */
    private RelayLoginEnd withoutProof(SmtpReply reply) {
        return reply.code() == ACCEPTED ? unproven("it has not proved that it knows the password") : ended(reply);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What a challenge says; nothing where it is no base64. */
    private static byte[] challenge(SmtpReply reply) {
        try {
            return Base64.getDecoder().decode(Octets.bytes(reply.textOf(0).strip()));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    /** The exchange is ended by us. */
    private RelayLoginEnd cancelled(String reason) throws IOException {
        connection.ask("*", limit);
        return unproven(reason);
    }

    private RelayLoginEnd unproven(String reason) {
        return new RelayLoginEnd.RelayLoginFailed(OutcomeTexts.loginUnproven(connection.hop(), reason));
    }

    /** @param message is overwritten, as is its base64 */
    private SmtpReply say(String command, byte[] message) throws IOException {
        byte[] encoded = Base64.getEncoder().encode(message);
        Arrays.fill(message, (byte) 0);
        var line = new byte[command.length() + encoded.length + 2];
        System.arraycopy(Octets.bytes(command), 0, line, 0, command.length());
        System.arraycopy(encoded, 0, line, command.length(), encoded.length);
        Arrays.fill(encoded, (byte) 0);
        line[line.length - 2] = '\r';
        line[line.length - 1] = '\n';
        try {
            connection.write(line, 0, line.length, limit);
            return connection.reply(limit);
        } finally {
            Arrays.fill(line, (byte) 0);
        }
    }

    private RelayLoginEnd ended(SmtpReply reply) {
        if (reply.code() == ACCEPTED) {
            return DONE;
        }
        return reply.isPermanent()
                ? new RelayLoginEnd.RelayLoginRefused(reply)
                : new RelayLoginEnd.RelayLoginFailed(OutcomeTexts.loginFailed(connection.hop(), reply));
    }
}

package carteiro.remote;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.password.ChannelBinding;
import carteiro.password.ScramClient;
import carteiro.password.ScramHash;
import carteiro.password.ScramStep;
import carteiro.smtp.MalformedReplyException;
import carteiro.smtp.SmtpReply;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Logs in to a relay (RFC 4954), over TLS with a certificate that was verified. SCRAM comes first, bound to the connection where the relay
 * offers that: the relay proves that it knows the password, too. Where it is refused, PLAIN or LOGIN: relays offer SCRAM for accounts that
 * have no keys for it. Each mechanism has its steps and no more, whatever the relay asks for. What the relay says is not told where it
 * repeats what it was told. One thread.
 */
final class RelayAuthentication {
    private static final int CHALLENGE = 334;
    private static final int ACCEPTED = 235;

    /** "Unrecognized authentication type" and "mechanism is too weak" (RFC 4954 section 4): another may do. */
    private static final Set<Integer> ANOTHER_MECHANISM = Set.of(504, 534);

    /** The most octets of a command with its CR LF (RFC 5321 section 4.5.3.1.4); what would be longer is said in two lines. */
    private static final int COMMAND = 512;

    /** So many octets in a row of what was said, or of the password: the reply repeats it. */
    private static final int REPEATED = 6;

    private final SmtpConnection connection;
    private final RelayLogin login;
    private final Duration limit;
    private final SecureRandom random;
    private final List<byte[]> said = new ArrayList<>(); // the secret part of each line, overwritten at the end

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

    /** The same of one mechanism. */
    private sealed interface AttemptEnd {
        /** The reply after which nothing follows. */
        record LastReply(SmtpReply reply, Moment moment) implements AttemptEnd {}

        /** The relay does not keep to the mechanism; nothing weaker is tried. */
        record Distrust(String reason) implements AttemptEnd {}
    }

    private enum Moment {
        /** The very first message is answered; what it says of channel binding may be the reason. */
        FIRST,
        /** More than that has been said. */
        LATER
    }

    /** A mechanism of SCRAM, the strongest first. */
    private record OfferedScram(ScramHash hash, boolean bound) {
        static final List<OfferedScram> ALL = List.of(
                new OfferedScram(ScramHash.SHA_256, true),
                new OfferedScram(ScramHash.SHA_256, false),
                new OfferedScram(ScramHash.SHA_1, true),
                new OfferedScram(ScramHash.SHA_1, false));

        String keyword() {
            return hash.mechanism() + (bound ? "-PLUS" : "");
        }
    }

    private static final RelayLoginEnd DONE = new RelayLoginEnd.RelayLoginDone();

    RelayLoginEnd run() throws IOException {
        try {
            return strongestFirst();
        } catch (MalformedReplyException e) { // its text may repeat what was said
            throw new IOException("an answer to AUTH that is no SMTP reply");
        } finally {
            said.forEach(secret -> Arrays.fill(secret, (byte) 0));
        }
    }

    private RelayLoginEnd strongestFirst() throws IOException {
        Set<String> offered = connection.extensions().mechanisms();
        RelayLoginEnd ended = new RelayLoginEnd.RelayLoginFailed(
                OutcomeTexts.loginNotOffered(connection.hop(), String.join(" ", offered)));
        Optional<ChannelBinding> binding = binding();
        for (OfferedScram scram : OfferedScram.ALL) {
            if (!offered.contains(scram.keyword()) || scram.bound() && binding.isEmpty()) {
                continue;
            }
            AttemptEnd attempt = scram(scram, binding, offered);
            ended = ended(attempt);
            boolean another = wantsAnother(attempt)
                    || scram.bound()
                            && attempt instanceof AttemptEnd.LastReply answered
                            && answered.moment() == Moment.FIRST;
            if (!(ended instanceof RelayLoginEnd.RelayLoginRefused)) {
                return ended;
            }
            if (!another) {
                break; // its other hash would be refused, too
            }
        }
        if (offered.contains("PLAIN")) {
            AttemptEnd attempt = plain();
            ended = ended(attempt);
            if (!wantsAnother(attempt)) {
                return ended;
            }
        }
        return offered.contains("LOGIN") ? ended(login()) : ended;
    }

    private static boolean wantsAnother(AttemptEnd attempt) {
        return attempt instanceof AttemptEnd.LastReply answered
                && ANOTHER_MECHANISM.contains(answered.reply().code());
    }

    private RelayLoginEnd ended(AttemptEnd attempt) {
        return switch (attempt) {
            case AttemptEnd.Distrust(var reason) ->
                new RelayLoginEnd.RelayLoginFailed(OutcomeTexts.loginUnproven(connection.hop(), reason));
            case AttemptEnd.LastReply(var reply, var _) -> {
                if (reply.code() == ACCEPTED) {
                    yield DONE;
                }
                yield reply.isPermanent()
                        ? new RelayLoginEnd.RelayLoginRefused(reply)
                        : new RelayLoginEnd.RelayLoginFailed(OutcomeTexts.loginFailed(connection.hop(), reply));
            }
        };
    }

    // ---- the password is said

    private AttemptEnd plain() throws IOException {
        byte[] user = Octets.bytes(login.user());
        byte[] password = login.octets();
        var message = new byte[user.length + password.length + 2];
        System.arraycopy(user, 0, message, 1, user.length);
        System.arraycopy(password, 0, message, user.length + 2, password.length);
        Arrays.fill(password, (byte) 0);
        return last(begin("AUTH PLAIN", message));
    }

    private AttemptEnd login() throws IOException {
        SmtpReply reply = say("AUTH LOGIN", new byte[0]);
        if (reply.code() == CHALLENGE) {
            reply = say("", Octets.bytes(login.user()));
            return last(reply.code() == CHALLENGE ? say("", login.octets()) : early(reply));
        }
        return last(early(reply));
    }

    /** A reply before all was said that takes us in nevertheless makes no sense. */
    private static SmtpReply early(SmtpReply reply) {
        return reply.code() == ACCEPTED
                ? new SmtpReply(250, List.of("250 (a login that was taken before it was said)"), reply.cut())
                : reply;
    }

    /** The last reply; to one that asks for more there is no answer. */
    private AttemptEnd last(SmtpReply reply) {
        if (reply.code() == CHALLENGE) {
            return cancelled("it asks for more than the mechanism has");
        }
        return new AttemptEnd.LastReply(reply, Moment.LATER);
    }

    // ---- the password is proved

    /** RFC 9266 for TLS 1.3; for TLS 1.2 the certificate's, since Java does not tell what tls-unique needs. */
    private Optional<ChannelBinding> binding() {
        Map<String, byte[]> bindings = connection.channelBindings();
        for (String type : List.of(ChannelBinding.TLS_EXPORTER, ChannelBinding.TLS_SERVER_END_POINT)) {
            byte[] octets = bindings.get(type);
            if (octets != null) {
                return Optional.of(new ChannelBinding(type, octets));
            }
        }
        return Optional.empty();
    }

    private ScramClient client(
            OfferedScram scram, Optional<ChannelBinding> binding, Set<String> offered, byte[] password) {
        String user = new String(Octets.bytes(login.user()), UTF_8);
        if (scram.bound()) {
            return ScramClient.bound(scram.hash(), binding.orElseThrow(), user, password, random);
        }
        // RFC 5802 section 6: "y" says that the relay has announced no -PLUS, and must not be said where it has
        boolean announced =
                OfferedScram.ALL.stream().anyMatch(each -> each.bound() && offered.contains(each.keyword()));
        return announced || binding.isEmpty()
                ? ScramClient.unbound(scram.hash(), user, password, random)
                : ScramClient.ableToBind(scram.hash(), user, password, random);
    }

    private AttemptEnd scram(OfferedScram scram, Optional<ChannelBinding> binding, Set<String> offered)
            throws IOException {
        byte[] password = login.octets();
        try (var client = client(scram, binding, offered, password)) {
            SmtpReply reply = begin("AUTH " + scram.keyword(), utf8(client.first()));
            if (reply.code() != CHALLENGE) {
                return withoutProof(reply, Moment.FIRST);
            }
            switch (client.answer(challenge(reply))) {
                case ScramStep.ScramContinues(var message) -> reply = say("", utf8(message));
                case ScramStep.ScramFails(var _, var reason) -> {
                    return cancelled(reason);
                }
                case ScramStep.ScramSucceeds _ -> throw new IllegalStateException("a login without an answer");
            }
            if (reply.code() != CHALLENGE) {
                return withoutProof(reply, Moment.LATER);
            }
            byte[] proof = challenge(reply);
            return switch (client.finish(proof)) {
                case ScramStep.ScramSucceeds _ -> last(say("", new byte[0]));
                case ScramStep.ScramFails(var _, var reason) ->
                    isRefusal(proof) ? withoutProof(say("", new byte[0]), Moment.LATER) : cancelled(reason);
                case ScramStep.ScramContinues _ -> throw new IllegalStateException("an answer to a last message");
            };
        } catch (IllegalArgumentException e) {
            return new AttemptEnd.Distrust(String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }

    /** RFC 5802 section 7: an error in place of a signature; the reply with its code follows. */
    private static boolean isRefusal(byte[] serverLast) {
        return serverLast.length > 2 && serverLast[0] == 'e' && serverLast[1] == '=';
    }

    /** An end of SCRAM before the relay has proved that it knows the password: never a good one. */
    private AttemptEnd withoutProof(SmtpReply reply, Moment moment) {
        return switch (reply.code()) {
            case ACCEPTED -> new AttemptEnd.Distrust("it has not proved that it knows the password");
            case CHALLENGE -> cancelled("it asks for more than the mechanism has");
            default -> new AttemptEnd.LastReply(reply, moment);
        };
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    /** What a challenge says; nothing where it is no base64, of several lines, or too long. */
    private static byte[] challenge(SmtpReply reply) {
        if (reply.lines().size() > 1 || reply.cut() == SmtpReply.Completeness.CUT) {
            return new byte[0];
        }
        try {
            return Base64.getDecoder().decode(Octets.bytes(reply.textOf(0).strip()));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    /** The exchange is ended by us (RFC 4954 section 4). */
    private AttemptEnd cancelled(String reason) {
        try {
            connection.ask("*", limit);
        } catch (IOException e) {
            // it has gone first
        }
        return new AttemptEnd.Distrust(reason);
    }

    // ---- lines

    /** The command with the first message, or each in a line of its own where the one line would be too long. */
    private SmtpReply begin(String command, byte[] message) throws IOException {
        if (command.length() + 1 + 4 * Math.ceilDiv(message.length, 3) + 2 <= COMMAND) {
            return say(command + " ", message);
        }
        SmtpReply reply = say(command, new byte[0]);
        if (reply.code() == CHALLENGE) {
            return say("", message);
        }
        Arrays.fill(message, (byte) 0);
        return early(reply);
    }

    /** @param message is overwritten, as is its base64 at the end of all */
    private SmtpReply say(String command, byte[] message) throws IOException {
        byte[] encoded = Base64.getEncoder().encode(message);
        Arrays.fill(message, (byte) 0);
        said.add(encoded);
        byte[] line = Arrays.copyOf(command.getBytes(US_ASCII), command.length() + encoded.length + 2);
        System.arraycopy(encoded, 0, line, command.length(), encoded.length);
        line[line.length - 2] = '\r';
        line[line.length - 1] = '\n';
        try {
            connection.write(line, 0, line.length, limit);
        } finally {
            Arrays.fill(line, (byte) 0);
        }
        SmtpReply reply = connection.reply(limit);
        return reply.code() != CHALLENGE && repeatsASecret(reply) ? withoutText(reply) : reply;
    }

    private static SmtpReply withoutText(SmtpReply reply) {
        String status = reply.status().map(some -> some + " ").orElse("");
        return new SmtpReply(
                reply.code(),
                List.of(reply.code() + " " + status + "(what it said repeats the login, and is left out)"),
                SmtpReply.Completeness.WHOLE);
    }

    private boolean repeatsASecret(SmtpReply reply) {
        var text = new StringBuilder();
        for (int i = 0; i < reply.lines().size(); i++) {
            text.append(reply.textOf(i));
        }
        String told = text.toString();
        byte[] password = login.octets();
        try {
            return repeats(told, password) || said.stream().anyMatch(each -> repeats(told, each));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }

    private static boolean repeats(String told, byte[] secret) {
        if (secret.length < REPEATED) {
            return secret.length > 1 && told.contains(Octets.text(secret));
        }
        for (int i = 0; i + REPEATED <= secret.length; i++) {
            if (told.contains(Octets.text(secret, i, REPEATED))) {
                return true;
            }
        }
        return false;
    }
}

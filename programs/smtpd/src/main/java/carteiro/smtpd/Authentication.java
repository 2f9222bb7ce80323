package carteiro.smtpd;

import carteiro.mail.Octets;
import carteiro.protocol.Passwords;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.Passwords.LoginVerdict;
import carteiro.protocol.Passwords.ScramReply;
import carteiro.protocol.Passwords.ScramRequest;
import carteiro.protocol.Passwords.TlsBinding;
import carteiro.smtpd.LoginOffer.NamedMechanism;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** One exchange of AUTH (RFC 4954 section 4), from the command to its last reply. */
final class Authentication {
    private static final Reply ASK_NAME = Reply.of(334, "VXNlcm5hbWU6"); // Username:
    private static final Reply ASK_PASSWORD = Reply.of(334, "UGFzc3dvcmQ6"); // Password:
    private static final Reply EMPTY_CHALLENGE = Reply.of(334, "");
    private static final Reply CANCELLED = PolicyRule.COMMAND.reply(501, "5.7.0 login cancelled");
    private static final Reply NOT_BASE64 = PolicyRule.COMMAND.reply(501, "5.5.2 this is no base64");
    private static final Reply MALFORMED = PolicyRule.COMMAND.reply(501, "5.5.2 this is no message of the mechanism");
    private static final Reply WRONG = PolicyRule.LOGIN.reply(535, "5.7.8 wrong name or password");
    private static final Reply BLOCKED =
            PolicyRule.LOGIN_FAILURES.reply(454, "4.7.0 too many wrong passwords, try again later");
    private static final Reply CANNOT_TELL =
            PolicyRule.LOGIN_UNDECIDED.reply(454, "4.7.0 logins are not possible now, try again later");

    private final AuthenticationDialogue dialogue;
    private final Passwords passwords;
    private final String client;
    private final List<TlsBinding> bindings;

    /** The conversation that it is a part of. */
    interface AuthenticationDialogue {
        /** Sends a challenge and reads the response, which is overwritten when it has been looked at. */
        byte[] ask(Reply challenge) throws IOException, NoResponseException;
    }

    /** No line came that could be a response: the client was told so, or has gone. */
    static final class NoResponseException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** How it ended. */
    sealed interface LoginResult {
        /** As that account. */
        record LoginAccepted(String account) implements LoginResult {}

        /**
         * Not.
         *
         * @param name as whom; empty if it did not come so far
         * @param why for the log
         * @param until when it may be said, as {@link System#nanoTime}
         */
        record LoginRejected(Reply reply, String name, String why, long until) implements LoginResult {}
    }

    /** @param bindings what ties a login to the TLS connection; empty if no mechanism that is bound was announced */
    Authentication(AuthenticationDialogue dialogue, Passwords passwords, String client, List<TlsBinding> bindings) {
        this.bindings = List.copyOf(bindings);
        this.dialogue = dialogue;
        this.passwords = passwords;
        this.client = client;
    }

    /** @param initial what stood behind the mechanism; {@code =} is an empty response, and no octets none. Overwritten, as what follows */
    LoginResult by(NamedMechanism named, byte[] initial) throws IOException, NoResponseException {
        return switch (named.mechanism()) {
            case PLAIN -> plain(initial.length == 0 ? dialogue.ask(EMPTY_CHALLENGE) : initial);
            case LOGIN -> login(initial.length == 0 ? dialogue.ask(ASK_NAME) : initial);
            case SCRAM_SHA_256, SCRAM_SHA_1 ->
                scram(named.keyword(), initial.length == 0 ? dialogue.ask(EMPTY_CHALLENGE) : initial);
        };
    }

    private LoginResult plain(byte[] response) throws IOException {
        byte[] message = decoded(response);
        if (message == null) {
            return undecodable(response);
        }
        try {
            int first = indexOfNul(message, 0);
            int second = first < 0 ? -1 : indexOfNul(message, first + 1);
            if (second < 0 || indexOfNul(message, second + 1) >= 0) {
                return rejected(MALFORMED, "", "not name and password between NUL octets");
            }
            String actAs = Octets.text(Arrays.copyOfRange(message, 0, first));
            String name = Octets.text(Arrays.copyOfRange(message, first + 1, second));
            if (!actAs.isEmpty() && !actAs.equals(name)) {
                return rejected(WRONG, name, "it wants to act as \"" + actAs + "\"");
            }
            byte[] password = Arrays.copyOfRange(message, second + 1, message.length);
            return check(name, password);
        } finally {
            Arrays.fill(message, (byte) 0);
        }
    }

    private LoginResult login(byte[] response) throws IOException, NoResponseException {
        byte[] name = decoded(response);
        if (name == null) {
            return undecodable(response);
        }
        byte[] answer = dialogue.ask(ASK_PASSWORD);
        byte[] password = decoded(answer);
        return password == null ? undecodable(answer) : check(Octets.text(name), password);
    }

    /** The client's messages go to lookup, and lookup's to the client. */
    private LoginResult scram(String mechanism, byte[] response) throws IOException, NoResponseException {
        byte[] first = decoded(response);
        if (first == null || first.length > Passwords.LONGEST_MESSAGE) {
            return undecodable(response);
        }
        long begun = System.nanoTime();
        try {
            var attempt = new LoginAttempt(LoginService.SMTP, client);
            ScramReply reply = passwords.begin(attempt, new ScramRequest(mechanism, bindings, Octets.text(first)));
            if (reply instanceof ScramReply.ScramChallenge(var exchange, var message)) {
                byte[] answer = dialogue.ask(challenge(message));
                byte[] last = decoded(answer);
                if (last == null || last.length > Passwords.LONGEST_MESSAGE) {
                    return undecodable(answer);
                }
                begun = System.nanoTime();
                reply = passwords.finish(attempt, exchange, Octets.text(last));
            }
            return switch (reply) {
                case ScramReply.ScramProven(var message, var account) -> {
                    byte[] answer = dialogue.ask(challenge(message)); // RFC 4954 has no place for it beside 235
                    yield answer.length == 0 || is(answer, '=')
                            ? new LoginResult.LoginAccepted(account)
                            : undecodable(answer);
                }
                case ScramReply.ScramDenied(var verdict, var why) -> result(verdict, "", why, begun);
                case ScramReply.ScramChallenge _ -> throw new IllegalStateException("a challenge to a last message");
            };
        } catch (IOException e) {
            return rejected(CANNOT_TELL, "", String.valueOf(e.getMessage()));
        }
    }

    private static Reply challenge(String message) {
        return Reply.of(334, Base64.getEncoder().encodeToString(message.getBytes(StandardCharsets.UTF_8)));
    }

    private static int indexOfNul(byte[] octets, int from) {
        for (int i = from; i < octets.length; i++) {
            if (octets[i] == 0) {
                return i;
            }
        }
        return -1;
    }

    /** Base64 to the letter (RFC 4648 section 4), which is overwritten; null if it is none. */
    private static byte @org.jspecify.annotations.Nullable [] decoded(byte[] response) {
        if (is(response, '=')) {
            return new byte[0];
        }
        try {
            byte[] octets = response.length % 4 == 0 ? Base64.getDecoder().decode(response) : null;
            if (octets != null) {
                Arrays.fill(response, (byte) 0);
            }
            return octets;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static LoginResult undecodable(byte[] response) {
        boolean cancelled = is(response, '*');
        Arrays.fill(response, (byte) 0);
        return cancelled ? rejected(CANCELLED, "", "cancelled by the client") : rejected(NOT_BASE64, "", "no base64");
    }

    /** Whether a response is that octet alone. */
    private static boolean is(byte[] response, char octet) {
        return response.length == 1 && response[0] == octet;
    }

    private static LoginResult rejected(Reply reply, String name, String why) {
        return new LoginResult.LoginRejected(reply, name, why, System.nanoTime());
    }

    /** @param begun when it was asked for, as {@link System#nanoTime} */
    private static LoginResult result(LoginVerdict verdict, String name, String why, long begun) {
        return switch (verdict) {
            case LoginVerdict.LoggedIn(var account) -> new LoginResult.LoginAccepted(account);
            case LoginVerdict.WrongPassword(var pause) ->
                new LoginResult.LoginRejected(WRONG, name, why, begun + pause.toNanos());
            case LoginVerdict.TooManyFailures(var left) ->
                rejected(BLOCKED, name, "no password is looked at for " + left.toSeconds() + " s");
            case LoginVerdict.LoginUndecided(var reason) -> rejected(CANNOT_TELL, name, reason);
        };
    }

    /** @param password is cleared */
    private LoginResult check(String name, byte[] password) throws IOException {
        long begun = System.nanoTime();
        try {
            if (name.length() > Passwords.LONGEST_NAME || password.length > Passwords.LONGEST_PASSWORD) {
                return rejected(MALFORMED, "", "a name or password that is too long");
            }
            LoginVerdict verdict = passwords.check(new LoginAttempt(LoginService.SMTP, client), name, password);
            return result(verdict, name, "", begun);
        } catch (IOException e) {
            return rejected(CANNOT_TELL, name, String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }
}

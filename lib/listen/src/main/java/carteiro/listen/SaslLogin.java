package carteiro.listen;

import carteiro.listen.LoginMechanism.NamedMechanism;
import carteiro.mail.Octets;
import carteiro.protocol.Passwords;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.Passwords.LoginVerdict;
import carteiro.protocol.Passwords.ScramReply;
import carteiro.protocol.Passwords.ScramRequest;
import carteiro.protocol.Passwords.TlsBinding;
import carteiro.protocol.Passwords.TokenReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** One login by SASL (RFC 4422), from its first response to its end, in whatever protocol. */
public final class SaslLogin {
    private static final String ASK_NAME = "VXNlcm5hbWU6"; // Username:
    private static final String ASK_PASSWORD = "UGFzc3dvcmQ6"; // Password:
    private static final String EMPTY_CHALLENGE = "";

    private final SaslDialogue dialogue;
    private final Passwords passwords;
    private final LoginService service;
    private final String client;
    private final List<TlsBinding> bindings;

    /** The conversation that it is a part of. */
    public interface SaslDialogue {
        /** Sends a challenge, which is base64, and reads the response, which is overwritten when it has been looked at. */
        byte[] ask(String challenge) throws IOException, NoResponseException;
    }

    /** No line came that could be a response: the client was told so, or has gone. */
    public static final class NoResponseException extends Exception {
        private static final long serialVersionUID = 1L;

        /** For the dialogue. */
        public NoResponseException() {}
    }

    /** Why a login is refused, as far as the client is told. */
    public enum LoginRefusal {
        /** The password is wrong, or nobody has that name, or it may not log in. */
        WRONG,
        /** The token is not good, or its account may not log in. */
        WRONG_TOKEN,
        /** Too many were wrong: none is looked at. */
        BLOCKED,
        /** Nobody can tell now: it is not to be entered anew. */
        CANNOT_TELL,
        /** The response is no base64. */
        NOT_BASE64,
        /** The response is no message of the mechanism. */
        MALFORMED,
        /** By the client. */
        CANCELLED
    }

    /** How it ended. */
    public sealed interface LoginResult {
        /**
         * As that account.
         *
         * @param ticket as in {@link LoginVerdict.LoggedIn}
         */
        record LoginAccepted(String account, String ticket) implements LoginResult {}

        /**
         * Not.
         *
         * @param refusal what the client is told
         * @param name as whom; empty if it did not come so far
         * @param why for the log
         * @param until when it may be said, as {@link System#nanoTime}
         */
        record LoginRejected(LoginRefusal refusal, String name, String why, long until) implements LoginResult {}
    }

    /**
     * One.
     *
     * @param client its address, as text
     * @param bindings what ties a login to the TLS connection; empty if no mechanism that is bound was announced
     */
    public SaslLogin(
            SaslDialogue dialogue,
            Passwords passwords,
            LoginService service,
            String client,
            List<TlsBinding> bindings) {
        this.service = service;
        this.bindings = List.copyOf(bindings);
        this.dialogue = dialogue;
        this.passwords = passwords;
        this.client = client;
    }

    /**
     * Converses.
     *
     * @param initial what stood behind the mechanism; {@code =} is an empty response, and no octets none. Overwritten, as what follows
     * @throws IOException if the client has gone
     * @throws NoResponseException if it was told so
     */
    public LoginResult by(NamedMechanism named, byte[] initial) throws IOException, NoResponseException {
        return switch (named.mechanism()) {
            case PLAIN -> plain(initial.length == 0 ? dialogue.ask(EMPTY_CHALLENGE) : initial);
            case LOGIN -> login(initial.length == 0 ? dialogue.ask(ASK_NAME) : initial);
            case SCRAM_SHA_256, SCRAM_SHA_1 ->
                scram(named.keyword(), initial.length == 0 ? dialogue.ask(EMPTY_CHALLENGE) : initial);
            case EXTERNAL -> throw new IllegalArgumentException("whom the certificate names has to be said");
            case OAUTHBEARER, XOAUTH2 ->
                token(named.mechanism(), initial.length == 0 ? dialogue.ask(EMPTY_CHALLENGE) : initial);
        };
    }

    /**
     * Converses by EXTERNAL (RFC 4422 appendix A).
     *
     * @param account whom the client's certificate stands for; whoever asks has looked at that
     * @param initial as in {@link #by}
     * @throws IOException if the client has gone
     * @throws NoResponseException if it was told so
     */
    public LoginResult external(String account, byte[] initial) throws IOException, NoResponseException {
        byte[] response = initial.length == 0 ? dialogue.ask(EMPTY_CHALLENGE) : initial;
        byte[] actAs = decoded(response);
        if (actAs == null) {
            return undecodable(response);
        }
        String wanted = Octets.text(actAs);
        if (!wanted.isEmpty() && !Octets.lowerCase(wanted).equals(Octets.lowerCase(account))) {
            return rejected(LoginRefusal.WRONG, account, "it wants to act as \"" + wanted + "\"");
        }
        long begun = System.nanoTime();
        try {
            return result(passwords.certified(new LoginAttempt(service, client), account), account, "", begun);
        } catch (IOException e) {
            return rejected(LoginRefusal.CANNOT_TELL, account, String.valueOf(e.getMessage()));
        }
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
                return rejected(LoginRefusal.MALFORMED, "", "not name and password between NUL octets");
            }
            String actAs = Octets.text(Arrays.copyOfRange(message, 0, first));
            String name = Octets.text(Arrays.copyOfRange(message, first + 1, second));
            if (!actAs.isEmpty() && !actAs.equals(name)) {
                return rejected(LoginRefusal.WRONG, name, "it wants to act as \"" + actAs + "\"");
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

    private LoginResult token(LoginMechanism mechanism, byte[] response) throws IOException, NoResponseException {
        byte[] message = decoded(response);
        if (message == null) {
            return undecodable(response);
        }
        TokenMessage read = TokenMessage.read(mechanism, message); // clears it
        try {
            return read.isWhole() ? token(mechanism, read) : rejected(LoginRefusal.MALFORMED, "", read.fault());
        } finally {
            read.wipe();
        }
    }

    private LoginResult token(LoginMechanism mechanism, TokenMessage message) throws IOException, NoResponseException {
        long begun = System.nanoTime();
        TokenReply reply;
        try {
            reply = passwords.token(new LoginAttempt(service, client), message.name(), message.token());
        } catch (IOException e) {
            return rejected(LoginRefusal.CANNOT_TELL, message.name(), String.valueOf(e.getMessage()));
        } finally {
            message.wipe();
        }
        if (!(reply.verdict() instanceof LoginVerdict.WrongPassword(var pause))) {
            return result(reply.verdict(), message.name(), "", begun);
        }
        // RFC 7628 section 3.2.3: the reasons as a challenge; what the client says to it is nothing, and is not looked
        // at
        Arrays.fill(dialogue.ask(challenge(TokenMessage.refusal(mechanism, reply.fault()))), (byte) 0);
        return new LoginResult.LoginRejected(
                LoginRefusal.WRONG_TOKEN, message.name(), reply.fault().status(), begun + pause.toNanos());
    }

    /** The client's messages go to lookup, and lookup's to the client. */
    private LoginResult scram(String mechanism, byte[] response) throws IOException, NoResponseException {
        byte[] first = decoded(response);
        if (first == null || first.length > Passwords.LONGEST_MESSAGE) {
            return undecodable(response);
        }
        long begun = System.nanoTime();
        try {
            var attempt = new LoginAttempt(service, client);
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
                case ScramReply.ScramProven(var message, var account, var ticket) -> {
                    byte[] answer = dialogue.ask(challenge(message)); // RFC 4954 has no place for it beside 235
                    yield answer.length == 0 || is(answer, '=')
                            ? new LoginResult.LoginAccepted(account, ticket)
                            : undecodable(answer);
                }
                case ScramReply.ScramDenied(var verdict, var why) -> result(verdict, "", why, begun);
                case ScramReply.ScramChallenge _ -> throw new IllegalStateException("a challenge to a last message");
            };
        } catch (IOException e) {
            return rejected(LoginRefusal.CANNOT_TELL, "", String.valueOf(e.getMessage()));
        }
    }

    private static String challenge(String message) {
        return Base64.getEncoder().encodeToString(message.getBytes(StandardCharsets.UTF_8));
    }

    private static int indexOfNul(byte[] octets, int from) {
        for (int i = from; i < octets.length; i++) {
            if (octets[i] == 0) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Waits with an answer that has to wait: whoever guesses passwords gets few of them.
     *
     * @param nanoTime until when, as {@link System#nanoTime}
     * @param stopping ends the wait
     */
    public static void waitUntil(long nanoTime, BooleanSupplier stopping) {
        while (nanoTime - System.nanoTime() > 0 && !stopping.getAsBoolean()) {
            long millis = TimeUnit.NANOSECONDS.toMillis(nanoTime - System.nanoTime()) + 1;
            try {
                Thread.sleep(Math.clamp(millis, 0, 200));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
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
        return cancelled
                ? rejected(LoginRefusal.CANCELLED, "", "cancelled by the client")
                : rejected(LoginRefusal.NOT_BASE64, "", "no base64");
    }

    /** Whether a response is that octet alone. */
    private static boolean is(byte[] response, char octet) {
        return response.length == 1 && response[0] == octet;
    }

    private static LoginResult rejected(LoginRefusal refusal, String name, String why) {
        return new LoginResult.LoginRejected(refusal, name, why, System.nanoTime());
    }

    /** @param begun when it was asked for, as {@link System#nanoTime} */
    private static LoginResult result(LoginVerdict verdict, String name, String why, long begun) {
        return switch (verdict) {
            case LoginVerdict.LoggedIn(var account, var ticket) -> new LoginResult.LoginAccepted(account, ticket);
            case LoginVerdict.WrongPassword(var pause) ->
                new LoginResult.LoginRejected(LoginRefusal.WRONG, name, why, begun + pause.toNanos());
            case LoginVerdict.TooManyFailures(var left) ->
                rejected(LoginRefusal.BLOCKED, name, "no password is looked at for " + left.toSeconds() + " s");
            case LoginVerdict.LoginUndecided(var reason) -> rejected(LoginRefusal.CANNOT_TELL, name, reason);
        };
    }

    /** @param password is cleared */
    private LoginResult check(String name, byte[] password) throws IOException {
        long begun = System.nanoTime();
        try {
            if (name.length() > Passwords.LONGEST_NAME || password.length > Passwords.LONGEST_PASSWORD) {
                return rejected(LoginRefusal.MALFORMED, "", "a name or password that is too long");
            }
            LoginVerdict verdict = passwords.check(new LoginAttempt(service, client), name, password);
            return result(verdict, name, "", begun);
        } catch (IOException e) {
            return rejected(LoginRefusal.CANNOT_TELL, name, String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }
}

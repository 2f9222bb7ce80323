package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.Passwords;
import carteiro.smtpd.PolicyCheck.LookupRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passwords of alice alone, who may send as alice@example.org and alice-lists@example.org. */
final class KnownPasswords implements Passwords {
    static final String PASSWORD = "s\u00e9same, ouvre-toi";

    /** Asks somebody about a recipient. */
    interface RecipientQuestion {
        RecipientAnswer ask(LookupQuestion question) throws IOException;
    }

    /** What a check asks, of a client that has not logged in. */
    static LookupRequest askedOf(RecipientQuestion recipients) {
        return new LookupRequest() {
            @Override
            public RecipientAnswer ask(LookupQuestion question) throws IOException {
                return recipients.ask(question);
            }

            @Override
            public List<Ownership> ownership(String account, List<Address> addresses) {
                throw new IllegalStateException("nobody has logged in");
            }

            @Override
            public SendingVerdict sending(String account, int recipients) {
                throw new IllegalStateException("nobody has logged in");
            }
        };
    }

    final List<String> asked = new CopyOnWriteArrayList<>();
    volatile Duration pause = Duration.ZERO;
    volatile boolean undecided;
    volatile boolean blocked;
    volatile SendingVerdict sending = new SendingVerdict.SendingAllowed();

    /** The token {@code alice-token} is alice's. */
    @Override
    public TokenReply token(LoginAttempt attempt, String name, byte[] token) {
        asked.add(attempt.service() + " token of " + name);
        if (undecided) {
            return new TokenReply(new LoginVerdict.LoginUndecided("the provider is asleep"), TokenFault.INVALID);
        }
        boolean right = (name.isEmpty() || name.equals("alice"))
                && new String(token, StandardCharsets.US_ASCII).equals("alice-token");
        return right
                ? new TokenReply(new LoginVerdict.LoggedIn("alice"), TokenFault.INVALID)
                : new TokenReply(
                        new LoginVerdict.WrongPassword(pause),
                        new TokenFault("invalid_token", "mail", "https://id.example/.well-known/openid-configuration"));
    }

    @Override
    public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) {
        asked.add(attempt.service() + " " + attempt.client() + " " + name);
        if (undecided) {
            return new LoginVerdict.LoginUndecided("the directory is asleep");
        }
        if (blocked) {
            return new LoginVerdict.TooManyFailures(Duration.ofMinutes(9));
        }
        boolean right = name.equals("alice") && new String(password, StandardCharsets.UTF_8).equals(PASSWORD);
        return right ? new LoginVerdict.LoggedIn("alice") : new LoginVerdict.WrongPassword(pause);
    }

    @Override
    public LoginVerdict certified(LoginAttempt attempt, String account) {
        asked.add(attempt.service() + " " + attempt.client() + " certified " + account);
        return account.equals("alice") ? new LoginVerdict.LoggedIn("alice") : new LoginVerdict.WrongPassword(pause);
    }

    @Override
    public SendingVerdict sending(String account, int recipients) {
        asked.add("sending " + account + " " + recipients);
        return sending;
    }

    @Override
    public List<Ownership> ownership(String account, List<Address> addresses) {
        return addresses.stream()
                .map(address -> undecided
                        ? Ownership.NOT_NOW
                        : account.equals("alice") && address.octets().matches("alice(-lists)?@example\\.org")
                                ? Ownership.OWN
                                : Ownership.FOREIGN)
                .toList();
    }

    @Override
    public ScramReply begin(LoginAttempt attempt, ScramRequest request) {
        asked.add(request.mechanism() + " "
                + request.bindings().stream().map(TlsBinding::type).sorted().toList());
        return request.message().equals("first")
                ? new ScramReply.ScramChallenge("x1", "challenge")
                : new ScramReply.ScramDenied(new LoginVerdict.WrongPassword(pause), "no first message");
    }

    @Override
    public ScramReply finish(LoginAttempt attempt, String exchange, String message) {
        return exchange.equals("x1") && message.equals("last")
                ? new ScramReply.ScramProven("proof", "alice")
                : new ScramReply.ScramDenied(new LoginVerdict.WrongPassword(pause), "");
    }
}

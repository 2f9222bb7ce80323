package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.Passwords.LoginVerdict;
import carteiro.protocol.Passwords.Ownership;
import carteiro.protocol.Passwords.ScramReply;
import carteiro.protocol.Passwords.ScramRequest;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.protocol.Passwords.TlsBinding;
import carteiro.protocol.Passwords.TokenReply;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Questions about passwords and their answers, by either carrier. */
class PasswordsWireTest {
    private static final LoginAttempt ATTEMPT = new LoginAttempt(LoginService.POP3, "2001:db8::7");

    @TempDir
    Path home;

    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final Recorded lookup = new Recorded();
    private final Deque<Closeable> open = new ArrayDeque<>();
    private Passwords client = lookup;

    /** How it is asked. */
    enum Way {
        DIRECT,
        SOCKET
    }

    /** A lookup that answers what it is told to. */
    private static final class Recorded implements Passwords {
        final List<String> asked = new ArrayList<>();
        LoginVerdict verdict = new LoginVerdict.LoggedIn("ann");
        SendingVerdict sending = new SendingVerdict.SendingAllowed();
        TokenReply tokenReply = new TokenReply(new LoginVerdict.LoggedIn("ann"), TokenFault.INVALID);
        ScramReply reply = new ScramReply.ScramProven("v=", "ann");

        @Override
        public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) {
            asked.add(attempt + " " + name + " " + new String(password, StandardCharsets.ISO_8859_1));
            return verdict;
        }

        @Override
        public LoginVerdict certified(LoginAttempt attempt, String account) {
            asked.add(attempt + " certified " + account);
            return verdict;
        }

        @Override
        public TokenReply token(LoginAttempt attempt, String name, byte[] token) {
            asked.add(attempt + " " + name + " " + new String(token, StandardCharsets.ISO_8859_1));
            return tokenReply;
        }

        @Override
        public List<Ownership> ownership(String account, List<Address> addresses) {
            asked.add(account + " " + addresses);
            return addresses.stream()
                    .map(address -> switch (address.octets().length() % 3) {
                        case 0 -> Ownership.OWN;
                        case 1 -> Ownership.FOREIGN;
                        default -> Ownership.NOT_NOW;
                    })
                    .toList();
        }

        @Override
        public SendingVerdict sending(String account, int recipients) {
            asked.add(account + " " + recipients);
            return sending;
        }

        @Override
        public ScramReply begin(LoginAttempt attempt, ScramRequest request) {
            asked.add(attempt + " " + request);
            return reply;
        }

        @Override
        public ScramReply finish(LoginAttempt attempt, String exchange, String message) {
            asked.add(attempt + " " + exchange + " " + message);
            return reply;
        }
    }

    @BeforeEach
    void nothing() {
        lookup.asked.clear();
    }

    private void connect(Way way) throws IOException {
        var sockets = new SocketWires(new Installation(home), log);
        open.push(sockets);
        var server = new DirectWires(sockets);
        open.push(server.offer(lookup));
        switch (way) {
            case DIRECT -> client = server.passwords();
            case SOCKET -> {
                var others = new SocketWires(new Installation(home), log);
                open.push(others);
                client = others.passwords();
            }
        }
    }

    @AfterEach
    void close() throws IOException {
        for (Closeable each : open) {
            each.close();
        }
        log.close();
    }

    @Test
    void nobodyElseMayAsk() {
        assertThat(Endpoint.PASSWORDS.callers()).containsExactlyInAnyOrder("qmaild", "qmailpop");
        assertThat(Endpoint.PASSWORDS.anyone()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void whetherAnAccountMaySend(Way way) throws Exception {
        connect(way);
        for (SendingVerdict verdict : List.of(
                new SendingVerdict.SendingAllowed(),
                new SendingVerdict.OverLimit("50 messages an hour", Duration.ofMillis(1)),
                new SendingVerdict.AccountStopped())) {
            lookup.sending = verdict;
            assertThat(client.sending("ann", 3)).isEqualTo(verdict);
            assertThat(lookup.asked.removeLast()).isEqualTo("ann 3");
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyVerdictArrives(Way way) throws Exception {
        connect(way);
        for (LoginVerdict verdict : List.of(
                new LoginVerdict.LoggedIn("\u00e3nn@x"),
                new LoginVerdict.WrongPassword(Duration.ofMillis(2_001)),
                new LoginVerdict.TooManyFailures(Duration.ofMinutes(15)),
                new LoginVerdict.LoginUndecided("the directory does not answer"))) {
            lookup.verdict = verdict;
            byte[] password = {0, (byte) 0xff, '\n', ','};
            assertThat(client.check(ATTEMPT, "ann", password)).isEqualTo(verdict);
            assertThat(lookup.asked.removeLast()).isEqualTo(ATTEMPT + " ann \0\u00ff\n,");
            assertThat(password).as("whoever asks clears it").containsExactly(0, 0xff, '\n', ',');
            lookup.reply = new ScramReply.ScramDenied(
                    verdict instanceof LoginVerdict.LoggedIn ? new LoginVerdict.WrongPassword(Duration.ZERO) : verdict,
                    "why");
            assertThat(client.finish(ATTEMPT, "x1", "c=biws")).isEqualTo(lookup.reply);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsSaidToATokenArrives(Way way) throws Exception {
        connect(way);
        byte[] token = "x".repeat(BearerTokens.LONGEST_TOKEN).getBytes(StandardCharsets.US_ASCII);
        for (TokenReply reply : List.of(
                new TokenReply(
                        new LoginVerdict.LoggedIn("ann", "0123456789abcdef0123456789abcdef"), TokenFault.INVALID),
                new TokenReply(
                        new LoginVerdict.WrongPassword(Duration.ofMillis(7)),
                        new TokenFault("insufficient_scope", "mail other", "https://id.example/x")),
                new TokenReply(new LoginVerdict.LoginUndecided("no answer"), TokenFault.INVALID))) {
            lookup.tokenReply = reply;
            assertThat(client.token(ATTEMPT, "ann", token)).isEqualTo(reply);
            assertThat(lookup.asked.removeLast())
                    .isEqualTo(ATTEMPT + " ann " + new String(token, StandardCharsets.US_ASCII));
        }
    }

    @ParameterizedTest
    @EnumSource
    void messagesOfScramGoBothWays(Way way) throws Exception {
        connect(way);
        var request = new ScramRequest(
                "SCRAM-SHA-256-PLUS",
                List.of(new TlsBinding("tls-exporter", "\0\u00ff".repeat(16)), new TlsBinding("x", "")),
                "p=tls-exporter,,n=ann,r=abc");
        lookup.reply = new ScramReply.ScramChallenge("0123456789abcdef0123456789abcdef", "r=abcd,s=,i=4096");
        assertThat(client.begin(ATTEMPT, request)).isEqualTo(lookup.reply);
        assertThat(lookup.asked).containsExactly(ATTEMPT + " " + request);
        lookup.reply = new ScramReply.ScramProven("v=abc", "ann");
        assertThat(client.finish(ATTEMPT, "0123", "c=,r=,p=")).isEqualTo(lookup.reply);
    }

    @ParameterizedTest
    @EnumSource
    void whoseAddressesTheyAreArrivesInTheirOrder(Way way) throws Exception {
        connect(way);
        List<Address> addresses =
                List.of(new Address("a@b"), new Address("aa@b"), new Address("aaa@b"), new Address("aaaa@b"));
        assertThat(client.ownership("ann", addresses))
                .containsExactly(Ownership.OWN, Ownership.FOREIGN, Ownership.NOT_NOW, Ownership.OWN);
        List<Address> most =
                Collections.nCopies(Passwords.MOST_ADDRESSES, new Address("x".repeat(Address.LIMIT - 2) + "@b"));
        assertThat(client.ownership("a".repeat(Passwords.LONGEST_NAME), most)).hasSize(Passwords.MOST_ADDRESSES);
    }

    @ParameterizedTest
    @EnumSource(names = "SOCKET")
    void whatIsOverTheLimitsIsNotAnswered(Way way) throws Exception {
        connect(way);
        assertThatThrownBy(() -> client.check(ATTEMPT, "a".repeat(Passwords.LONGEST_NAME + 1), new byte[1]))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> client.check(ATTEMPT, "ann", new byte[Passwords.LONGEST_PASSWORD + 1]))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> client.token(ATTEMPT, "", new byte[BearerTokens.LONGEST_TOKEN + 1]))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() ->
                        client.ownership("ann", Collections.nCopies(Passwords.MOST_ADDRESSES + 1, new Address("a@b"))))
                .isInstanceOf(IOException.class);
        assertThat(lookup.asked).isEmpty();
        assertThat(client.check(ATTEMPT, "ann", new byte[1])).isEqualTo(lookup.verdict);
    }

    @ParameterizedTest
    @EnumSource(names = "SOCKET")
    void aChallengeIsNoAnswerToALastMessage(Way way) throws Exception {
        connect(way);
        lookup.reply = new ScramReply.ScramChallenge("x1", "r=");
        assertThatThrownBy(() -> client.finish(ATTEMPT, "x1", "c=")).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @EnumSource
    void withoutLookupNothingIsKnown(Way way) throws Exception {
        connect(way);
        open.pop().close(); // by a socket its own end, else the offer
        if (way == Way.SOCKET) {
            open.pop().close();
        }
        assertThatThrownBy(() -> client.check(ATTEMPT, "ann", new byte[1])).isInstanceOf(IOException.class);
    }
}

package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.TaggedFields;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Passwords over a socket (docs/protocols/passwords.md): numbered questions. */
final class PasswordsWire {
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(
            Passwords.MOST_ADDRESSES * (Address.LIMIT + 10) + Passwords.LONGEST_NAME + Frames.SHORT,
            16 * 1024,
            Duration.ofMinutes(1),
            2_000);

    /** How long an answer may take: a directory has to be asked, and a hash computed. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private static final int WORD = 16;
    private static final int LONGEST_REASON = 8 * 1024;
    private static final int LONGEST_EXCHANGE = 64;
    private static final int LONGEST_TYPE = 64;

    /** The tag of a ticket. */
    private static final int TICKET = 1;

    private static final int MOST_BINDINGS = 4;
    private static final long LONGEST_PAUSE = Duration.ofDays(1).toMillis();

    private PasswordsWire() {}

    /** The side of the programs that people log in to. */
    static final class PasswordsClient implements Passwords {
        private final RequestClient requests;

        PasswordsClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT, frame -> put(frame.put("check"), attempt).put(name).putSecret(password));
            LoginVerdict verdict = verdict(answer);
            answer.end();
            return verdict;
        }

        @Override
        public LoginVerdict certified(LoginAttempt attempt, String account) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT, frame -> put(frame.put("certified"), attempt).put(account));
            LoginVerdict verdict = verdict(answer);
            answer.end();
            return verdict;
        }

        @Override
        public TokenReply token(LoginAttempt attempt, String name, byte[] token) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT, frame -> put(frame.put("token"), attempt).put(name).putSecret(token));
            BearerTokens.TokenFault fault = BearerTokensWire.fault(answer);
            var reply = new TokenReply(verdict(answer), fault);
            answer.end();
            return reply;
        }

        private static FrameWriter put(FrameWriter frame, LoginAttempt attempt) {
            return frame.put(attempt.service().name()).put(attempt.client());
        }

        @Override
        public ScramReply begin(LoginAttempt attempt, ScramRequest request) throws IOException {
            return reply(requests.ask(LIMIT, frame -> {
                put(frame.put("begin"), attempt).put(request.mechanism());
                Frames.put(
                        frame,
                        request.bindings(),
                        (item, binding) -> item.put(binding.type()).put(binding.octets()));
                frame.put(request.message());
            }));
        }

        @Override
        public ScramReply finish(LoginAttempt attempt, String exchange, String message) throws IOException {
            ScramReply reply = reply(requests.ask(
                    LIMIT,
                    frame -> put(frame.put("finish"), attempt).put(exchange).put(message)));
            if (reply instanceof ScramReply.ScramChallenge) {
                throw new MalformedFrameException("lookup gave a challenge to a last message");
            }
            return reply;
        }

        private static ScramReply reply(FrameReader answer) throws MalformedFrameException {
            ScramReply reply = switch (answer.text(WORD)) {
                case "challenge" ->
                    new ScramReply.ScramChallenge(answer.text(LONGEST_EXCHANGE), answer.text(LONGEST_MESSAGE));
                case "proven" ->
                    new ScramReply.ScramProven(answer.text(LONGEST_MESSAGE), answer.text(LONGEST_NAME), ticket(answer));
                case "denied" -> new ScramReply.ScramDenied(verdict(answer), answer.text(LONGEST_REASON));
                default -> throw new MalformedFrameException("lookup gave no reply we know");
            };
            answer.end();
            return reply;
        }

        private static LoginVerdict verdict(FrameReader answer) throws MalformedFrameException {
            return switch (answer.text(WORD)) {
                case "yes" -> new LoginVerdict.LoggedIn(answer.text(LONGEST_NAME), ticket(answer));
                case "no" -> new LoginVerdict.WrongPassword(duration(answer));
                case "blocked" -> new LoginVerdict.TooManyFailures(duration(answer));
                case "undecided" -> new LoginVerdict.LoginUndecided(answer.text(LONGEST_REASON));
                default -> throw new MalformedFrameException("lookup gave no verdict we know");
            };
        }

        private static String ticket(FrameReader answer) throws MalformedFrameException {
            TaggedFields tagged = answer.tagged();
            String ticket = tagged.take(TICKET, MailboxTickets.LENGTH);
            tagged.end();
            return ticket;
        }

        private static Duration duration(FrameReader answer) throws MalformedFrameException {
            return Duration.ofMillis(answer.number(0, LONGEST_PAUSE));
        }

        @Override
        public SendingVerdict sending(String account, int recipients) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT, frame -> frame.put("sending").put(account).put(recipients));
            SendingVerdict verdict = switch (answer.text(WORD)) {
                case "allowed" -> new SendingVerdict.SendingAllowed();
                case "over" -> new SendingVerdict.OverLimit(answer.text(LONGEST_REASON), duration(answer));
                case "stopped" -> new SendingVerdict.AccountStopped();
                default -> throw new MalformedFrameException("lookup gave no verdict we know");
            };
            answer.end();
            return verdict;
        }

        @Override
        public List<Ownership> ownership(String account, List<Address> addresses) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT, frame -> Frames.putAddresses(frame.put("ownership").put(account), addresses));
            List<Ownership> each =
                    Frames.items(answer, addresses.size(), item -> Frames.constant(item, Ownership.class));
            answer.end();
            if (each.size() != addresses.size()) {
                throw new MalformedFrameException(
                        "lookup answered for " + each.size() + " of " + addresses.size() + " addresses");
            }
            return each;
        }
    }

    /** The side of lookup. */
    static EndpointServer.ConnectionHandler server(Passwords passwords, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            switch (frame.text(WORD)) {
                case "check" -> put(answer, check(passwords, frame));
                case "certified" -> {
                    var attempt = attempt(frame);
                    String account = frame.text(Passwords.LONGEST_NAME);
                    frame.end();
                    put(answer, passwords.certified(attempt, account));
                }
                case "token" -> {
                    Passwords.TokenReply reply = token(passwords, frame);
                    put(BearerTokensWire.put(answer, reply.fault()), reply.verdict());
                }
                case "begin" -> {
                    var attempt = attempt(frame);
                    String mechanism = frame.text(WORD * 2);
                    List<Passwords.TlsBinding> bindings = Frames.items(
                            frame,
                            MOST_BINDINGS,
                            item -> new Passwords.TlsBinding(
                                    item.text(LONGEST_TYPE), item.text(Passwords.TlsBinding.LONGEST)));
                    String message = frame.text(Passwords.LONGEST_MESSAGE);
                    frame.end();
                    put(answer, passwords.begin(attempt, new Passwords.ScramRequest(mechanism, bindings, message)));
                }
                case "finish" -> {
                    var attempt = attempt(frame);
                    String exchange = frame.text(LONGEST_EXCHANGE);
                    String message = frame.text(Passwords.LONGEST_MESSAGE);
                    frame.end();
                    put(answer, passwords.finish(attempt, exchange, message));
                }
                case "ownership" -> {
                    String account = frame.text(Passwords.LONGEST_NAME);
                    List<Address> addresses = Frames.addresses(frame, Passwords.MOST_ADDRESSES);
                    frame.end();
                    Frames.put(answer, passwords.ownership(account, addresses), (item, own) -> item.put(own.name()));
                }
                case "sending" -> {
                    String account = frame.text(Passwords.LONGEST_NAME);
                    int recipients = (int) frame.number(0, Integer.MAX_VALUE);
                    frame.end();
                    put(answer, passwords.sending(account, recipients));
                }
                default -> throw new MalformedFrameException("no question that may be asked here");
            }
        });
    }

    private static Passwords.LoginVerdict check(Passwords passwords, FrameReader frame) throws IOException {
        Passwords.LoginAttempt attempt = attempt(frame);
        String name = frame.text(Passwords.LONGEST_NAME);
        byte[] password = frame.octets(Passwords.LONGEST_PASSWORD);
        try {
            frame.end();
            return passwords.check(attempt, name, password);
        } finally {
            Arrays.fill(password, (byte) 0);
            frame.wipe();
        }
    }

    private static Passwords.TokenReply token(Passwords passwords, FrameReader frame) throws IOException {
        Passwords.LoginAttempt attempt = attempt(frame);
        String name = frame.text(Passwords.LONGEST_NAME);
        byte[] token = frame.octets(BearerTokens.LONGEST_TOKEN);
        try {
            frame.end();
            return passwords.token(attempt, name, token);
        } finally {
            Arrays.fill(token, (byte) 0);
            frame.wipe();
        }
    }

    private static Passwords.LoginAttempt attempt(FrameReader frame) throws MalformedFrameException {
        return new Passwords.LoginAttempt(
                Frames.constant(frame, Passwords.LoginService.class),
                frame.text(Passwords.LoginAttempt.LONGEST_CLIENT));
    }

    private static void put(FrameWriter answer, Passwords.ScramReply reply) {
        switch (reply) {
            case Passwords.ScramReply.ScramChallenge(var exchange, var message) ->
                answer.put("challenge").put(exchange).put(message);
            case Passwords.ScramReply.ScramProven(var message, var account, var ticket) ->
                putTicket(answer.put("proven").put(message).put(account), ticket);
            case Passwords.ScramReply.ScramDenied(var verdict, var why) -> {
                put(answer.put("denied"), verdict);
                answer.put(why.length() > LONGEST_REASON ? why.substring(0, LONGEST_REASON) : why);
            }
        }
    }

    private static void putTicket(FrameWriter answer, String ticket) {
        if (!ticket.isEmpty()) {
            answer.putTagged(TICKET, ticket);
        }
    }

    private static void put(FrameWriter answer, Passwords.SendingVerdict verdict) {
        switch (verdict) {
            case Passwords.SendingVerdict.SendingAllowed() -> answer.put("allowed");
            case Passwords.SendingVerdict.OverLimit(var limit, var left) ->
                answer.put("over").put(limit).put(millis(left));
            case Passwords.SendingVerdict.AccountStopped() -> answer.put("stopped");
        }
    }

    private static void put(FrameWriter answer, Passwords.LoginVerdict verdict) {
        switch (verdict) {
            case Passwords.LoginVerdict.LoggedIn(var account, var ticket) ->
                putTicket(answer.put("yes").put(account), ticket);
            case Passwords.LoginVerdict.WrongPassword(var pause) ->
                answer.put("no").put(millis(pause));
            case Passwords.LoginVerdict.TooManyFailures(var left) ->
                answer.put("blocked").put(millis(left));
            case Passwords.LoginVerdict.LoginUndecided(var reason) ->
                answer.put("undecided")
                        .put(reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) : reason);
        }
    }

    private static long millis(Duration duration) {
        return Math.clamp(duration.toMillis(), 0, LONGEST_PAUSE);
    }
}

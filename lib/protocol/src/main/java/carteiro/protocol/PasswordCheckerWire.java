package carteiro.protocol;

import carteiro.protocol.PasswordChecker.CheckerAnswer;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/** The checkpassword interface over a socket (docs/protocols/checkpassword.md): numbered questions. */
final class PasswordCheckerWire {
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(
            Passwords.LONGEST_NAME + Passwords.LONGEST_PASSWORD + Frames.SHORT, 16 * 1024, Duration.ofMinutes(1), 200);

    /** A program may run half a minute, and has to wait for a place before. */
    private static final Duration LIMIT = Duration.ofSeconds(80);

    private static final int WORD = 16;
    private static final int LONGEST_REASON = 2 * 1024;
    private static final long MOST_ID = (1L << 32) - 1;

    private PasswordCheckerWire() {}

    /** The side of lookup. */
    static final class PasswordCheckerClient implements PasswordChecker {
        private final RequestClient requests;

        PasswordCheckerClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public CheckerAnswer check(Passwords.LoginAttempt attempt, String name, byte[] password) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT,
                    frame -> frame.put(attempt.service().name())
                            .put(attempt.client())
                            .put(name)
                            .putSecret(password));
            CheckerAnswer read = switch (answer.text(WORD)) {
                case "yes" ->
                    new CheckerAnswer.PasswordAccepted(
                            (int) answer.number(1, MOST_ID),
                            (int) answer.number(0, MOST_ID),
                            answer.text(LONGEST_HOME));
                case "no" -> new CheckerAnswer.PasswordRefused();
                case "undecided" -> new CheckerAnswer.CheckerUndecided(answer.text(LONGEST_REASON));
                default -> throw new MalformedFrameException("checkpassword gave no answer we know");
            };
            answer.end();
            return read;
        }
    }

    /** The side of checkpassword. */
    static EndpointServer.ConnectionHandler server(PasswordChecker checker, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> put(answer, check(checker, frame)));
    }

    private static CheckerAnswer check(PasswordChecker checker, FrameReader frame) throws IOException {
        var attempt = new Passwords.LoginAttempt(
                Frames.constant(frame, Passwords.LoginService.class),
                frame.text(Passwords.LoginAttempt.LONGEST_CLIENT));
        String name = frame.text(Passwords.LONGEST_NAME);
        byte[] password = frame.octets(Passwords.LONGEST_PASSWORD);
        try {
            frame.end();
            return checker.check(attempt, name, password);
        } finally {
            Arrays.fill(password, (byte) 0);
            frame.wipe();
        }
    }

    private static void put(FrameWriter answer, CheckerAnswer said) {
        switch (said) {
            case CheckerAnswer.PasswordAccepted(var uid, var gid, var home) ->
                answer.put("yes")
                        .put(Integer.toUnsignedLong(uid))
                        .put(Integer.toUnsignedLong(gid))
                        .put(home);
            case CheckerAnswer.PasswordRefused() -> answer.put("no");
            case CheckerAnswer.CheckerUndecided(var reason) ->
                answer.put("undecided")
                        .put(reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) : reason);
        }
    }
}

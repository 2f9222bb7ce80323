package carteiro.protocol;

import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/** Bearer tokens over a socket (docs/protocols/tokens.md): numbered questions. */
final class BearerTokensWire {
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(
            BearerTokens.LONGEST_TOKEN + Frames.SHORT, 16 * 1024, Duration.ofMinutes(1), 2_000);

    /** How long an answer may take: an identity provider may have to be asked. Below lookup's time for a question. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private static final int WORD = 32;
    private static final int LONGEST_REASON = 2 * 1024;

    private BearerTokensWire() {}

    /** The side of lookup. */
    static final class BearerTokensClient implements BearerTokens {
        private final RequestClient requests;

        BearerTokensClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public TokenAnswer look(byte[] token) throws IOException {
            FrameReader answer = requests.ask(LIMIT, frame -> frame.put("token").putSecret(token));
            TokenAnswer read = switch (answer.text(WORD)) {
                case "accepted" -> new TokenAnswer.TokenAccepted(answer.text(Passwords.LONGEST_NAME));
                case "refused" -> new TokenAnswer.TokenRefused(answer.text(LONGEST_REASON), fault(answer));
                case "undecided" -> new TokenAnswer.TokenUndecided(answer.text(LONGEST_REASON));
                default -> throw new MalformedFrameException("tokens gave no answer we know");
            };
            answer.end();
            return read;
        }
    }

    /** As {@link #put(FrameWriter, TokenFault)} writes it. */
    static TokenFault fault(FrameReader answer) throws MalformedFrameException {
        return new TokenFault(
                answer.text(WORD), answer.text(BearerTokens.LONGEST_HINT), answer.text(BearerTokens.LONGEST_HINT));
    }

    static FrameWriter put(FrameWriter answer, TokenFault fault) {
        return answer.put(fault.status()).put(fault.scope()).put(fault.configuration());
    }

    /** The side of tokens. */
    static EndpointServer.ConnectionHandler server(BearerTokens tokens, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            if (!frame.text(WORD).equals("token")) {
                throw new MalformedFrameException("no question that may be asked here");
            }
            byte[] token = frame.octets(BearerTokens.LONGEST_TOKEN);
            try {
                frame.end();
                put(answer, tokens.look(token));
            } finally {
                Arrays.fill(token, (byte) 0);
                frame.wipe();
            }
        });
    }

    private static void put(FrameWriter answer, TokenAnswer said) {
        switch (said) {
            case TokenAnswer.TokenAccepted(var name) -> answer.put("accepted").put(name);
            case TokenAnswer.TokenRefused(var reason, var fault) ->
                put(answer.put("refused").put(cut(reason)), fault);
            case TokenAnswer.TokenUndecided(var reason) ->
                answer.put("undecided").put(cut(reason));
        }
    }

    private static String cut(String reason) {
        return reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) : reason;
    }
}

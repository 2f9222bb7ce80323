package carteiro.tokens;

import carteiro.log.EventLog;
import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.tokens.TokensSettings.TokenSource.AskedAt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/** The provider is asked about each token (RFC 7662). Nothing is remembered: a token that was withdrawn is good no more. */
final class Introspection implements TokenJudge {
    private static final int MOST_OCTETS = 64 * 1024;
    private static final Duration QUIET = Duration.ofMinutes(1);
    private static final byte[] HINT = "&token_type_hint=access_token".getBytes(StandardCharsets.US_ASCII);

    private final AskedAt provider;
    private final ProviderClient client;
    private final ClaimCheck claims;
    private final EventLog log;
    private final LongSupplier clock;
    private long saidAt; // guarded by this

    /** @param clock in nanoseconds, as {@link System#nanoTime} */
    Introspection(AskedAt provider, ProviderClient client, ClaimCheck claims, EventLog log, LongSupplier clock) {
        this.provider = provider;
        this.client = client;
        this.claims = claims;
        this.log = log;
        this.clock = clock;
        this.saidAt = clock.getAsLong() - QUIET.toNanos();
    }

    @Override
    public TokenAnswer judge(byte[] token) throws IOException {
        byte[] form = form(token);
        try {
            byte[] answer = client.post(provider.url(), provider.client(), form, MOST_OCTETS);
            return judge(JsonText.object(answer));
        } catch (ParseException e) {
            throw trouble("its answer is no JSON");
        } catch (IOException e) {
            throw trouble(String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(form, (byte) 0);
        }
    }

    private TokenAnswer judge(Map<String, Object> answer) throws IOException {
        if (!(answer.get("active") instanceof Boolean active)) {
            throw trouble("its answer does not say whether the token is active");
        }
        if (!active) {
            return claims.refused("the provider says that it is not active");
        }
        if (answer.get("token_type") instanceof String type && !isBearer(type)) {
            return claims.refused("it is no bearer token (token_type)");
        }
        return claims.judge(answer, ClaimCheck.ClaimOrigin.ASKED);
    }

    /** Some providers say what kind of token it is rather than how it is used. */
    private static boolean isBearer(String type) {
        String word = type.toLowerCase(Locale.ROOT);
        return word.equals("bearer") || word.equals("access_token");
    }

    /** Of what a token may have, three octets mean something in a form. */
    private static byte[] form(byte[] token) {
        var form = new ByteArrayOutputStream(3 * token.length + 64); // never grows, and so leaves nothing behind
        form.writeBytes("token=".getBytes(StandardCharsets.US_ASCII));
        for (byte octet : token) {
            switch (octet) {
                case '+' -> form.writeBytes(new byte[] {'%', '2', 'B'});
                case '/' -> form.writeBytes(new byte[] {'%', '2', 'F'});
                case '=' -> form.writeBytes(new byte[] {'%', '3', 'D'});
                default -> form.write(octet);
            }
        }
        form.writeBytes(HINT);
        return form.toByteArray();
    }

    private synchronized IOException trouble(String reason) {
        if (clock.getAsLong() - saidAt >= QUIET.toNanos()) {
            saidAt = clock.getAsLong();
            log.log(new TokensEvent.ProviderTrouble(provider.url().toString(), reason));
        }
        return new IOException("the provider cannot be asked: " + reason);
    }

    @Override
    public String status() {
        return "asked";
    }
}

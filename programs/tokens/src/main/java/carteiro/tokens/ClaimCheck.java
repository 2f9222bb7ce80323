package carteiro.tokens;

import carteiro.mail.Octets;
import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.protocol.Passwords;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a good token says: by whom, for whom, until when, for what, and who somebody is (RFC 7519 section 4.1). */
final class ClaimCheck {
    /** So far clocks may differ. */
    static final Duration SKEW = Duration.ofMinutes(1);

    /** Of what a reason quotes, in characters. */
    private static final int QUOTED = 100;

    private final TokensSettings settings;
    private final InstantSource clock;

    ClaimCheck(TokensSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /** Who tells the claims. */
    enum ClaimOrigin {
        /** The token: all of them are needed. */
        SIGNED,
        /** The provider, asked at its own address: issuer and expiry may be left out (RFC 7662 section 2.2). */
        ASKED
    }

    TokenAnswer refused(String reason) {
        return new TokenAnswer.TokenRefused(reason, settings.fault("invalid_token"));
    }

    TokenAnswer judge(Map<String, Object> claims, ClaimOrigin origin) {
        boolean asked = origin == ClaimOrigin.ASKED;
        Object issuer = claims.get("iss");
        if (!(asked && issuer == null) && !settings.issuer().equals(issuer)) {
            return refused("its issuer (iss) is not that of control/oauthissuer: " + quoted(issuer));
        }
        if (words(claims.get("aud"), "").stream()
                .noneMatch(each -> settings.audiences().contains(each))) {
            return refused("its audience (aud) is none of control/oauthaudience: " + quoted(claims.get("aud")));
        }
        if (claims.get("cnf") != null) {
            return refused("it is bound to a key of the client's (cnf), which cannot be checked here");
        }
        return ofNow(claims, asked);
    }

    private TokenAnswer ofNow(Map<String, Object> claims, boolean asked) {
        double now = clock.instant().getEpochSecond();
        Object until = claims.get("exp");
        Object from = claims.get("nbf");
        if (until == null && !asked) {
            return refused("it does not say until when it is good (exp)");
        }
        if (until != null && !(until instanceof Number end && end.doubleValue() + SKEW.toSeconds() > now)) {
            return refused("it has expired (exp)");
        }
        if (from != null && !(from instanceof Number begin && begin.doubleValue() - SKEW.toSeconds() <= now)) {
            return refused("it is not good yet (nbf); is this host's clock right?");
        }
        Set<String> scopes = new HashSet<>(words(claims.get("scope"), " "));
        scopes.addAll(words(claims.get("scp"), " "));
        if (!scopes.containsAll(settings.scopes())) {
            return new TokenAnswer.TokenRefused(
                    "it lacks a scope of control/oauthscope", settings.fault("insufficient_scope"));
        }
        return named(claims);
    }

    private TokenAnswer named(Map<String, Object> claims) {
        if (!(claims.get(settings.claim()) instanceof String name) || name.isEmpty()) {
            return refused("it has no claim " + settings.claim() + ", which control/oauthclaim names");
        }
        if (settings.claim().equals("email")
                && claims.get("email_verified") != null
                && !Boolean.TRUE.equals(claims.get("email_verified"))
                && !"true".equals(claims.get("email_verified"))) {
            return refused("its email is not verified (email_verified)");
        }
        String octets = Octets.text(name.getBytes(StandardCharsets.UTF_8));
        boolean plain = octets.chars().noneMatch(c -> c < ' ' || c == 127)
                && StandardCharsets.UTF_8.newEncoder().canEncode(name);
        return plain && octets.length() <= Passwords.LONGEST_NAME
                ? new TokenAnswer.TokenAccepted(octets)
                : refused("its claim " + settings.claim() + " is no name");
    }

    /**
     * A text or a list of texts.
     *
     * @param separator of words in one text; empty if it is one word
     */
    private static List<String> words(@org.jspecify.annotations.Nullable Object claim, String separator) {
        if (claim instanceof String text) {
            return separator.isEmpty() ? List.of(text) : Arrays.asList(text.split(separator));
        }
        return claim instanceof List<?> list
                ? list.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList()
                : List.of();
    }

    /** Of what is signed, or comes from the provider. */
    private static String quoted(@org.jspecify.annotations.Nullable Object claim) {
        String text = claim == null ? "(none)" : String.valueOf(claim);
        String octets = Octets.text(text.getBytes(StandardCharsets.UTF_8));
        return octets.length() > QUOTED ? octets.substring(0, QUOTED) + "..." : octets;
    }
}

package carteiro.tokens;

import carteiro.protocol.BearerTokens.TokenAnswer;
import java.io.IOException;
import java.text.ParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tokens that are signed (RFC 7519, in the compact form of RFC 7515), by the provider's keys. Of a header the algorithm, the key's name
 * and the type count; jku, x5u, jwk and x5c, which would bring or name keys, are not looked at.
 */
final class SignedTokens implements TokenJudge {
    /** RFC 9068 section 2.1, and what most providers write; anything else is a token for another purpose (RFC 8725 section 3.11). */
    private static final Set<String> TYPES = Set.of("", "jwt", "at+jwt", "application/at+jwt");

    private static final int LONGEST_KEY_NAME = 512;

    private final ProviderKeys keys;
    private final ClaimCheck claims;

    SignedTokens(ProviderKeys keys, ClaimCheck claims) {
        this.keys = keys;
        this.claims = claims;
    }

    @Override
    public TokenAnswer judge(byte[] token) throws IOException {
        int first = indexOfDot(token, 0);
        int second = first < 0 ? -1 : indexOfDot(token, first + 1);
        if (second < 0 || indexOfDot(token, second + 1) >= 0) {
            return claims.refused("it is no signed JWT of three parts; providers that give others are asked at"
                    + " control/oauthintrospect");
        }
        Map<String, Object> header;
        try {
            header = JsonText.object(part(token, 0, first));
        } catch (ParseException | IllegalArgumentException e) {
            return claims.refused("its header is no JSON");
        }
        String algorithm = text(header, "alg");
        String id = text(header, "kid");
        if (header.containsKey("crit")) {
            return claims.refused("its header has extensions that are critical");
        }
        if (!TYPES.contains(text(header, "typ").toLowerCase(java.util.Locale.ROOT))) {
            return claims.refused("its type (typ) is none of a token for access");
        }
        if (id.length() > LONGEST_KEY_NAME) {
            return claims.refused("its key's name (kid) has over " + LONGEST_KEY_NAME + " characters");
        }
        return judge(token, second, algorithm, id);
    }

    private TokenAnswer judge(byte[] token, int second, String algorithm, String id) throws IOException {
        if (!SignatureKey.isKnown(algorithm)) {
            return claims.refused("its algorithm (alg) is none that is accepted");
        }
        byte[] signature;
        try {
            signature = part(token, second + 1, token.length);
        } catch (IllegalArgumentException e) {
            return claims.refused("its signature is no base64url");
        }
        List<SignatureKey> candidates = keys.of(id, algorithm);
        if (candidates.isEmpty()) {
            return claims.refused("the provider has no key of that name (kid) for its algorithm");
        }
        byte[] signed = Arrays.copyOf(token, second);
        byte[] payload = new byte[0];
        try {
            if (candidates.stream().noneMatch(key -> key.hasSigned(algorithm, signed, signature))) {
                return claims.refused("its signature is wrong");
            }
            payload = part(token, indexOfDot(token, 0) + 1, second);
            return claims.judge(JsonText.object(payload), ClaimCheck.ClaimOrigin.SIGNED);
        } catch (ParseException | IllegalArgumentException e) {
            return claims.refused("it holds no JSON");
        } finally {
            Arrays.fill(signed, (byte) 0);
            Arrays.fill(signature, (byte) 0);
            Arrays.fill(payload, (byte) 0);
        }
    }

    private static String text(Map<String, Object> header, String member) {
        return header.get(member) instanceof String text ? text : "";
    }

    private static int indexOfDot(byte[] token, int from) {
        for (int i = from; i < token.length; i++) {
            if (token[i] == '.') {
                return i;
            }
        }
        return -1;
    }

    /** @throws IllegalArgumentException if it is no base64url without padding (RFC 7515 section 2) */
    private static byte[] part(byte[] token, int from, int to) {
        byte[] encoded = Arrays.copyOfRange(token, from, to);
        try {
            if (encoded.length > 0 && encoded[encoded.length - 1] == '=') {
                throw new IllegalArgumentException("padded");
            }
            return Base64.getUrlDecoder().decode(encoded);
        } finally {
            Arrays.fill(encoded, (byte) 0);
        }
    }

    @Override
    public String status() {
        return "keys=" + keys.count();
    }
}

package carteiro.tokens;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** As whom the identity provider is asked; never in a log or an exception. */
final class ClientSecret {
    private final String authorization;

    /** @param id in octets, as is the secret */
    ClientSecret(String id, String secret) {
        String both = encoded(id) + ":" + encoded(secret);
        authorization = "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.US_ASCII));
    }

    /** RFC 6749 section 2.3.1: each is encoded as in a form before it becomes a part of HTTP's Basic. */
    private static String encoded(String octets) {
        return URLEncoder.encode(octets, StandardCharsets.ISO_8859_1);
    }

    /** The value of a header Authorization, for the one place that needs it. */
    String authorization() {
        return authorization;
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}

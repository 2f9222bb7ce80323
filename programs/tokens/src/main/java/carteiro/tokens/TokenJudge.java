package carteiro.tokens;

import carteiro.protocol.BearerTokens.TokenAnswer;
import java.io.IOException;

/** One way to tell whether a token is good. */
interface TokenJudge {
    /**
     * Looks at one.
     *
     * @param token of the octets that RFC 6750 section 2.1 allows
     * @throws IOException if the identity provider cannot be asked
     */
    TokenAnswer judge(byte[] token) throws IOException;

    /** What it knows, as a part of a status. */
    String status();
}

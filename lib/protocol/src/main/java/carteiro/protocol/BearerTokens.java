package carteiro.protocol;

import java.io.IOException;

/**
 * Whose is a bearer token (RFC 6750)? For lookup; tokens answers, which alone knows the keys of the identity provider and speaks with
 * it. Any number of questions at once.
 */
public interface BearerTokens {
    /** The most octets of a token: what fits into a line of 12288 octets of base64 (RFC 4954 section 4). */
    int LONGEST_TOKEN = 9 * 1024;

    /** The most octets of a scope, or an address, that a client is told. */
    int LONGEST_HINT = 1000;

    /**
     * Who a token says that somebody is.
     *
     * @param token at most {@link #LONGEST_TOKEN} octets; whoever asks clears it afterwards
     * @throws IOException if tokens cannot be reached: then nothing is known
     */
    TokenAnswer look(byte[] token) throws IOException;

    /** Whose it is. */
    sealed interface TokenAnswer {
        /**
         * It is good.
         *
         * @param name what the claim of control/oauthclaim says, in octets of UTF-8; at most {@link Passwords#LONGEST_NAME}
         */
        record TokenAccepted(String name) implements TokenAnswer {}

        /**
         * It is not.
         *
         * @param reason for the log; says nothing of the token's octets
         * @param fault for the client
         */
        record TokenRefused(String reason, TokenFault fault) implements TokenAnswer {}

        /**
         * Cannot be told now. Never to be taken for a refusal.
         *
         * @param reason for the log
         */
        record TokenUndecided(String reason) implements TokenAnswer {}
    }

    /**
     * What a client is told of a token that is not accepted (RFC 7628 section 3.2.2).
     *
     * @param status {@code invalid_token} or {@code insufficient_scope} (RFC 6750 section 3.1)
     * @param scope what a token needs; empty if that is not known
     * @param configuration where the identity provider says what it can do; empty if that is not known
     */
    record TokenFault(String status, String scope, String configuration) {
        /** A token that is not good, or whose account may not log in. */
        public static final TokenFault INVALID = new TokenFault("invalid_token", "", "");
    }
}

/**
 * Tells whose a bearer token is (docs/programs/tokens.md), by the identity provider that the settings name.
 *
 * <pre>
 *   lookup --token--> TokenJudge --> SignedTokens --> ProviderKeys --GET--> ProviderClient --HTTPS--> identity provider
 *                         |      \-> Introspection ----POST----------------------^
 *                         +--> ClaimCheck: issuer, audience, times, scope, name
 * </pre>
 *
 * Never here: which account a name is (lookup says), a password, an address that a token names (where keys are is in the settings alone).
 */
@NullMarked
package carteiro.tokens;

import org.jspecify.annotations.NullMarked;

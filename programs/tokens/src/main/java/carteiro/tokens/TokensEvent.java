package carteiro.tokens;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What tokens logs; docs/programs/tokens.md explains each. */
sealed interface TokensEvent extends LogEvent {
    @Override
    default String program() {
        return "tokens";
    }

    /**
     * The identity provider's keys have been read.
     *
     * @param keys how many can be used
     */
    @EventName("token-keys-read")
    record TokenKeysRead(String url, long keys) implements TokensEvent {
        @Override
        public String line() {
            return "tokens: " + keys + " keys at " + LogText.sentence(url);
        }
    }

    /** The identity provider does not answer, or not with what it should. */
    @EventName("identity-provider-trouble")
    record ProviderTrouble(String url, String reason) implements TokensEvent {
        @Override
        public String line() {
            return "alert: tokens: " + LogText.sentence(url) + ": " + LogText.sentence(reason);
        }
    }
}

package carteiro.lookup;

import carteiro.password.ScramServer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/** Exchanges of SCRAM between a client's first and last message: so many, each for a minute, and each for one answer. */
final class ScramExchanges {
    /** How long a client may take for its last message. */
    static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final int MOST = 10_000;
    private static final int OCTETS_OF_ONE = 8 * 1024;
    private static final int RANDOM_OCTETS = 16;

    private final SecureRandom random;
    private final TtlCache<OpenExchange> open =
            new TtlCache<>(MOST, 2L * MOST * OCTETS_OF_ONE, _ -> OCTETS_OF_ONE, System::nanoTime);

    /**
     * One.
     *
     * @param name as whom; empty if none was understood
     * @param account whose keys it has; empty if nobody's
     * @param why nobody can log in so, for the log; empty if somebody can
     */
    record OpenExchange(ScramServer server, String name, String account, String why) {}

    ScramExchanges(SecureRandom random) {
        this.random = random;
    }

    /** @return by what name it is asked for */
    String put(OpenExchange exchange) {
        byte[] octets = new byte[RANDOM_OCTETS];
        random.nextBytes(octets);
        String token = HexFormat.of().formatHex(octets);
        open.keep(token, exchange, PATIENCE);
        return token;
    }

    /** Empty if it is over, or there was none. */
    Optional<OpenExchange> take(String token) {
        return Optional.ofNullable(open.take(token));
    }
}

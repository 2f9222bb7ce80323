package carteiro.listen;

/**
 * How many conversations a program has at once; concurrencyincoming and concurrencyperclient.
 *
 * @param connections in all, at least 1
 * @param connectionsOfOne with one client, see {@link Client#key}; at least 1
 */
public record ListenerLimits(int connections, int connectionsOfOne) {}

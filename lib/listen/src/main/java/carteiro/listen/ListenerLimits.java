package carteiro.listen;

import carteiro.control.ControlCatalog;

/**
 * How many conversations a program has at once; concurrencyincoming and concurrencyperclient.
 *
 * @param connections in all, at least 1
 * @param connectionsOfOne with one client, see {@link Client#key}; at least 1
 */
public record ListenerLimits(int connections, int connectionsOfOne) {
    /** Without a limit of its own a client has half of the connections at most: it must not keep all others out. */
    public static long standardOfOne(long connections) {
        long standard =
                Long.parseLong(ControlCatalog.file("concurrencyperclient").standard());
        return Math.min(standard, Math.ceilDiv(connections, 2));
    }
}

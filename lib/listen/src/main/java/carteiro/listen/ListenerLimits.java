package carteiro.listen;

/**
 * Whom a program talks with.
 *
 * @param connections how many conversations there may be, at least 1: concurrencyincoming
 * @param connectionsOfOne with one client, see {@link Client#key}; at least 1: concurrencyperclient
 * @param proxies who may say who the client is
 */
public record ListenerLimits(int connections, int connectionsOfOne, ProxyHosts proxies) {}

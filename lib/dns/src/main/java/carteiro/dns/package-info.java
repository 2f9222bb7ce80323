/**
 * Looks up hosts in the DNS, for whoever sends mail.
 *
 * <pre>
 *   remote --HostLookup--> DnsLookup --dnsjava, bounded cache--> control/dnsservers or the system's servers
 * </pre>
 *
 * <p>Answers are values: "there is none" is never the same as "cannot tell now". Never here: the order in which
 * exchangers are tried, what is this host itself (remote does both).
 */
@NullMarked
package carteiro.dns;

import org.jspecify.annotations.NullMarked;

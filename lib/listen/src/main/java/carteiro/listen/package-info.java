/**
 * What programs that hear strangers have in common: listeners, limits by client, TLS, time limits, and what is known of a client.
 *
 * <pre>
 *   control/NAMElisten --ListenAddress--> Listeners --accepts, has a place--> ClientService (smtpd, qmqpd)
 *                                           |                                    |  Client, TcpRules, HostNames
 *                                           +--ends what takes too long--> ClientConnection --TLS--> TlsKey
 *                                                                                |
 *                                    ClientBudget: what all may hold <-----------+--> ReceivedField, HeaderScan
 * </pre>
 *
 * Never here: a protocol, whether a message is taken, the texts of replies.
 */
@NullMarked
package carteiro.listen;

import org.jspecify.annotations.NullMarked;

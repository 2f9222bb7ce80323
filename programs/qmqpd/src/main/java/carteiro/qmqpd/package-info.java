/**
 * Receives mail by QMQP from clients that are trusted, and hands each message to queue.
 *
 * <pre>
 *   client --QMQP--> QmqpdServer --accepts--> QmqpdSession --octets--> Enqueue --> queue
 *                      |  tcp.qmqp: who may      |    ^
 *                      |                         |    +--- QmqpInput: netstrings, one in another, each within a limit
 *                      +--sweeps--> ClientConnection
 *   tcpserver --> QmailQmqpd --------------------^
 * </pre>
 *
 * Never here: whether a recipient is taken (all are: so who may connect is all that counts), what becomes of a message.
 */
@NullMarked
package carteiro.qmqpd;

import org.jspecify.annotations.NullMarked;

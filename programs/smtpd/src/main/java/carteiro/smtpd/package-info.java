/**
 * Receives mail by SMTP and hands each message to queue.
 *
 * <pre>
 *   client --SMTP--> SmtpdServer --accepts--> SmtpdSession --octets--> IncomingMessage --Enqueue--> queue
 *                      |  tcp.smtp: TcpRules     |    ^
 *                      |                         |    +--- Policy: at each Stage its PolicyChecks; Lookup --> lookup
 *                      +--sweeps--> ClientConnection  +--- SmtpCommand: one line understood
 * </pre>
 *
 * Never here: who an address is (lookup says), what becomes of a message (send decides), the format of the queue, any
 * password.
 */
@NullMarked
package carteiro.smtpd;

import org.jspecify.annotations.NullMarked;

/**
 * Delivers messages to other hosts by SMTP.
 *
 * <pre>
 *   send --Delivery--> Remote --> RemoteDelivery --asks--> NextHops --> smtproutes, DNS, own addresses
 *                                      |   ^
 *                                      |   +-- DeadHosts (who did not answer), SmtpConnectionPool (kept open)
 *                                      v
 *                Connector --greeting, EHLO, STARTTLS--> SmtpConnection
 *                                      |
 *                SmtpTransaction --MAIL, RCPT, DATA, message--> next hop        queue --Messages--> (the message)
 * </pre>
 *
 * <p>Never here: deciding when to try again or what to bounce (send does both), changing a message, writing anything to
 * disk but the list of dead hosts.
 */
@NullMarked
package carteiro.remote;

import org.jspecify.annotations.NullMarked;

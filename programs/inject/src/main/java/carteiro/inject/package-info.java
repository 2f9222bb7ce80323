/**
 * A local user's message: repairs its header, finds its recipients, hands it to queue.
 *
 * <pre>
 *   cron, mail, mutt, PHP --> Sendmail --options--> QmailInject --LocalSubmission--> queue
 *                             Datemail, Mailsubj ------^  |
 *                                       HeaderReader -----+----- RewrittenHeader (fields) --- HeaderAddressList (one field)
 *   filters, servers ------> QmailQueue --LocalSubmission--> queue
 * </pre>
 *
 * Every command here runs as the user who called it, with nothing that user lacks.
 *
 * <p>Never here: setuid, deciding whether a recipient is local (send does), reading the queue.
 */
@NullMarked
package carteiro.inject;

import org.jspecify.annotations.NullMarked;

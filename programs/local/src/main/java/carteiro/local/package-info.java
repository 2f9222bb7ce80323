/**
 * Delivers one message into one account: mailboxes, programs, forwards.
 *
 * <pre>
 *   send --delivery--> LocalDeliveries --who is it?--> lookup
 *                            |
 *                            v         as the account's user
 *                      AccountDelivery --on FileThreads--> HomeFiles (.qmail), Maildir, Mbox
 *                            |     \---in a child--------> ProgramRunner
 *                            v
 *                      ForwardSender --one message for all forwards--> queue
 * </pre>
 *
 * Never here: who owns an address (lookup knows), when to try again (send knows), a file or program touched as root.
 */
@NullMarked
package carteiro.local;

import org.jspecify.annotations.NullMarked;

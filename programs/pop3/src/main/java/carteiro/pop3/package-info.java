/**
 * Gives people their mail by POP3 (RFC 1939): qmail-popup before the password is checked, qmail-pop3d after it.
 *
 * <pre>
 *   tcpserver --> QmailPopup --USER, PASS, APOP--> Pop3Login --name, password by descriptor 3--> CHECKER
 *                     |  Pop3Input: bounded lines      |                                            | becomes the user
 *                     +--IdleLimit: silence            +--waits--> its end                          v
 *                                                                        QmailPop3d --> Pop3Session --> Pop3Mailbox: new, cur
 * </pre>
 *
 * Never here: whether a password is right (CHECKER says), a message that is changed, a link that leads out of the Maildir.
 */
@NullMarked
package carteiro.pop3;

import org.jspecify.annotations.NullMarked;

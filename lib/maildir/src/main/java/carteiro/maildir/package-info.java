/**
 * The mailbox formats: Maildir and mbox; their names, their states, the order of writes.
 *
 * <pre>
 *   Maildir   tmp/NAME written --force--> linked as new/NAME --tmp/NAME unlinked, new/ forced--> delivered
 *   Mbox      flock, fcntl --> octets appended --force--> delivered        (a failed write is truncated away)
 * </pre>
 *
 * Never here: who owns a mailbox, and as which user its files are touched. The calling thread's identity decides.
 */
@NullMarked
package carteiro.maildir;

import org.jspecify.annotations.NullMarked;

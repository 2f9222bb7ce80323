/**
 * The small commands: those for {@code .qmail} files and mailboxes, and those that look into an installation.
 *
 * <pre>
 *   .qmail lines: Forward, Condredirect, Bouncesaying, Except, Preline, Qreceipt --LocalSubmission--> queue
 *   mailboxes:    Maildirmake, Maildir2mbox
 *   the queue:    QmailQread, QmailQstat --Inspection--> queue
 *   settings:     Showctl, Check, ConfigFast --> control/, users/, alias/
 *   logs:         Tai64nlocal; Trace: LogInput --lines--> LogLine --MessageEvent--> HistoryFinder --> a MessageHistory each
 * </pre>
 *
 * Each is one class with a {@code main}; names and exit codes are qmail's.
 *
 * <p>Never here: what stays running, what needs more rights than its caller has.
 */
@NullMarked
package carteiro.tools;

import org.jspecify.annotations.NullMarked;

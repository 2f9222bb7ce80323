/**
 * send: decides where each recipient goes and when it is tried, has local and remote try, and writes bounces.
 *
 * <pre>
 *   queue --WaitingMessage--> Taking ----> Schedule <---- Clockwork (due times)
 *                                |  one lock: RunningSend |
 *   queue <--Report-- ReportSender <--+                 +--DeliveryAttempt--> a virtual thread each --> local, remote
 *   queue <--bounce-- Bounces <-------+  finished, with failures
 * </pre>
 *
 * <p>{@code Schedule} is the state: what waits, what is due, what runs. It does no I/O, reads no clock and is owned by
 * {@code RunningSend}, whose lock is never held over I/O. A waiting message is one small object without a thread.
 *
 * <p>Never here: the segments of the queue, mailboxes, the network, passwords, root.
 */
@NullMarked
package carteiro.send;

import org.jspecify.annotations.NullMarked;

/**
 * Keeps every message from the moment it was answered until it is delivered or bounced. The only writer of the segments.
 *
 * <pre>
 *   smtpd, inject, ... --Enqueue--> MessageIntake --Acceptance--> Journal (one writer) --one write, one sync--> segments/
 *                                      | over 256 KiB                |   ^                                         |
 *                                      +--> large/                   |   | reports                                 | reads
 *                                                          arrivals  v   |                                         v
 *                                         send &lt;--Waiting-- WaitingQueue -+-- Index (in memory) &lt;-- Recovery, Checkpoint
 *          local, remote &lt;--Messages-- Reading               clean &lt;--Cleaning-- Housekeeping     tools &lt;-- QueueInspection
 * </pre>
 *
 * Beside the program, and without asking it: QueueCommand --&gt; Snapshot (the index, read alone) --&gt; QueueCheck,
 * Export. Into a queue that is stopped: Import --&gt; MessageIntake, all of it or nothing by ImportLedger.
 *
 * <p>The format on disk is docs/protocols/queue.md; {@link carteiro.queue.Framing} and {@link carteiro.queue.Checkpoint}
 * alone know it. Every file operation goes through {@link carteiro.queue.Disk}.
 *
 * <p>Never here: a network socket, a decision about where a message goes, an unlink of a segment (clean does it).
 */
@NullMarked
package carteiro.queue;

import org.jspecify.annotations.NullMarked;

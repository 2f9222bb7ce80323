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
 * The octets on disk (docs/protocols/queue.md) are those of carteiro.segments: how a record is framed, read back and counted in
 * the index. Here is when each is written and synced, and what is done with one that is damaged. Every file operation goes
 * through {@link carteiro.segments.Disk}.
 *
 * <p>The commands that look into a queue (carteiro.queuetool) read its files themselves. Those that change one that is stopped
 * open it by {@link carteiro.queue.OfflineQueue}; an import is all of it or nothing by ImportLedger.
 *
 * <p>Never here: a network socket, a decision about where a message goes, an unlink of a segment (clean does it), JSON, tar.
 */
@NullMarked
package carteiro.queue;

import org.jspecify.annotations.NullMarked;

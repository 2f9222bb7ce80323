/**
 * The queue's format on disk (docs/protocols/queue.md): how records are written and read back, and what they add up to.
 *
 * <pre>
 *   segments/     Framing, Payload: a record's octets &lt;--&gt; values    SegmentScan: all records of one    EnvelopePage: some
 *                    |                                                    |                             recipients of one
 *   checkpoints/  Checkpoint ---------------------+                       |
 *                                                 v                       v
 *   Segments, LargeFiles: which are needed &lt;-- Index &lt;-- Replay &lt;-- StoredRecord       Snapshot: all of it, read alone
 * </pre>
 *
 * {@link carteiro.segments.Framing}, {@link carteiro.segments.Payload} and {@link carteiro.segments.Checkpoint} alone know
 * the octets. Whoever reads takes nothing on trust: every header, payload and body has a sum, every length and count a limit,
 * and what is damaged is a {@link carteiro.segments.DamagedRecordException}, never an answer. Every file operation goes through
 * {@link carteiro.segments.Disk}.
 *
 * <p>queue builds on it to keep messages, the commands of queuetool to look into a queue. Never here: the order in which
 * records are written and synced, what is done with damage, a decision about a message (queue does all three).
 */
@NullMarked
package carteiro.segments;

import org.jspecify.annotations.NullMarked;

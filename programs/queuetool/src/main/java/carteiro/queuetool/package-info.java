/**
 * The commands that look into a queue, and change what waits in it: {@code carteiro queue check}, {@code show}, {@code export},
 * {@code import}, {@code remove}, {@code bounce}.
 *
 * <pre>
 *                      +--&gt; QueueCheck ---------------------------------------+
 *   QueueCommand ------+--&gt; Show, Export ---&gt; SnapshotMessage ----------------+--&gt; Snapshot (carteiro.segments) --&gt; HOME/queue
 *                      |            +-------&gt; ExportedEnvelope, TarWriter
 *                      +--&gt; Import &lt;-- TarReader, ExportedEnvelope
 *                      |       +---------------------------------------------------&gt; StoppedQueue: queue's own code, by
 *                      +--&gt; Withdraw --Withdrawal--&gt; send;  when both are stopped ---^   the service loader
 * </pre>
 *
 * Looking changes nothing, asks no program, and is done while queue runs or not: it needs the format alone. What changes a
 * queue asks send, or opens the stopped queue as queue itself would. An archive that is imported is hostile: every length in
 * it has a limit, and all of it is taken, or nothing.
 *
 * <p>Never here: an octet written below HOME/queue. JSON and tar are known here alone.
 */
@NullMarked
package carteiro.queuetool;

import org.jspecify.annotations.NullMarked;

/**
 * Removes what the queue needs no more. Stopped, nothing but the use of the disk changes; started again, it catches up.
 *
 * <pre>
 *   queue &lt;--dead, removed, rewriteSparse (Cleaning)-- CleanProgram --unlink--> FileRemover: queue/segments/, queue/large/
 * </pre>
 *
 * Queue decides what is dead. Never here: looking into a segment, a name queue did not give, a folder but those two.
 */
@NullMarked
package carteiro.clean;

import org.jspecify.annotations.NullMarked;

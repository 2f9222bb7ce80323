/**
 * Starts, watches, restarts and stops the programs.
 *
 * <pre>
 *   carteiro run ----------> Supervisor --one--> Monitor --> ProgramInstance: InProcessInstance (a call in this process)
 *   carteiro status, stop .. --Control--^                                     ChildProcessInstance (a process: carteiro PROGRAM)
 *   carteiro PROGRAM ------> Single ------------> Program           ^--Control-- Supervisor
 *   carteiro init ---------> Init, ProgramAccounts
 * </pre>
 *
 * start knows the programs by what {@link java.util.ServiceLoader} finds and by their place in the order of stopping
 * ({@link carteiro.protocol.StopStage}); none of their classes.
 *
 * <p>Never here: a message, an address, a decision about mail.
 */
@NullMarked
package carteiro.start;

import org.jspecify.annotations.NullMarked;

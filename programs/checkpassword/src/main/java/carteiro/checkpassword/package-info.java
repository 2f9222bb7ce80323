/**
 * Has passwords looked at by a program of the checkpassword interface. It alone has the power that such a program needs; lookup, which
 * asks, has none. Stopped, those who log in so are told to try again.
 *
 * <pre>
 *   lookup --check (PasswordChecker)--> CheckpasswordProgram --> CheckerRun: setsid, unshare, sh, the program, sh: ids
 * </pre>
 *
 * Never here: the network, a user's files, a decision about who may log in beside the program's.
 */
@NullMarked
package carteiro.checkpassword;

import org.jspecify.annotations.NullMarked;

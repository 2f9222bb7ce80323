/**
 * Passwords as a directory or users/passwd keeps them, and SCRAM, in which a password does not travel.
 * <pre>
 *   users/passwd --PasswordFile--+
 *                                +--> StoredPassword --check--> PasswordCheck
 *   userPassword ----------------+          |
 *                                           +--ScramKeys--> ScramServer &lt;--messages--> a client
 *
 *   ScramClient &lt;--messages--> another host's server
 * </pre>
 * Never here: who may log in, sockets, log lines. A password is in arrays, which whoever made them clears; no text made here holds one
 * or what is stored of it.
 */
@NullMarked
package carteiro.password;

import org.jspecify.annotations.NullMarked;

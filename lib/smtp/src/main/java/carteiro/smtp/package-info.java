/**
 * The grammar of SMTP that server and client share: paths, parameters, replies. Octets to values and back.
 *
 * <p>Never here: what a command does, who may send what, connections.
 */
@NullMarked
package carteiro.smtp;

import org.jspecify.annotations.NullMarked;

/**
 * The values of mail: addresses, envelopes, statuses and outcomes. No I/O, no settings.
 *
 * <p>An octet string from the wire is kept as a {@link String} whose characters are all below 256, one character an
 * octet (ISO-8859-1). No character set is assumed, and octets 128 to 255 pass everywhere.
 */
@NullMarked
package carteiro.mail;

import org.jspecify.annotations.NullMarked;

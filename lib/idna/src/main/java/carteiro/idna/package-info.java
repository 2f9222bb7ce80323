/**
 * Domain names beyond ASCII (IDNA2008, RFC 5890 to 5894), by UTS 46 without its transitional mapping.
 * <pre>
 *   octets --UTF-8--> Uts46: mapped, composed, checked label by label --Punycode--> the ASCII form
 * </pre>
 * The table is made from Unicode's data files and is read only once a name beyond ASCII is seen.
 *
 * <p>Never here: asking the DNS; {@code java.net.IDN}, which is IDNA2003 and leads to other people's hosts.
 */
@NullMarked
package carteiro.idna;

import org.jspecify.annotations.NullMarked;

/** What Java lacks of POSIX, through the foreign function interface: accounts of the system and process identities. */
@NullMarked
package carteiro.posix;

import org.jspecify.annotations.NullMarked;

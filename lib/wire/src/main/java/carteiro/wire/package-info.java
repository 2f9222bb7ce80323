/** Octets on a wire: netstrings, bounded fields, time limits. No policy, no meaning. */
@NullMarked
package carteiro.wire;

import org.jspecify.annotations.NullMarked;

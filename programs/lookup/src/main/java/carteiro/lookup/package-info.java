@NullMarked
package carteiro.lookup;

import org.jspecify.annotations.NullMarked;

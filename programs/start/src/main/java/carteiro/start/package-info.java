@NullMarked
package carteiro.start;

import org.jspecify.annotations.NullMarked;

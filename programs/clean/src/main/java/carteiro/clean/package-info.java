@NullMarked
package carteiro.clean;

import org.jspecify.annotations.NullMarked;

@NullMarked
package carteiro.local;

import org.jspecify.annotations.NullMarked;

@NullMarked
package carteiro.dns;

import org.jspecify.annotations.NullMarked;

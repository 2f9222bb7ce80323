@NullMarked
package carteiro.send;

import org.jspecify.annotations.NullMarked;

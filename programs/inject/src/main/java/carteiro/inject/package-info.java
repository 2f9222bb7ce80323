@NullMarked
package carteiro.inject;

import org.jspecify.annotations.NullMarked;

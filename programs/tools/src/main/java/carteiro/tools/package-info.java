@NullMarked
package carteiro.tools;

import org.jspecify.annotations.NullMarked;

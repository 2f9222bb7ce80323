@NullMarked
package carteiro.queue;

import org.jspecify.annotations.NullMarked;

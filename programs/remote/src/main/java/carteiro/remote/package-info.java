@NullMarked
package carteiro.remote;

import org.jspecify.annotations.NullMarked;

@NullMarked
package carteiro.demo;

import org.jspecify.annotations.NullMarked;

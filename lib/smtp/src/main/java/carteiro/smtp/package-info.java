@NullMarked
package carteiro.smtp;

import org.jspecify.annotations.NullMarked;

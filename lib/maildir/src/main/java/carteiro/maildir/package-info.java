@NullMarked
package carteiro.maildir;

import org.jspecify.annotations.NullMarked;

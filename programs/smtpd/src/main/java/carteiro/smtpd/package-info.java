@NullMarked
package carteiro.smtpd;

import org.jspecify.annotations.NullMarked;

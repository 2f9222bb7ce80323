/**
 * Control files: qmail's one-setting files, read together into immutable values; the layout of an installation.
 *
 * <p>Never here: what a setting does. Each program reads the files it needs into a record of its own.
 */
@NullMarked
package carteiro.control;

import org.jspecify.annotations.NullMarked;

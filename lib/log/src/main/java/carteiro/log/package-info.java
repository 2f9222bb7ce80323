/**
 * Events as lines: qmail's own lines word for word, or the same events as JSON, with or without TAI64N stamps.
 *
 * <pre>
 *   program --LogEvent--> EventLog --bounded buffer--> one writer --lines--> standard output
 * </pre>
 *
 * A reader of the log that stops reading never stops mail: when the buffer is full, lines are dropped and counted.
 */
@NullMarked
package carteiro.log;

import org.jspecify.annotations.NullMarked;

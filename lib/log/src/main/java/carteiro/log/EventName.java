package carteiro.log;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The name of an event in the JSON form of the log: stable whatever its class is called, and of one event alone in the whole product
 * (docs/programs/events.md).
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface EventName {
    /** Words of lower case letters, joined by hyphens. */
    String value();
}

package carteiro.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the rows of the checklists that a test covers, such as {@code qmail:A05} or {@code ldap:QL-011}. The build writes
 * docs/coverage.md from the tests that ran and passed.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Covers {
    /** The rows. */
    String[] value();
}

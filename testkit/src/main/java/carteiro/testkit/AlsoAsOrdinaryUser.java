package carteiro.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/** A test that {@code .ci/run} runs twice: as root, and as an ordinary user, for whom the product behaves otherwise. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@Tag(NeedsOrdinaryUser.TAG)
public @interface AlsoAsOrdinaryUser {}

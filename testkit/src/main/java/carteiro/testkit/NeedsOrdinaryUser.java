package carteiro.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * A test that proves nothing when root runs it. Root's run skips it and says why; {@code .ci/run} runs it as an ordinary user, by its
 * tag {@value #TAG}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@Tag(NeedsOrdinaryUser.TAG)
@ExtendWith(NeedsOrdinaryUser.NotRoot.class)
public @interface NeedsOrdinaryUser {
    /** The tag of what an ordinary user runs. */
    String TAG = "ordinary-user";

    /** Why, such as "root may read everything". */
    String value();

    /** Skips the test for root. */
    final class NotRoot implements ExecutionCondition {
        /** For JUnit. */
        public NotRoot() {}

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (!System.getProperty("user.name").equals("root")) {
                return ConditionEvaluationResult.enabled("an ordinary user");
            }
            return AnnotationSupport.findAnnotation(context.getElement(), NeedsOrdinaryUser.class)
                    .map(needs -> ConditionEvaluationResult.disabled("needs an ordinary user: " + needs.value()))
                    .orElseGet(() -> ConditionEvaluationResult.enabled("asks for nobody"));
        }
    }
}

package carteiro.testkit;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes target/covers.tsv: a line for each row of a checklist and each test that names it, ran, and passed in every one
 * of its runs. A test that was skipped does not count.
 */
public final class CoversListener implements TestExecutionListener {
    private final Map<String, Boolean> passed = new ConcurrentHashMap<>();

    /** For the service loader. */
    public CoversListener() {}

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (!test.isTest()) {
            return;
        }
        test.getSource()
                .filter(MethodSource.class::isInstance)
                .map(MethodSource.class::cast)
                .ifPresent(source -> rows(source)
                        .forEach(row -> passed.merge(
                                row + "\t" + source.getClassName() + "\t" + source.getMethodName(),
                                result.getStatus() == TestExecutionResult.Status.SUCCESSFUL,
                                Boolean::logicalAnd)));
    }

    private static Stream<String> rows(MethodSource source) {
        Method method = source.getJavaMethod();
        Covers onMethod = method.getAnnotation(Covers.class);
        Covers onClass = source.getJavaClass().getAnnotation(Covers.class);
        return Stream.concat(
                onMethod == null ? Stream.of() : Stream.of(onMethod.value()),
                onClass == null ? Stream.of() : Stream.of(onClass.value()));
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        if (passed.isEmpty()) {
            return;
        }
        ResultLines.rewrite(Path.of("target", "covers.tsv"), before -> {
            var lines = new TreeSet<String>(before);
            passed.forEach((line, good) -> {
                if (good) {
                    lines.add(line);
                } else {
                    lines.remove(line);
                }
            });
            return lines;
        });
    }
}

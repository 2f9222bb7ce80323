package carteiro.testkit;

import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes target/tests.tsv: a line for each test with {@code ran} or {@code skipped} and the reason. A test of which one case was
 * skipped counts as skipped.
 */
public final class TestsListener implements TestExecutionListener {
    static final String RAN = "ran";
    private static final String SKIPPED = "skipped";

    private final ConcurrentHashMap<String, String> tests = new ConcurrentHashMap<>(); // name: status, tab, reason

    /** For the service loader. */
    public TestsListener() {}

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            skipped(test, result.getThrowable().map(Throwable::getMessage).orElse("no reason was given"));
        } else if (test.isTest()) {
            tests.putIfAbsent(name(test), RAN + "\t");
        }
    }

    private void skipped(TestIdentifier test, String reason) {
        tests.put(name(test), SKIPPED + "\t" + String.valueOf(reason).strip().replaceAll("\\s+", " "));
    }

    private static String name(TestIdentifier test) {
        return test.getSource()
                .map(source -> switch (source) {
                    case MethodSource method -> method.getClassName() + "." + method.getMethodName();
                    case ClassSource type -> type.getClassName();
                    default -> test.getDisplayName();
                })
                .orElse(test.getDisplayName());
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        if (tests.isEmpty()) {
            return;
        }
        ResultLines.rewrite(Path.of("target", "tests.tsv"), before -> {
            var lines = new TreeMap<String, String>();
            for (String line : before) {
                String[] fields = line.split("\t", 2);
                lines.put(fields[0], fields[1]);
            }
            lines.putAll(tests);
            return lines.entrySet().stream()
                    .map(entry -> entry.getKey() + "\t" + entry.getValue())
                    .toList();
        });
    }
}

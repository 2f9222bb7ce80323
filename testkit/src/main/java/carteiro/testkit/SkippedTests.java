package carteiro.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Names the tests that were skipped in a run, with the reason of each, from every module's target/tests.tsv (written by {@link
 * TestsListener}). Given the checkouts of several runs, of root and of an ordinary user say, it names those that ran in none of them.
 */
public final class SkippedTests {
    private SkippedTests() {}

    /**
     * Prints a line for each such test.
     *
     * @param args {@code --none} if there may be none: then the exit code is 1 if there is one; {@code --but TEST} for one that may be
     *     skipped all the same; then the root of each checkout
     */
    public static void main(String[] args) throws IOException {
        boolean none = false;
        var allowed = new TreeSet<String>();
        var roots = new ArrayList<Path>();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--none" -> none = true;
                case "--but" -> allowed.add(args[++i]);
                default -> roots.add(Path.of(args[i]));
            }
        }
        var skipped = new TreeMap<String, String>();
        var ran = new TreeSet<String>();
        for (Path root : roots) {
            for (Path file : files(root)) {
                for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                    String[] fields = line.split("\t", 3);
                    if (fields[1].equals(TestsListener.RAN)) {
                        ran.add(fields[0]);
                    } else {
                        skipped.put(fields[0], fields[2]);
                    }
                }
            }
        }
        skipped.keySet().removeAll(ran);
        for (Map.Entry<String, String> test : skipped.entrySet()) {
            System.out.println("SKIPPED: " + test.getKey() + ": " + test.getValue());
        }
        System.out.println("tests: " + ran.size() + " ran, " + skipped.size() + " were skipped");
        skipped.keySet().removeAll(allowed);
        if (none && (!skipped.isEmpty() || ran.isEmpty())) {
            System.exit(1);
        }
    }

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root, 4)) {
            return new ArrayList<>(
                    walk.filter(path -> path.endsWith("target/tests.tsv")).toList());
        }
    }
}

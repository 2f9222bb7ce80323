package carteiro.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes docs/coverage.md from every module's target/covers.tsv: for each row of both checklists the tests that ran and
 * passed, or nothing. A row that docs/standards.md lists in a table ({@code | qmail:A06 | ... | because |}) is different on
 * purpose; its last cell is the reason. Prints the totals. Errors are a row that no checklist has, more than
 * {@value #MOST_DIFFERENT} that differ, one of these that is not written so, and one that no test's {@link Covers} names.
 */
public final class CoverageTable {
    private CoverageTable() {}

    /** Who drops in expects qmail: beyond so many differences it would be something else. */
    static final int MOST_DIFFERENT = 12;

    private static final Pattern DIFFERENT = Pattern.compile("\\| ((?:qmail|ldap):[\\w-]+) \\|.*\\| ([^|]+) \\|");

    private static final Pattern MEANT_SO = Pattern.compile("\\|\\s*(?:qmail|ldap):.*");
    private static final Pattern COVERS = Pattern.compile("@Covers\\(([^)]*)\\)");

    private record ChecklistRow(String id, String feature) {}

    /** @param args the root of the checkout */
    public static void main(String[] args) throws IOException {
        List<String> errors = write(Path.of(args[0]));
        errors.forEach(error -> System.err.println("coverage: " + error));
        if (!errors.isEmpty()) {
            System.exit(1);
        }
    }

    /** Writes the page of that checkout and answers what is wrong. */
    static List<String> write(Path root) throws IOException {
        var errors = new ArrayList<String>();
        Map<String, String> different = different(root, errors);
        Map<String, Set<String>> tests = testsByRow(root);
        var page = new StringBuilder("""
                # Coverage of the checklists

                Written by `./carteiro test`: for each row of the checklists of qmail and qmail-LDAP the tests that name it, ran
                and passed. A row without a test is not proven, whatever the product does. What is different on purpose says why, and stands
                in [standards](standards.md); its tests prove the difference.

                """);
        var body = new StringBuilder();
        var unknown = new TreeSet<>(tests.keySet());
        var unknownDifferent = new TreeSet<>(different.keySet());
        for (String list : List.of("qmail", "ldap")) {
            List<ChecklistRow> rows = rows(list);
            int covered = 0;
            int differ = 0;
            body.append("\n## ").append(list).append("\n\n| row | feature | tests |\n|---|---|---|\n");
            for (ChecklistRow row : rows) {
                String id = list + ":" + row.id();
                unknown.remove(id);
                unknownDifferent.remove(id);
                Set<String> proofs = tests.getOrDefault(id, Set.of());
                String reason = different.get(id);
                if (reason != null) {
                    differ++;
                } else if (!proofs.isEmpty()) {
                    covered++;
                }
                body.append("| ")
                        .append(row.id())
                        .append(" | ")
                        .append(row.feature().replace("|", "\\|"));
                body.append(" | ");
                if (reason != null) {
                    body.append("different on purpose: ").append(reason).append(proofs.isEmpty() ? "" : "<br>");
                }
                body.append(String.join("<br>", new TreeSet<>(proofs))).append(" |\n");
            }
            String total = list + ": " + covered + " of " + rows.size() + " rows have a test that ran and passed"
                    + (differ == 0 ? "" : ", " + differ + " are different on purpose");
            page.append("- ").append(total).append('\n');
            System.out.println("coverage: " + total);
        }
        Files.writeString(root.resolve("docs/coverage.md"), page.append(body), StandardCharsets.UTF_8);
        if (!unknown.isEmpty()) {
            errors.add("tests name rows that no checklist has: " + unknown);
        }
        if (!unknownDifferent.isEmpty()) {
            errors.add("docs/standards.md names rows that no checklist has: " + unknownDifferent);
        }
        if (different.size() > MOST_DIFFERENT) {
            errors.add("docs/standards.md lists " + different.size() + " rows as different on purpose; there may be "
                    + MOST_DIFFERENT);
        }
        var untested = new TreeSet<>(different.keySet());
        untested.removeAll(unknownDifferent);
        untested.removeAll(namedByTests(root));
        if (!untested.isEmpty()) {
            errors.add("no test proves how these rows differ: " + untested);
        }
        return errors;
    }

    /** The rows that docs/standards.md lists, with the reason. */
    private static Map<String, String> different(Path root, List<String> errors) throws IOException {
        var different = new TreeMap<String, String>();
        for (String line : Files.readAllLines(root.resolve("docs/standards.md"), StandardCharsets.UTF_8)) {
            Matcher row = DIFFERENT.matcher(line);
            if (row.matches()) {
                different.put(row.group(1), row.group(2));
            } else if (MEANT_SO.matcher(line).matches()) {
                errors.add("docs/standards.md: this row is not written as | qmail:A06 | ... | because |: " + line);
            }
        }
        return different;
    }

    /** The rows that tests name, whether they ran or not: some runs are of a part of the tests. */
    private static Set<String> namedByTests(Path root) throws IOException {
        List<Path> sources;
        try (Stream<Path> walk = Files.walk(root)) {
            sources = walk.filter(path -> path.toString().contains("/src/test/java/")
                            && path.toString().endsWith(".java"))
                    .toList();
        }
        var named = new TreeSet<String>();
        for (Path source : sources) {
            Matcher covers = COVERS.matcher(Files.readString(source, StandardCharsets.UTF_8));
            while (covers.find()) {
                for (String row : covers.group(1).split("\"")) {
                    named.add(row);
                }
            }
        }
        return named;
    }

    private static Map<String, Set<String>> testsByRow(Path root) throws IOException {
        var tests = new TreeMap<String, Set<String>>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root, 4)) {
            files = walk.filter(path -> path.endsWith("target/covers.tsv")).toList();
        }
        for (Path file : files) {
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                String[] fields = line.split("\t");
                String name = fields[1].substring(fields[1].lastIndexOf('.') + 1) + "." + fields[2];
                tests.computeIfAbsent(fields[0], id -> new TreeSet<>()).add(name);
            }
        }
        return tests;
    }

    private static List<ChecklistRow> rows(String list) throws IOException {
        var rows = new ArrayList<ChecklistRow>();
        try (InputStream in = CoverageTable.class.getResourceAsStream(list + ".tsv")) {
            if (in == null) {
                throw new IOException("the checklist " + list + ".tsv is missing from the build");
            }
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                String[] fields = line.split("\t");
                rows.add(new ChecklistRow(fields[0], fields[1]));
            }
        }
        return rows;
    }
}

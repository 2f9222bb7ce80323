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
import java.util.stream.Stream;

/**
 * Writes docs/coverage.md from every module's target/covers.tsv: for each row of both checklists the tests that ran and
 * passed, or nothing. Prints the totals. A row that a test names but no checklist has is an error.
 */
public final class CoverageTable {
    private CoverageTable() {}

    private record Row(String id, String feature) {}

    /** @param args the root of the checkout */
    public static void main(String[] args) throws IOException {
        Path root = Path.of(args[0]);
        Map<String, Set<String>> tests = testsByRow(root);
        var page = new StringBuilder("""
                # Coverage of the checklists

                Written by `./carteiro test`: for each row of the checklists of qmail and qmail-LDAP the tests that name it, ran
                and passed. A row without a test is not proven, whatever the product does.

                """);
        var body = new StringBuilder();
        var unknown = new TreeSet<>(tests.keySet());
        for (String list : List.of("qmail", "ldap")) {
            List<Row> rows = rows(list);
            int covered = 0;
            body.append("\n## ").append(list).append("\n\n| row | feature | tests |\n|---|---|---|\n");
            for (Row row : rows) {
                String id = list + ":" + row.id();
                unknown.remove(id);
                Set<String> proofs = tests.getOrDefault(id, Set.of());
                covered += proofs.isEmpty() ? 0 : 1;
                body.append("| ")
                        .append(row.id())
                        .append(" | ")
                        .append(row.feature().replace("|", "\\|"));
                body.append(" | ")
                        .append(String.join("<br>", new TreeSet<>(proofs)))
                        .append(" |\n");
            }
            String total = list + ": " + covered + " of " + rows.size() + " rows have a test that ran and passed";
            page.append("- ").append(total).append('\n');
            System.out.println("coverage: " + total);
        }
        Files.writeString(root.resolve("docs/coverage.md"), page.append(body), StandardCharsets.UTF_8);
        if (!unknown.isEmpty()) {
            System.err.println("coverage: tests name rows that no checklist has: " + unknown);
            System.exit(1);
        }
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

    private static List<Row> rows(String list) throws IOException {
        var rows = new ArrayList<Row>();
        try (InputStream in = CoverageTable.class.getResourceAsStream(list + ".tsv")) {
            if (in == null) {
                throw new IOException("the checklist " + list + ".tsv is missing from the build");
            }
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                String[] fields = line.split("\t");
                rows.add(new Row(fields[0], fields[1]));
            }
        }
        return rows;
    }
}

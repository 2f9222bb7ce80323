package carteiro.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoverageTableTest {
    private static final String TABLE =
            "# Standards\n\n| row | qmail | Carteiro | because |\n| --- | --- | --- | --- |\n";

    @TempDir
    Path root;

    @BeforeEach
    void folders() throws Exception {
        Files.createDirectories(root.resolve("docs"));
        Files.createDirectories(root.resolve("lib/x/target"));
    }

    private void standards(String text) throws Exception {
        Files.writeString(root.resolve("docs/standards.md"), text);
    }

    private void covers(String text) throws Exception {
        Files.writeString(root.resolve("lib/x/target/covers.tsv"), text);
    }

    /** A test that names these rows, whether it ran or not. */
    private void source(String rows) throws Exception {
        Path folder = Files.createDirectories(root.resolve("lib/x/src/test/java/carteiro/x"));
        Files.writeString(
                folder.resolve("NumberTest.java"), "    @Test\n    @Covers(" + rows + ")\n    void numbers()");
    }

    private String page() throws Exception {
        return Files.readString(root.resolve("docs/coverage.md"));
    }

    @Test
    void aRowIsProvenOrDifferentOnPurposeOrNeither() throws Exception {
        standards(TABLE + "| qmail:C05 | 30abc is 30 | a mistake | who writes 10M means 10M |\n"
                + "| qmail:A06 | send ends | send goes on | mail goes on |\n| we | qmail:S08 | no row |\n");
        source("{\"qmail:A06\", \"qmail:C05\"}");
        covers("qmail:C05\tcarteiro.x.NumberTest\tnumbers\nqmail:M14\tcarteiro.x.SizeTest\texact\n");
        assertThat(CoverageTable.write(root)).isEmpty();
        assertThat(page())
                .containsPattern(
                        "- qmail: 1 of \\d+ rows have a test that ran and passed, 2 are different on purpose\n")
                .contains(
                        "| C05 | integer parsing | different on purpose: who writes 10M means 10M<br>NumberTest.numbers |\n",
                        "| A06 | helper death ends send | different on purpose: mail goes on |\n",
                        "| M14 | databytes exact | SizeTest.exact |\n",
                        "| S08 | crash retries at once |  |\n");
    }

    @Test
    void aRowThatNoChecklistHasIsAnError() throws Exception {
        standards(TABLE + "| qmail:Z99 | a | b | c |\n");
        covers("ldap:QL-999\tcarteiro.x.NumberTest\tnumbers\n");
        assertThat(CoverageTable.write(root))
                .containsExactly(
                        "tests name rows that no checklist has: [ldap:QL-999]",
                        "docs/standards.md names rows that no checklist has: [qmail:Z99]");
    }

    @Test
    void twelveMayDifferAndNoMore() throws Exception {
        var rows = new StringBuilder(TABLE);
        var named = new StringBuilder("{\"qmail:A06\"");
        for (int i = 1; i <= CoverageTable.MOST_DIFFERENT; i++) {
            String row = "qmail:C" + (i < 10 ? "0" : "") + i;
            rows.append("| ").append(row).append(" | a | b | c |\n");
            named.append(", \"").append(row).append('"');
        }
        source(named + "}");
        standards(rows.toString());
        assertThat(CoverageTable.write(root)).isEmpty();
        standards(rows.append("| qmail:A06 | a | b | c |\n").toString());
        assertThat(CoverageTable.write(root))
                .containsExactly("docs/standards.md lists 13 rows as different on purpose; there may be 12");
    }

    @Test
    void aRowThatDiffersNeedsATestThatNamesIt() throws Exception {
        standards(TABLE + "| qmail:A06 | a | b | c |\n| qmail:C05 | a | b | c |\n");
        source("\"qmail:C05\"");
        assertThat(CoverageTable.write(root)).containsExactly("no test proves how these rows differ: [qmail:A06]");
        source("{\n            \"qmail:C05\",\n            \"qmail:A06\"\n    }");
        assertThat(CoverageTable.write(root)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "| qmail:A06 and A07 | a | b | c |",
                "| qmail:A06 |",
                "|qmail:A06 | a | b | c |",
                "| ldap:QL-01, | a | b | c |",
                "| qmail:A06 | a | b | c"
            })
    void aRowThatIsWrittenOtherwiseIsAnError(String row) throws Exception {
        standards(TABLE + row + "\n");
        assertThat(CoverageTable.write(root))
                .containsExactly("docs/standards.md: this row is not written as | qmail:A06 | ... | because |: " + row);
    }
}

package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every control file has a page, every page a control file, and what both say is the same. */
class ControlCatalogTest {
    private static Path pages() {
        return Path.of(System.getProperty("carteiro.root"), "docs", "control");
    }

    @Test
    void eachFileHasAPageAndEachPageAFile() throws Exception {
        Set<String> described;
        try (var files = Files.list(pages())) {
            described = files.map(page -> page.getFileName().toString())
                    .filter(name -> name.endsWith(".md") && !name.equals("README.md"))
                    .map(name -> name.substring(0, name.length() - 3))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        Set<String> known = ControlCatalog.files().keySet().stream()
                .filter(name -> !name.endsWith(".cdb")) // its source's page
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(described).isEqualTo(known);
    }

    @Test
    void eachPageNamesItsFileAndTheStandardOfANumber() throws Exception {
        for (ControlFile file : ControlCatalog.files().values()) {
            if (!file.name().endsWith(".cdb")) {
                String page = Files.readString(pages().resolve(file.name() + ".md"));
                assertThat(page).startsWith("# " + file.name() + "\n").hasSizeGreaterThan(80);
                if (file.absence() == ControlFile.Absence.STANDARD
                        && file.kind().isNumber()) {
                    assertThat(page).containsPattern("(?i)default[^\n]*\\b" + file.standard() + "\\b");
                }
            }
        }
    }

    @Test
    void meaningsAndRangesMakeSense() {
        for (ControlFile file : ControlCatalog.files().values()) {
            assertThat(file.meaning()).as(file.name()).isNotBlank().doesNotEndWith(".");
            assertThat(file.readers()).as(file.name()).isNotBlank();
            assertThat(file.least()).as(file.name()).isLessThanOrEqualTo(file.most());
        }
    }
}

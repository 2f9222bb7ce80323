package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every setting has a page, every page a setting, and the table on the page is the declaration. */
class SettingsTest {
    /** Set to 1, the tables are written instead of compared. */
    private static final String WRITE = "CARTEIRO_WRITE_DOCS";

    private static Path docs() {
        return Path.of(System.getProperty("carteiro.root"), "docs");
    }

    private static Path page(Setting<?> setting) {
        return docs().resolve("control").resolve(setting.name() + ".md");
    }

    private static Set<Setting<?>> described() {
        return Settings.all().values().stream()
                .filter(setting -> setting.format() != SettingFormat.CDB) // its source's page
                .collect(Collectors.toSet());
    }

    @Test
    void eachSettingHasAPageAndEachPageASetting() throws Exception {
        Set<String> pages;
        try (var files = Files.list(docs().resolve("control"))) {
            pages = files.map(page -> page.getFileName().toString())
                    .filter(name -> name.endsWith(".md") && !name.equals("README.md"))
                    .map(name -> name.substring(0, name.length() - 3))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        assertThat(pages)
                .containsExactlyInAnyOrderElementsOf(
                        described().stream().map(Setting::name).toList());
    }

    @Test
    void theTableOnEachPageIsTheDeclaration() throws Exception {
        for (Setting<?> setting : described()) {
            String page = Files.readString(page(setting));
            String wanted = SettingPage.withTable(page, setting, docs());
            if ("1".equals(System.getenv(WRITE))) {
                Files.writeString(page(setting), wanted);
            } else {
                assertThat(page)
                        .as(page(setting) + ": write the tables by " + WRITE + "=1")
                        .isEqualTo(wanted);
            }
            assertThat(page).startsWith("# " + setting.name() + "\n").hasSizeGreaterThan(80);
        }
    }

    @Test
    void meaningsAndRangesMakeSense() {
        for (Setting<?> setting : Settings.all().values()) {
            assertThat(setting.meaning()).as(setting.name()).isNotBlank().doesNotEndWith(".");
            assertThat(setting.readers()).as(setting.name()).isNotBlank();
            assertThat(setting.range().least())
                    .as(setting.name())
                    .isLessThanOrEqualTo(setting.range().most());
            if (setting.absence() == Absence.STANDARD && setting.format() == SettingFormat.NUMBER) {
                assertThat(Long.parseLong(setting.standard()))
                        .as(setting.name())
                        .isBetween(setting.range().least(), setting.range().most());
            }
            if (!setting.words().isEmpty()) {
                assertThat(setting.words()).as(setting.name()).contains(setting.standard());
            }
        }
    }
}

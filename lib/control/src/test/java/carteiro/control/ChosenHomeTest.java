package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChosenHomeTest {
    private static ChosenHome of(String... words) {
        return ChosenHome.of(Arrays.asList(words), Map.of("CARTEIRO_HOME", "/e"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            joe@example.org --home /h      | /h | joe@example.org
            --home /h joe@example.org      | /h | joe@example.org
            --home=/h joe@example.org      | /h | joe@example.org
            a --home=/h b                  | /h | a b
            --home /g a --home /h          | /h | a
            a b                            | /e | a b
            a -- --home /h                 | /e | a -- --home /h
            a --homes /h                   | /e | a --homes /h
            """)
    void theHomeStandsAnywhere(String words, String home, String rest) {
        ChosenHome chosen = of(words.split(" "));
        assertThat(chosen.problem()).isEmpty();
        assertThat(chosen.installation().home()).hasToString(home);
        assertThat(String.join(" ", chosen.rest())).isEqualTo(rest);
    }

    @Test
    void aHomeWithoutAFolderIsAMistake() {
        for (String[] words :
                List.of(new String[] {"a", "--home"}, new String[] {"--home="}, new String[] {"--home", ""})) {
            assertThat(of(words).problem()).as(String.join(" ", words)).startsWith("--home ");
        }
    }
}

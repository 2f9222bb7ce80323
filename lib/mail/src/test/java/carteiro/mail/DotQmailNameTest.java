package carteiro.mail;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DotQmailNameTest {
    @ParameterizedTest(name = "dash {0} extension {1}")
    @CsvSource(delimiter = '|', textBlock = """
            '' | ''     | .qmail .qmaildefault
            '' | -a-b   | .qmail-a-b .qmail-a-default .qmail-default .qmaildefault
            -/ | a-b    | .qmail-/a-b .qmail-/a-default .qmail-/default
            -  | a      | .qmail-a .qmail-default
            -  | a-b    | .qmail-a-b .qmail-a-default .qmail-default
            -  | a-b-   | .qmail-a-b- .qmail-a-b-default .qmail-a-default .qmail-default
            -  | A.B-c  | .qmail-a:b-c .qmail-a:b-default .qmail-default
            -  | ''     | .qmail- .qmail-default
            """)
    void namesAreTriedInOrder(String dash, String extension, String names) {
        assertThat(DotQmailName.candidates(dash, extension))
                .extracting(DotQmailName::file)
                .containsExactly(names.split(" "));
    }

    @Test
    void defaultStandsForTheTailWithItsCase() {
        assertThat(DotQmailName.candidates("-", "List-Sub.X"))
                .extracting(DotQmailName::defaultPart)
                .containsExactly("", "Sub.X", "List-Sub.X");
    }

    @Test
    void aNameThatItselfEndsInDefaultSetsTheTailToo() {
        assertThat(DotQmailName.candidates("-", "a-DEFAULT").getFirst())
                .isEqualTo(new DotQmailName(".qmail-a-default", "DEFAULT", DotQmailName.DotQmailMatch.DEFAULT));
    }

    @Test
    void dotsBecomeColonsSoThatNoNameClimbs() {
        assertThat(DotQmailName.candidates("-", "../x").getFirst().file()).isEqualTo(".qmail-::/x");
    }

    @Test
    void aLongExtensionHasOneNameADashAndNoMore() {
        List<DotQmailName> names = DotQmailName.candidates("-", "-".repeat(900));
        assertThat(names).hasSize(902);
    }
}

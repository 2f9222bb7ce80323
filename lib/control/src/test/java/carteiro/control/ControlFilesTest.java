package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.Covers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlFilesTest {
    @TempDir
    Path home;

    private ControlFiles files;

    @BeforeEach
    void controlFolder() throws IOException {
        Files.createDirectories(home.resolve("control"));
        files = new ControlFiles(new Installation(home));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(name), text);
    }

    @Test
    void aLineIsTheFirstWithoutTrailingBlanks() throws Exception {
        write("smtpgreeting", "  mail.example.org #x \t\nsecond\n");
        assertThat(files.line("smtpgreeting")).contains("  mail.example.org #x");
        assertThat(files.line("absent")).isEmpty();
        write("empty", "");
        assertThat(files.line("empty")).contains("");
    }

    @Test
    void withoutTheFileMeSpeaksAndWithoutMeTheName() throws Exception {
        assertThat(files.lineOrMe("bouncehost")).isEqualTo("bouncehost");
        write("me", "mail.example.org\n");
        assertThat(files.lineOrMe("bouncehost")).isEqualTo("mail.example.org");
    }

    @Test
    @Covers("qmail:C05")
    void numbersAreTheLeadingDigits() throws Exception {
        write("a", "30abc\n");
        write("b", "abc\n");
        assertThat(files.number("a", 0, 100, 7)).isEqualTo(30);
        assertThat(files.number("b", 0, 100, 7)).isEqualTo(7);
        assertThat(files.number("absent", 0, 100, 7)).isEqualTo(7);
    }

    @Test
    @Covers("qmail:C04")
    void listsLeaveOutCommentsAndEmptyLines() throws Exception {
        write("locals", "#x\n\n  \nexample.org  \t\n .b\nlast");
        assertThat(files.list("locals").orElseThrow()).containsExactly("example.org", " .b", "last");
    }

    @Test
    void mapsSplitAtTheFirstColonAndTheLastOfAKeyWins() throws Exception {
        write("virtualdomains", "a:b:c\nnocolon\na:d\n:e\n");
        assertThat(files.map("virtualdomains").orElseThrow())
                .containsEntry("a", "d")
                .containsEntry("", "e")
                .hasSize(2);
    }

    @Test
    void everyProblemIsReportedAtOnceWithItsFile() throws Exception {
        write("databytes", "5\n");
        files.number("databytes", 10, 20, 10);
        Files.createDirectories(home.resolve("control/locals"));
        files.list("locals");
        assertThatThrownBy(files::check)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/databytes:1: \"5\" is not a number from 10 to 20")
                .hasMessageContaining("control/locals: cannot be read");
    }

    @Test
    void aFileThatCannotBeReadIsToldOnceAndNotSaidToBeMissing() throws Exception {
        Files.createDirectories(home.resolve("control/me"));
        Files.createDirectories(home.resolve("control/locals"));
        files.lineOrMe("bouncehost");
        var _ = Routing.read(files);
        assertThatThrownBy(files::check)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .satisfiesExactly(
                                        problem -> assertThat(problem).startsWith("control/me: cannot be read"),
                                        problem -> assertThat(problem).startsWith("control/locals: cannot be read")));
    }
}

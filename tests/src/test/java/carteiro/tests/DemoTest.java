package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a visitor sees first. */
class DemoTest {
    @Test
    void everythingArrivesTheTableSaysWhereAndNothingIsLeft() throws Exception {
        List<String> command = new ArrayList<>(CarteiroProcess.java("-XX:+UseSerialGC", "-Xmx512m"));
        command.addAll(List.of("carteiro.demo.Demo", "--once"));
        CarteiroProcess.Result demo = CarteiroProcess.run(command, Map.of(), "");
        assertThat(demo.exit()).as(demo.output()).isZero();
        assertThat(demo.output())
                .contains(
                        "a mailbox: ann@example.org\n    is in ",
                        "refused in the dialogue: 550 5.1.1 ",
                        "gone there: gone@partner.example\n    came back: ",
                        "to local ann@example.org: success: did_1+0+0/",
                        "Everything arrived.")
                .doesNotContain("IS NOT");
        Matcher folder = Pattern.compile("comes up in (\\S+)\\.\\n").matcher(demo.output());
        assertThat(folder.find()).isTrue();
        assertThat(Files.exists(Path.of(folder.group(1)))).isFalse();
    }
}

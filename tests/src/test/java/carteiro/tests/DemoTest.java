package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

    @Test
    void itStaysForTheVisitorsOwnTriesAndTheEndRemovesItsFolder() throws Exception {
        boolean swaks = Files.isExecutable(Path.of("/usr/bin/swaks"));
        assumeTrue(swaks, "SKIPPED: swaks is not installed");
        List<String> command = new ArrayList<>(CarteiroProcess.java("-XX:+UseSerialGC", "-Xmx512m"));
        command.add("carteiro.demo.Demo");
        Process demo = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var out = new BufferedReader(new InputStreamReader(demo.getInputStream(), StandardCharsets.ISO_8859_1))) {
            var printed = new StringBuilder();
            String line = "";
            while (line != null && !line.startsWith("Ctrl-C ends it")) {
                printed.append(line).append('\n');
                line = out.readLine();
            }
            assertThat(line).as(printed.toString()).isNotNull();

            String swaksLine = found(" +(swaks --server .*)\n", printed);
            var sent = CarteiroProcess.run(List.of("sh", "-c", swaksLine), Map.of(), "");
            assertThat(sent.exit()).as(sent.output()).isZero();
            Path ann = Path.of(found(" +ls (\\S+) .*\n", printed));
            assertArrives(ann, "you@visitor.example");

            String home = found(" +\\./carteiro status --home (\\S+)\n", printed);
            List<String> status = new ArrayList<>(CarteiroProcess.java());
            status.addAll(List.of("carteiro.start.Start", "status", "--home", home));
            assertThat(CarteiroProcess.run(status, Map.of(), "").exit()).isZero();

            demo.destroy(); // as Ctrl-C does
            assertThat(demo.waitFor(CarteiroProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(Path.of(home).getParent()).doesNotExist();
        } finally {
            demo.destroyForcibly();
        }
    }

    private static String found(String regex, CharSequence text) {
        Matcher matcher = Pattern.compile(regex).matcher(text);
        assertThat(matcher.find()).as(regex + " in\n" + text).isTrue();
        return matcher.group(1);
    }

    private static void assertArrives(Path folder, String text) throws IOException {
        long end = System.nanoTime() + CarteiroProcess.PATIENCE.toNanos();
        while (true) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    if (Files.readString(file, StandardCharsets.ISO_8859_1).contains(text)) {
                        return;
                    }
                }
            }
            assertThat(System.nanoTime())
                    .as("gave up waiting for it in " + folder)
                    .isLessThan(end);
            LockSupport.parkNanos(20_000_000);
        }
    }
}

package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Programs of others that tests run. */
final class TestTools {
    private TestTools() {}

    /** Skips the test if the program is not there. */
    static String assumeInstalled(String program) {
        String folders = System.getenv("PATH") + ":/usr/sbin:/usr/local/sbin:/usr/bin:/bin";
        String found = Stream.of(folders.split(":"))
                .map(folder -> new File(folder, program))
                .filter(File::canExecute)
                .findFirst()
                .map(File::getPath)
                .orElse("");
        Assumptions.assumeFalse(found.isEmpty(), "skipped: " + program + " is not installed");
        return found;
    }

    /** Runs a program that has to succeed; what it printed. */
    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as("%s said: %s", List.of(command), said)
                .isZero();
        return said;
    }
}

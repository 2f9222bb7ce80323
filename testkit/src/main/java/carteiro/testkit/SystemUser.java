package carteiro.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Users of the system that tests need by their names. Those made here are removed by {@link SystemUsersListener}. */
public final class SystemUser {
    private SystemUser() {}

    /**
     * Makes a user if the system has none of that name; needs root.
     *
     * @param name one of Carteiro's
     * @return its number
     * @throws IOException if the system refuses
     */
    public static int make(String name) throws IOException, InterruptedException {
        String line = line(name);
        if (line.isEmpty()) {
            Process process = new ProcessBuilder("useradd", "--system", "--no-create-home", name)
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("useradd " + name + " failed: " + said);
            }
            line = line(name);
        }
        return Integer.parseInt(line.split(":", -1)[2]);
    }

    private static String line(String name) throws IOException {
        try (var lines = Files.lines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith(name + ":")).findFirst().orElse("");
        }
    }
}

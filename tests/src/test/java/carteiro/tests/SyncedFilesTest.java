package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.tests.CarteiroProcess.Form;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a command has asked of the disk before it said that all is well, as strace sees it. */
class SyncedFilesTest {
    private static final Path STRACE = Path.of("/usr/bin/strace");

    @BeforeAll
    static void tool() {
        assumeTrue(Files.isExecutable(STRACE), "strace is not installed");
    }

    /** The calls that matter of one command, a line each: its name and the path it was for. */
    private static String calls(CarteiroProcess carteiro, String input, String mainClass) throws Exception {
        Path seen = carteiro.folder().resolve("calls");
        Files.writeString(seen, "");
        carteiro.runAllBy(List.of(
                STRACE.toString(),
                "-f",
                "-y",
                "-s",
                "1000",
                "-e",
                "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,exit_group",
                "-o",
                seen.toString()));
        carteiro.commandWithInput(input, mainClass);
        return Files.readString(seen, StandardCharsets.ISO_8859_1);
    }

    @Test
    @DisplayName("a message in the spool is on the disk, its name too, before its writer hears of it")
    void spool() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) { // queue does not run
            String calls = calls(carteiro, "To: bob@example.org\n\nbody\n", "carteiro.inject.QmailInject");
            assertThat(calls)
                    .containsPattern("(?s)f(data)?sync\\(\\d+<[^>]*/spool/new-[0-9a-f]{32}>\\)\\s*= 0.*"
                            + "rename[^\n]*/spool/new-([0-9a-f]{32})\"[^\n]*/spool/\\2\"[^\n]*= 0.*"
                            + "syncfs\\(\\d+<[^>]*/spool/[^>]*>\\)\\s*= 0.*exit_group\\(0[ )]");
        }
    }

    @Test
    @DisplayName("users/cdb is on the disk before it takes the place of the old one, and its folder afterwards")
    void cdb() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            String calls = calls(carteiro, "", "carteiro.lookup.QmailNewu");
            assertThat(calls)
                    .containsPattern("(?s)f(data)?sync\\(\\d+<[^>]*/users/[^>]*>\\)\\s*= 0.*"
                            + "rename[^\n]*/users/cdb\"[^\n]*= 0.*fsync\\(\\d+<[^>]*/users>\\)\\s*= 0");
        }
    }
}

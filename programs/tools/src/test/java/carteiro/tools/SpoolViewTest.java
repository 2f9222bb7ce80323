package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.control.Installation;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Spool;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What check and qread say of the spool. */
class SpoolViewTest {
    @TempDir
    Path home;

    private Path spool;

    @BeforeEach
    void queue() throws Exception {
        Files.createDirectory(home.resolve("queue"));
        spool = home.resolve("spool");
    }

    private Set<String> warnings() {
        var warnings = new LinkedHashSet<String>();
        SpoolView.look(new Installation(home), warnings);
        return warnings;
    }

    private String told() {
        var err = new ByteArrayOutputStream();
        var call = new Invocation(List.of(), Map.of(), InputStream.nullInputStream(), new ByteArrayOutputStream(), err);
        SpoolView.tell(call, "qmail-qread", new Installation(home));
        return err.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void soundSpoolIsNoMatter() throws Exception {
        Spool.make(spool);
        assertThat(warnings()).isEmpty();
        assertThat(told()).isEmpty();
    }

    @Test
    void whatLiesThereIsTold() throws Exception {
        Spool.make(spool);
        Files.createFile(spool.resolve("a".repeat(32)));
        Files.createFile(spool.resolve("b".repeat(32)));
        Files.createFile(spool.resolve("new-" + "c".repeat(32)));
        Files.createFile(spool.resolve("damaged-" + "d".repeat(32)));
        assertThat(warnings())
                .hasSize(2)
                .anyMatch(line -> line.contains("handed in while queue was down: 2;"))
                .anyMatch(line -> line.contains("cannot be taken in (damaged-...): 1;"));
        assertThat(told())
                .isEqualTo("qmail-qread: 2 more in " + spool
                        + ", handed in while queue was down; queue takes them in when it runs\n");
    }

    @Test
    void missingSpoolIsWorthAWarningOnceThereIsAQueue() throws Exception {
        assertThat(warnings())
                .hasSize(1)
                .allMatch(line -> line.contains("is missing") && line.contains("carteiro init"));
        assertThat(told()).isEmpty();
        Files.delete(home.resolve("queue"));
        assertThat(warnings()).isEmpty();
    }

    @Test
    void theSpoolBelongsToQueuesUserWhoMayBeANumber() throws Exception {
        assumeTrue(SystemAccount.effectiveUid() == 0, "SKIPPED: only root can give a folder away");
        Spool.make(spool);
        Files.setAttribute(home.resolve("queue"), "unix:uid", 45_678);
        Files.setAttribute(spool, "unix:uid", 45_678);
        Files.setAttribute(spool, "unix:mode", Spool.MODE);
        assertThat(warnings()).isEmpty();
        Files.setAttribute(spool, "unix:uid", 45_679);
        Files.setAttribute(spool, "unix:mode", Spool.MODE);
        assertThat(warnings())
                .hasSize(1)
                .allMatch(line -> line.contains("belongs to 45679, and queue works as 45678;"));
    }

    @Test
    void wrongModeAndWhatIsNoFolderAreNamed() throws Exception {
        Spool.make(spool);
        Files.setAttribute(spool, "unix:mode", 0755);
        assertThat(warnings())
                .hasSize(1)
                .allMatch(line -> line.contains("has mode 755") && line.contains("chmod 3733"));
        Files.setAttribute(spool, "unix:mode", Spool.MODE_OF_ONE);
        boolean root = (int) Files.getAttribute(home, "unix:uid") == 0;
        assertThat(warnings())
                .as("where it is root's, others are meant to use it")
                .hasSize(root ? 1 : 0);
        if (root) {
            for (Path path : List.of(home, spool, home.resolve("queue"))) {
                Files.setAttribute(path, "unix:uid", 54_321);
            }
            assertThat(warnings()).as("all of one user").isEmpty();
            Files.setAttribute(home.resolve("queue"), "unix:uid", 54_322);
            assertThat(warnings()).hasSize(1).allMatch(line -> line.contains("chown 54322"));
        }
        Files.delete(spool);
        Files.createSymbolicLink(spool, home.resolve("queue"));
        assertThat(warnings()).hasSize(1).allMatch(line -> line.contains("is no folder"));
    }
}

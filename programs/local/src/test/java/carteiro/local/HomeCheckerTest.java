package carteiro.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.log.EventLog;
import carteiro.posix.SystemAccount;
import carteiro.posix.UnixId;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.Homes.AccountExtension;
import carteiro.protocol.Homes.Presence;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lookup is told of homes that it may not look into. */
final class HomeCheckerTest {
    private static final int UID = SystemAccount.effectiveUid() == 0 ? 4711 : SystemAccount.effectiveUid();

    @TempDir
    Path folder;

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final HomeChecker looks = new HomeChecker(AccountPrivilege.ofThisProcess(), log);

    @AfterEach
    void end() {
        log.close();
    }

    private Path home(String mode) throws Exception {
        Path home = Files.createDirectory(folder.resolve("home"));
        if (SystemAccount.effectiveUid() == 0) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setAttribute(home, "unix:uid", UID);
            Files.setAttribute(home, "unix:gid", UID);
        }
        return Files.setPosixFilePermissions(home, PosixFilePermissions.fromString(mode));
    }

    private Presence look(Path home, String extension) throws Exception {
        int gid = SystemAccount.effectiveUid() == 0 ? UID : (int) Files.getAttribute(home, "unix:gid");
        return looks.look(new AccountExtension(UID, gid, home.toString(), "-", extension));
    }

    @Test
    void filesInAHomeThatIsClosedToOthersAreSeenAsItsUser() throws Exception {
        Path home = home("rwx------");
        Files.createFile(home.resolve(".qmail-list"));
        Files.createFile(home.resolve(".qmail-team-default"));
        Files.createDirectory(home.resolve(".qmail-folder"));
        assertThat(look(home, "list")).isEqualTo(Presence.YES);
        assertThat(look(home, "LIST")).isEqualTo(Presence.YES);
        assertThat(look(home, "team-x")).isEqualTo(Presence.YES);
        assertThat(look(home, "folder")).isEqualTo(Presence.NO);
        assertThat(look(home, "other")).isEqualTo(Presence.NO);
        assertThat(look(home, "x".repeat(900))).isEqualTo(Presence.NO);
        assertThat(look(home, "../../etc/passwd")).isEqualTo(Presence.NO);
        Files.createFile(home.resolve(".qmail-default"));
        assertThat(look(home, "other")).isEqualTo(Presence.YES);
    }

    @Test
    void whatCannotBeSeenIsNeverNo() throws Exception {
        Path home = home("---------");
        assertThat(look(home, "list")).isEqualTo(Presence.NOT_NOW);
        assertThat(look(home, "other")).isEqualTo(Presence.NOT_NOW);
        assertThat(look(home.resolveSibling("missing"), "list")).isEqualTo(Presence.NOT_NOW);
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        log.close();
        assertThat(logged.toString().lines())
                .as("told once a minute")
                .singleElement()
                .asString()
                .contains("whether the home of uid " + UID + " has a file for an extension cannot be told now: ");
    }

    @Test
    void anIdFromTwoToThe31stOnIsOneToo() throws Exception {
        assumeThat(SystemAccount.effectiveUid()).as("needs root").isZero();
        Path home = home("rwx------");
        int uid = UnixId.of(4_000_000_000L);
        Files.setAttribute(home, "unix:uid", uid);
        Files.createFile(home.resolve(".qmail-list"));
        assertThat(looks.look(new AccountExtension(uid, uid, home.toString(), "-", "list")))
                .isEqualTo(Presence.YES);
        assertThat(looks.look(new AccountExtension(-1, 1, home.toString(), "-", "list")))
                .isEqualTo(Presence.NOT_NOW);
    }

    @Test
    void nobodyLooksAsRootNorAnywhere() throws Exception {
        Path home = home("rwx------");
        assertThat(looks.look(new AccountExtension(0, 0, home.toString(), "-", "x")))
                .isEqualTo(Presence.NOT_NOW);
        assertThat(looks.look(new AccountExtension(UID, UID, "home", "-", "x"))).isEqualTo(Presence.NOT_NOW);
        assumeThat(SystemAccount.effectiveUid()).as("needs root").isZero();
        Files.setAttribute(home, "unix:uid", 0);
        assertThat(look(home, "x")).as("another user's home").isEqualTo(Presence.NOT_NOW);
    }
}

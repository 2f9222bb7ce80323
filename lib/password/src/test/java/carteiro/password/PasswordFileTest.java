package carteiro.password;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.password.PasswordCheck.PasswordMatches;
import carteiro.posix.LockableFile;
import carteiro.testkit.NeedsOrdinaryUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordFileTest {
    private static final byte[] PASSWORD = "segredo1".getBytes(UTF_8);
    private static final String SSHA = "{SSHA}Lqt4tFfU0Nruf4X8hKEjfr2UxOrT7LXB";
    private static final String RFC_5803 = "{SCRAM-SHA-256}4096:wfP4RvGQUHHGCRSZEKHqUA=="
            + "$7cJgLaGCdgs/Y+L9UVwdIDne3TMRJMLUtsSbJp/ta6M=:D36x3Wr9saZazkw4GHkVyLJaTYtaofeFBdJfRI8yZHM=";

    @TempDir
    private Path folder;

    private Path file;
    private PasswordFile passwords;
    private PasswordFileWriter writer;

    @BeforeEach
    void paths() {
        file = folder.resolve("passwd");
        passwords = new PasswordFile(file, Duration.ZERO, StoredPassword::parse);
        writer = new PasswordFileWriter(RewrittenFile.keepingOwner(file));
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text, ISO_8859_1);
    }

    private String text() throws IOException {
        return Files.readString(file, ISO_8859_1);
    }

    private boolean matches(String name) throws IOException {
        return passwords.of(name).orElseThrow().check(PASSWORD).equals(new PasswordMatches());
    }

    // ---- Reading

    @Test
    void namesAreFoundInAnyCaseOfAscii() throws Exception {
        write("# a comment: not a name\n\n \nAnn@example.org:" + SSHA + "\nbob:" + SSHA + ":field:field\nJos\u00C9:"
                + SSHA);
        assertThat(matches("ann@EXAMPLE.org")).isTrue();
        assertThat(matches("bob")).isTrue();
        assertThat(matches("jOS\u00C9")).isTrue();
        assertThat(passwords.of("jos\u00E9")).isEmpty();
        assertThat(passwords.of("carl")).isEmpty();
        assertThat(passwords.of("# a comment")).isEmpty();
        assertThat(passwords.of("")).isEmpty();
        assertThat(passwords.problems()).isEmpty();
    }

    @Test
    void keysOfScramMayHaveTheirColons() throws Exception {
        write("ann:" + RFC_5803 + "\nbob:" + RFC_5803 + ":field\ncarl:"
                + RFC_5803.replace("{", "").replace("}", "$") + "\n");
        assertThat(matches("ann")).isTrue();
        assertThat(matches("bob")).isTrue();
        assertThat(matches("carl")).isTrue();
        writer.set("bob", StoredPassword.parse(SSHA));
        assertThat(text()).contains("\nbob:" + SSHA + ":field\n");
        writer.set("bob", StoredPassword.parse(RFC_5803));
        assertThat(text()).contains("\nbob:" + RFC_5803 + ":field\n");
    }

    @Test
    void aWrongLineIsAProblemAndTheOthersCount() throws Exception {
        write("ann:" + SSHA + "\nno colon\n:" + SSHA + "\nbob:\nbob::field\ncarl:" + SSHA + "\r\nANN:{SSHA}other\n"
                + "x".repeat(8192) + ":\ndave:{WHAT}x\nerna:" + SSHA + "\n");
        assertThat(matches("ann")).isTrue();
        assertThat(matches("erna")).isTrue();
        assertThat(passwords.of("carl")).isEmpty();
        assertThat(passwords.of("bob")).isEmpty();
        assertThat(passwords.of("dave")).isPresent();
        assertThat(passwords.problems())
                .containsExactly(
                        file + ":2: it is not name:hash",
                        file + ":3: it is not name:hash",
                        file + ":4: it has no hash behind its name",
                        file + ":5: it has no hash behind its name",
                        file + ":6: it has a control character; lines end with a line feed alone",
                        file + ":7: its name stands in a line above, which counts",
                        file + ":8: it has more than 8192 octets");
        write("x\n".repeat(1000));
        assertThat(passwords.problems()).hasSize(100);
    }

    @Test
    void aReplacedFileIsSeen() throws Exception {
        assertThat(passwords.of("ann")).isEmpty();
        write("ann:" + SSHA + "\n");
        assertThat(passwords.of("ann")).isPresent();
        write("bob:" + SSHA + "\n");
        Files.setLastModifiedTime(
                file, FileTime.from(Instant.EPOCH)); // two writes within a tick of the file system's clock
        assertThat(passwords.of("ann")).isEmpty();
        assertThat(passwords.of("bob")).isPresent();
        Files.delete(file);
        assertThat(passwords.of("bob")).isEmpty();
    }

    @Test
    void aFileThatIsTrustedIsNotLookedAt() throws Exception {
        write("ann:" + SSHA + "\n");
        var trusting = new PasswordFile(file, Duration.ofHours(1), StoredPassword::parse);
        assertThat(trusting.of("ann")).isPresent();
        Files.delete(file);
        assertThat(trusting.of("ann")).isPresent();
        assertThat(passwords.of("ann")).isEmpty();
    }

    @Test
    void whatCannotBeReadIsNoMissingName() throws Exception {
        write("ann:" + SSHA + "\n" + "#".repeat(WatchedFile.MOST_SIZE - SSHA.length() - 5));
        assertThat(Files.size(file)).isEqualTo(WatchedFile.MOST_SIZE);
        assertThat(passwords.of("ann")).isPresent();
        Files.writeString(file, "#", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> passwords.of("ann"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("16777216");
        Files.delete(file);
        Files.createDirectory(file);
        assertThatThrownBy(() -> passwords.of("ann"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no regular");
        assertThatThrownBy(() -> writer.remove("ann"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no regular");
    }

    @Test
    @NeedsOrdinaryUser("root may read everything")
    void aFileThatIsClosedToUsIsNoMissingName() throws Exception {
        write("ann:" + SSHA + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("-w-------"));
        assertThatThrownBy(() -> passwords.of("ann")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> writer.remove("ann")).isInstanceOf(IOException.class);
        assertThat(folder.resolve("passwd.tmp")).doesNotExist();
    }

    // ---- Writing

    @Test
    void aNewNameGoesToTheEndAndAKnownOneStaysInItsPlace() throws Exception {
        StoredPassword made = StoredPassword.create(PASSWORD, new SecureRandom());
        writer.set("ann", made);
        assertThat(text()).isEqualTo("ann:" + made.octets() + "\n");
        assertThat(matches("ann")).isTrue();
        String others = "# \u00E9\r\n\nwrong\nBob:x:field: \nbob:y\n:::\nlast";
        write(others);
        writer.set("bOB", StoredPassword.parse(SSHA));
        assertThat(text()).isEqualTo(others.replace("Bob:x", "Bob:" + SSHA));
        writer.set("carl", StoredPassword.parse(SSHA));
        assertThat(text()).isEqualTo(others.replace("Bob:x", "Bob:" + SSHA) + "\ncarl:" + SSHA + "\n");
        assertThat(writer.remove("BOB")).isTrue();
        assertThat(text()).isEqualTo("# \u00E9\r\n\nwrong\n:::\nlast\ncarl:" + SSHA + "\n");
        assertThat(writer.remove("bob")).isFalse();
        assertThat(folder.resolve("passwd.tmp")).doesNotExist();
    }

    @Test
    void onlyTheOwnerMayReadItButForAGroupThatMayAlready() throws Exception {
        writer.set("ann", StoredPassword.parse(SSHA));
        assertThat(mode()).isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        writer.set("bob", StoredPassword.parse(SSHA));
        assertThat(mode()).isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        writer.set("carl", StoredPassword.parse(SSHA));
        assertThat(mode()).isEqualTo("rw-r-----");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("passwd.lock"))))
                .isEqualTo("rw-------");
    }

    private String mode() throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void theOwnerStaysOrIsTheOneThatIsTold() throws Exception {
        Assumptions.assumeTrue(
                Files.getAttribute(folder, "unix:uid").equals(0), "only root gives files away: needs root");
        write("ann:" + SSHA + "\n");
        Files.setAttribute(file, "unix:uid", 12345);
        Files.setAttribute(file, "unix:gid", 12346);
        writer.set("bob", StoredPassword.parse(SSHA));
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(12345);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(12346);
        new PasswordFileWriter(RewrittenFile.givingTo(file, 23456, 23457))
                .set("bob", StoredPassword.parse("{MD5}9ZSqo9itzhoRPYPCCmneSg=="));
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(23456);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(23457);
    }

    @Test
    void namesAndValuesThatTheFileCannotHoldAreRefused() throws Exception {
        StoredPassword good = StoredPassword.parse(SSHA);
        for (String name : new String[] {"", "a:b", "#a", "a\nb", "a\rb", "a\0b", "\u0100", "x".repeat(8192)}) {
            assertThatThrownBy(() -> writer.set(name, good)).isInstanceOf(IllegalArgumentException.class);
        }
        for (String value : new String[] {"", "{CLEARTEXT}a:b", "{CLEARTEXT}a\nb", "x\0"}) {
            assertThatThrownBy(() -> writer.set("ann", StoredPassword.parse(value)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageNotContaining("CLEARTEXT");
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void theFileKeepsItsLimit() throws Exception {
        write("#".repeat(WatchedFile.MOST_SIZE - 1 - SSHA.length() - 5));
        writer.set("ann", StoredPassword.parse(SSHA));
        assertThat(Files.size(file)).isEqualTo(WatchedFile.MOST_SIZE);
        assertThatThrownBy(() -> writer.set("b", StoredPassword.parse(SSHA))).isInstanceOf(IOException.class);
        assertThat(passwords.of("ann")).isPresent();
        assertThat(passwords.of("b")).isEmpty();
    }

    @Test
    void whatAKilledWriterLeftIsWrittenAnew() throws Exception {
        Files.writeString(folder.resolve("passwd.tmp"), "half a li");
        Files.writeString(folder.resolve("passwd.lock"), "");
        writer.set("ann", StoredPassword.parse(SSHA));
        assertThat(text()).isEqualTo("ann:" + SSHA + "\n");
        assertThat(folder.resolve("passwd.tmp")).doesNotExist();
    }

    @Test
    void writersWaitForEachOther() throws Exception {
        var all = new ArrayList<Future<?>>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            try (LockableFile lock = LockableFile.open(folder.resolve("passwd.lock"))) {
                assertThat(lock.tryLock()).isEqualTo(LockableFile.LockResult.LOCKED);
                for (int i = 0; i < 20; i++) {
                    String name = "user" + i;
                    all.add(threads.submit(() -> {
                        writer.set(name, StoredPassword.parse(SSHA));
                        return null;
                    }));
                }
                assertThat(file).doesNotExist();
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        assertThat(text().lines()).hasSize(20);
        for (int i = 0; i < 20; i++) {
            assertThat(matches("user" + i)).isTrue();
        }
    }
}

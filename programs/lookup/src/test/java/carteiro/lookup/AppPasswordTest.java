package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.posix.Invocation;
import carteiro.protocol.Passwords.LoginService;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppPasswordTest {
    @TempDir
    private Path home;

    private Path file;

    @BeforeEach
    void folder() throws IOException {
        Files.createDirectories(home.resolve("users"));
        file = home.resolve("users/apppasswords");
    }

    private record Said(int exit, String out, String err) {}

    private Said passwd(String... arguments) throws IOException {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        List<String> all = Stream.concat(Stream.of("--home", home.toString()), Stream.of(arguments))
                .toList();
        int exit = Passwd.run(new Invocation(all, Map.of(), new ByteArrayInputStream(new byte[0]), out, err));
        return new Said(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private AppPasswords read() {
        return new AppPasswords(file, Duration.ZERO);
    }

    private static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void eachIsMadeOf128RandomBitsAndShownOnce() throws Exception {
        var shown = new HashSet<String>();
        for (int i = 0; i < 20; i++) {
            Said said = passwd("--app", "phone " + i, "Ann");
            assertThat(said.exit()).as(said.err()).isZero();
            assertThat(said.out()).matches("([a-z2-7]{5}-){5}[a-z2-7]\n");
            shown.add(said.out().strip());
        }
        assertThat(shown).hasSize(20);
        String content = Files.readString(file);
        assertThat(shown).noneMatch(content::contains);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        for (String each : shown) {
            for (String typed :
                    List.of(each, each.replace("-", ""), each.replace("-", " ").toUpperCase(Locale.ROOT))) {
                assertThat(read().typed(octets(typed))).get().satisfies(found -> {
                    assertThat(found.account()).isEqualTo("ann");
                    assertThat(found.label()).startsWith("phone ");
                    assertThat(found.services()).isEqualTo(EnumSet.allOf(LoginService.class));
                    assertThat(found.until()).isEqualTo(Instant.MAX);
                });
            }
        }
    }

    @Test
    void noOtherTextIsOne() throws Exception {
        String right = passwd("--app", "x", "ann").out().strip();
        for (String wrong :
                List.of("", right + "a", right.substring(1), "a" + right.substring(1, 31) + "!", "sesame")) {
            assertThat(read().typed(octets(wrong))).as(wrong).isEmpty();
        }
    }

    @Test
    void servicesAndAnEndAreKept() throws Exception {
        passwd("--app", "fetch: mail", "--for", "pop3", "--until", "2999-12-31", "ann");
        assertThat(AppPasswords.entries(Files.readString(file), "ann"))
                .singleElement()
                .satisfies(each -> {
                    assertThat(each.services()).containsExactly(LoginService.POP3);
                    assertThat(each.until()).isAfter(Instant.parse("2999-12-31T00:00:00Z"));
                    assertThat(each.label()).isEqualTo("fetch: mail");
                    assertThat(AppPassword.of(each.line())).contains(each);
                });
        assertThat(passwd("--apps", "ANN").out())
                .matches("[0-9a-f]{8}  pop3  made \\S+  until 2999-12-31  fetch: mail\n");
    }

    @Test
    void eachAndAllCanBeRevoked() throws Exception {
        Files.writeString(file, "# by hand\nnot a line\n");
        passwd("--app", "one", "ann");
        passwd("--app", "two", "ann");
        passwd("--app", "three", "bob");
        String id = passwd("--apps", "ann").out().substring(0, 8);
        assertThat(passwd("--revoke", id, "bob").exit()).isEqualTo(111);
        assertThat(passwd("--revoke", id, "ann").exit()).isZero();
        assertThat(passwd("--apps", "ann").out()).contains("  two\n").doesNotContain("one");
        passwd("--app", "four", "ann");
        assertThat(passwd("--revoke", "all", "ann").exit()).isZero();
        assertThat(passwd("--apps", "ann").out()).isEmpty();
        assertThat(passwd("--revoke", "all", "ann").err()).contains("has no such app password");
        assertThat(Files.readString(file)).startsWith("# by hand\nnot a line\nbob:");
        assertThat(read().problems()).singleElement().asString().contains("apppasswords:2: it is no app password");
    }

    @Test
    void anAccountHasOnlySoMany() throws Exception {
        for (int i = 0; i < AppPassword.MOST; i++) {
            assertThat(passwd("--app", "x", "ann").exit()).isZero();
        }
        assertThat(passwd("--app", "x", "ann").err()).contains("has 50 app passwords; revoke one first");
        assertThat(passwd("--app", "x", "bob").exit()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--app ann",
                "--app x",
                "--app x --for imap ann",
                "--app x --until yesterday ann",
                "--app x --until 2001-01-01 ann",
                "--app x --apps ann",
                "--for smtp --apps ann",
                "--revoke ann",
                "--apps",
                "--apps a:b",
                "--app a\u00e9 ann",
                "--scram --app x ann"
            })
    void otherUseChangesNothing(String arguments) throws Exception {
        Said said = passwd(arguments.split(" "));
        assertThat(said.exit()).as(said.toString()).isEqualTo(100);
        assertThat(said.err()).isNotEmpty();
        assertThat(file).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ann:1:SMTP:1:2:x",
                "ann:1:IMAP:1:2:x:label",
                "ann:1::1:2:x:label",
                "ann:1:SMTP:x:2:x:label",
                "ann:1:SMTP:1:99999999999999999999:x:label",
                "ann:1:SMTP:1:9223372036854775807:x:label"
            })
    void aLineThatIsNoneCountsForNothing(String line) {
        assertThat(AppPassword.of(line)).isEmpty();
    }

    @Test
    void whatIsKeptIsADigest() {
        AppPassword.FreshAppPassword made = AppPassword.make(
                "ann", EnumSet.of(LoginService.SMTP), Instant.EPOCH, Instant.MAX, "x", new SecureRandom());
        assertThat(AppPassword.digest(made.shown())).contains(made.kept().digest());
        assertThat(made.kept().digest()).matches("[0-9a-f]{64}");
    }
}

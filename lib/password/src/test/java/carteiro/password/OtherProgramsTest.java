package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import carteiro.password.PasswordCheck.PasswordDiffers;
import carteiro.password.PasswordCheck.PasswordMatches;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is stored here is read by other programs of this system, and the other way round. */
class OtherProgramsTest {
    private static final String PASSWORD = "segredo1";

    private static String output(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(text).isZero();
            return text.strip();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String program(String name, String debian) {
        String found = Arrays.stream(new String[] {"/usr/bin/", "/usr/sbin/", "/bin/"})
                .map(folder -> folder + name)
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElse("");
        Assumptions.assumeFalse(found.isEmpty(), "needs " + name + " (Debian: " + debian + ")");
        return found;
    }

    private static void assertMatches(String value) {
        StoredPassword stored = StoredPassword.parse(value);
        assertThat(stored.check(PASSWORD.getBytes(UTF_8))).as(value).isEqualTo(new PasswordMatches());
        assertThat(stored.check("segredo2".getBytes(UTF_8))).as(value).isEqualTo(new PasswordDiffers());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SHA512-CRYPT",
                "SHA256-CRYPT",
                "MD5-CRYPT",
                "DES-CRYPT",
                "BLF-CRYPT",
                "CRYPT",
                "SHA",
                "SHA256",
                "SHA512",
                "SSHA",
                "SSHA256",
                "SSHA512",
                "SMD5",
                "ARGON2I",
                "ARGON2ID",
                "SCRAM-SHA-1",
                "SCRAM-SHA-256"
            })
    void whatDovecotStoresMatches(String scheme) throws Exception {
        assertMatches(output(program("doveadm", "dovecot-core"), "pw", "-s", scheme, "-p", PASSWORD));
    }

    @Test
    void whatIsStoredHereMatchesInDovecot() throws Exception {
        String doveadm = program("doveadm", "dovecot-core");
        byte[] password = PASSWORD.getBytes(UTF_8);
        String argon2 = StoredPassword.create(password, new SecureRandom()).octets();
        String scram = StoredPassword.createScram(password, ScramKeys.ITERATIONS, new SecureRandom())
                .octets();
        for (String value : List.of(argon2.replace("{ARGON2}", "{ARGON2ID}"), scram)) {
            assertThat(output(doveadm, "pw", "-t", value, "-p", PASSWORD)).contains("verified");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{SSHA}", "{SHA}", "{SMD5}", "{MD5}", "{CRYPT}"})
    void whatOpenLdapStoresMatches(String scheme) throws Exception {
        assertMatches(output(program("slappasswd", "slapd"), "-h", scheme, "-s", PASSWORD));
    }

    @ParameterizedTest
    @ValueSource(strings = {"argon2 {ARGON2}", "pw-sha2 {SSHA384}", "pw-sha2 {SHA512}"})
    void whatModulesOfOpenLdapStoreMatches(String moduleAndScheme) throws Exception {
        String slappasswd = program("slappasswd", "slapd");
        String[] both = moduleAndScheme.split(" ");
        Assumptions.assumeTrue(
                Files.exists(Path.of("/usr/lib/ldap", both[0] + ".so")),
                "needs " + both[0] + " of OpenLDAP (Debian: slapd)");
        assertMatches(output(
                slappasswd,
                "-o",
                "module-path=/usr/lib/ldap",
                "-o",
                "module-load=" + both[0],
                "-h",
                both[1],
                "-s",
                PASSWORD));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "-5", "-6"})
    void whatOpensslStoresMatches(String method) throws Exception {
        assertMatches("{CRYPT}" + output(program("openssl", "openssl"), "passwd", method, PASSWORD));
    }

    /** PHP has its own code for all of these. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CC",
                "_J9..rasm",
                "$1$abcdefgh$",
                "$5$rounds=1000$abcdefgh$",
                "$6$abcdefgh$",
                "$2y$05$abcdefghijklmnopqrstuu"
            })
    void whatPhpStoresMatches(String setting) throws Exception {
        assertMatches("{CRYPT}"
                + output(program("php", "php-cli"), "-r", "echo crypt($argv[1], $argv[2]);", "--", PASSWORD, setting));
    }

    /** Python's tables of RFC 3454 are those that ours are made of; this finds one that was cut or shifted since. */
    @Test
    void preparedTextsAreThoseOfPythonsTables() throws Exception {
        String python = program("python3", "python3");
        String script = """
                import sys, stringprep as s, unicodedata
                old = unicodedata.ucd_3_2_0
                for point in [*range(0xD800), *range(0xE000, 0x30000), *range(0xE0000, 0xE0200)]:
                    c = chr(point)
                    c = ' ' if s.in_table_c12(c) else '' if s.in_table_b1(c) else c
                    c = old.normalize('NFKC', c)
                    bad = any(f(x) for x in c for f in (s.in_table_a1, s.in_table_c12, s.in_table_c21_c22, s.in_table_c3,
                        s.in_table_c4, s.in_table_c5, s.in_table_c6, s.in_table_c7, s.in_table_c8, s.in_table_c9))
                    right = any(map(s.in_table_d1, c))
                    bad = bad or right and (any(map(s.in_table_d2, c)) or not s.in_table_d1(c[0]) or not s.in_table_d1(c[-1]))
                    print('-' if bad else '+' + ' '.join('%X' % ord(x) for x in c))
                """;
        List<String> lines = output(python, "-c", script).lines().toList();
        assertThat(lines).hasSize(0x30000 - 0x800 + 0x200);
        var differ = new ArrayList<String>();
        for (int i = 0; i < lines.size(); i++) {
            int point = i < 0xD800 ? i : i + 0x800 < 0x30000 ? i + 0x800 : i + 0x800 - 0x30000 + 0xE0000;
            String expected = lines.get(i);
            String ours = SaslPrep.prepare(Character.toString(point))
                    .map(text -> "+"
                            + text.codePoints()
                                    .mapToObj(each -> Integer.toHexString(each).toUpperCase(Locale.ROOT))
                                    .reduce((one, other) -> one + " " + other)
                                    .orElse(""))
                    .orElse("-");
            if (!ours.equals(expected)) {
                differ.add(Integer.toHexString(point));
            }
        }
        assertThat(differ)
                .as("which Unicode has mended since (its corrigendum 4)")
                .containsExactly("2f868", "2f874", "2f91f", "2f95f", "2f9bf");
    }
}

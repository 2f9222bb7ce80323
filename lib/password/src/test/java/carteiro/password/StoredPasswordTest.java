package carteiro.password;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.password.PasswordCheck.PasswordDiffers;
import carteiro.password.PasswordCheck.PasswordMatches;
import carteiro.password.PasswordCheck.PasswordUnusable;
import carteiro.posix.SystemCrypt;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredPasswordTest {
    private static final byte[] PASSWORD = octets("segredo1");
    private static final ScramSalts SALTS = new ScramSalts(new byte[16], 4096);

    private static byte[] octets(String text) {
        return text.getBytes(UTF_8);
    }

    static List<String> stored() throws Exception {
        try (InputStream in = Objects.requireNonNull(StoredPasswordTest.class.getResourceAsStream("stored.txt"))) {
            return new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> line.matches("(weak|strong) .*"))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("stored")
    void whatOtherProgramsHaveStoredMatchesItsPasswordAndNoOther(String line) {
        String value = line.substring(line.indexOf(' ') + 1);
        StoredPassword password = StoredPassword.parse(value);
        if (password instanceof CryptPassword) {
            Assumptions.assumeTrue(SystemCrypt.isThere(), "needs libcrypt (Debian: libcrypt1)");
        }
        assertThat(password.check(PASSWORD)).isEqualTo(new PasswordMatches());
        assertThat(password.check(octets("segredo2"))).isEqualTo(new PasswordDiffers());
        assertThat(password.check(octets("segredo"))).isEqualTo(new PasswordDiffers());
        assertThat(password.check(new byte[0])).isEqualTo(new PasswordDiffers());
        assertThat(password.check(new byte[] {'s', 0, 'x'})).isEqualTo(new PasswordDiffers());
        assertThat(password.isWeak()).isEqualTo(line.startsWith("weak"));
        assertThat(password.octets()).isEqualTo(value);
        assertThat(password.toString()).doesNotContain(value.substring(value.length() - 4));
        assertThat(StoredPassword.parseWithClearText(value).check(octets(value)))
                .as("a stolen hash is no password")
                .isEqualTo(new PasswordDiffers());
    }

    @Test
    void schemesAreOfAnyCase() {
        assertThat(StoredPassword.parse("{ssha}Lqt4tFfU0Nruf4X8hKEjfr2UxOrT7LXB")
                        .check(PASSWORD))
                .isEqualTo(new PasswordMatches());
    }

    @Test
    void passwordsEndAtTheirLimit() {
        StoredPassword longest = StoredPassword.create(octets("x".repeat(1024)), new SecureRandom());
        assertThat(longest.check(octets("x".repeat(1024)))).isEqualTo(new PasswordMatches());
        assertThat(longest.check(octets("x".repeat(1025)))).isEqualTo(new PasswordDiffers());
        assertThatThrownBy(() -> StoredPassword.create(new byte[1025], new SecureRandom()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> StoredPassword.create(new byte[0], new SecureRandom()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " | ", textBlock = """
            {SSHA}Lqt4tFfU0Nruf4X8hKEjfr2UxOo=  | it has 20 octets; a digest of 20 octets and a salt are more
            {SSHA}Lqt4tFfU                      | it has 6 octets; a digest of 20 octets and a salt are more
            {SMD5}9ZSqo9itzhoRPYPCCmneSg==      | it has 16 octets; a digest of 16 octets and a salt are more
            {SHA}9ZSqo9itzhoRPYPCCmneSg==       | it has 16 octets; its digest has 20
            {MD5}T4J1joqGtNugAA34IgRjGIdCiGY=   | it has 20 octets; its digest has 16
            {MD5}9ZSqo9itzhoRPYPCCmneS!==       | its base64 is not well-formed
            {SSHA}                              | it has 0 octets; a digest of 20 octets and a salt are more
            {NS-MTA-MD5}f4069d6f                | it is not 64 hexadecimal digits
            {PBKDF2-SHA256}10000$Zi8Y           | it is not iterations$salt$hash
            {PBKDF2-SHA256}10000$Zi8Y$Zi8Y      | its hash has 3 octets, not 32
            {PBKDF2-SHA256}0$Zi8Y$Zi8Y          | PBKDF2 asks for 0 iterations; from 1 to 2000000 are allowed
            {PBKDF2}2000001$Zi8Y$Zi8Y           | PBKDF2 asks for 2000001 iterations; from 1 to 2000000 are allowed
            {ARGON2}$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$c2Fs                     | it is not $argon2id$v=19$m=...,t=...,p=...$salt$hash
            {ARGON2}$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$c2FsdA            | argon2 asks for 4096 MiB of memory, over 256 MiB
            {ARGON2}$argon2id$v=19$m=65536,t=17,p=1$c2FsdHNhbHQ$c2FsdA             | argon2 asks for 17 passes over 64 MiB, together over 1024 MiB
            {ARGON2}$argon2id$v=19$m=65536,t=9999999999,p=1$c2FsdHNhbHQ$c2FsdA     | argon2 asks for 9999999999 passes over 64 MiB, together over 1024 MiB
            {ARGON2}$argon2id$v=19$m=65536,t=1,p=65$c2FsdHNhbHQ$c2FsdA             | argon2 asks for 65 lanes, 1 passes and 65536 KiB; from 1 to 64 lanes, a pass and 8 KiB a lane are allowed
            {ARGON2}$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHQ$c2FsdA                  | argon2 asks for 1 lanes, 1 passes and 7 KiB; from 1 to 64 lanes, a pass and 8 KiB a lane are allowed
            {ARGON2}$argon2id$v=19$m=8,t=1,p=1$c2Fs$c2FsdHNhbHRzYWx0c2FsdA         | its salt has 3 octets and its hash 16; at least 8, and from 16 to 64, are allowed
            {ARGON2}$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$c2FsdA                  | its salt has 8 octets and its hash 4; at least 8, and from 16 to 64, are allowed
            {CRYPT}$6$rounds=1000001$abcd$abcd                                     | crypt(3) asks for rounds 1000001, over 1000000
            {CRYPT}$5$rounds=9999999999$abcd$abcd                                  | crypt(3) asks for rounds 9999999999, over 1000000
            {CRYPT}$2b$16$FOQ8d5.8tF1d04Q4Endzd.D9A9ZDPPIfCaOj6zMdnLE1KplJrdexm    | crypt(3) asks for a cost of 16, over 15
            {CRYPT}$2b$03$FOQ8d5.8tF1d04Q4Endzd.D9A9ZDPPIfCaOj6zMdnLE1KplJrdexm    | it is no hash of crypt(3) that is known here
            {CRYPT}$sha1$1000001$abcdefgh$5LXhfrd5RaLpUdSSzoBRAOH0qCfb             | crypt(3) asks for rounds 1000001, over 1000000
            {CRYPT}$md5,rounds=200001$abcdefgh$J5GNzImc6EjwRiET21MQD0              | crypt(3) asks for rounds 200001, over 200000
            {CRYPT}_zzzzrasmJxPjz67jzus                                            | crypt(3) asks for rounds 16777215, over 1048576
            {CRYPT}$y$jFT$F5Jx5fExrKuPp53xLKQ..1$ylyX                              | scrypt asks for N = 2^18 and r = 32, over 256 MiB of memory
            {CRYPT}$7$HU..../....abcdefgh$VCkm                                     | scrypt asks for N = 2^19 and r = 32, over 256 MiB of memory
            {CRYPT}$7$zU..../....abcdefgh$VCkm                                     | scrypt asks for N = 2^63 and r = 32, over 256 MiB of memory
            {CRYPT}$7$CzzzzzzzzzzabcdefghIJ$VCkm                                   | scrypt asks for N = 2^14 and r = 1073741823, over 256 MiB of memory
            {CRYPT}$7$CU....zzzzzabcdefgh$VCkm                                     | scrypt asks for p = 1073741823 times 64 MiB, together over 1024 MiB
            {CRYPT}$unknown$abc$abc                                                | it is no hash of crypt(3) that is known here
            {SCRAM-SHA-256}4096:abcd                                               | it is not iterations:salt$StoredKey:ServerKey
            {SCRAM-SHA-256}4096,abcd,abcd,abcd                                     | its keys have 3 and 3 octets, and its salt 3; keys have 32, and a salt at most 1024
            {SCRAM-SHA-256}2000001,abcd,abcd,abcd                                  | SCRAM asks for 2000001 iterations; from 1 to 2000000 are allowed
            {SCRAM-SHA-512}4096,abcd,abcd,abcd                                     | the scheme {SCRAM-SHA-512} is not known
            SCRAM-SHA-512$4096:abcd$abcd:abcd                                      | the scheme {SCRAM-SHA-512} is not known
            {x}Lqt4tFfU0Nruf4X8hKEjfr2UxOrT7LXB | the scheme {X} is not known
            {öäü}abcd                           | its scheme is not known
            {}abcd                              | its scheme is not known
            {CLEARTEXT}segredo1                 | it is clear text, which is not allowed here
            {plain}segredo1                     | it is clear text, which is not allowed here
            segredo1                            | it is no hash of crypt(3) that is known here
            *                                   | it is no hash of crypt(3) that is known here
            '{SSHA'                             | it is no hash of crypt(3) that is known here
            """)
    void whatCannotBeUsedSaysWhy(String value, String reason) {
        assertThat(StoredPassword.parse(value).check(PASSWORD)).isEqualTo(new PasswordUnusable(reason));
        assertThat(StoredPassword.parse(value).isWeak()).isIn(true, false);
    }

    @Test
    void valuesHaveALimit() {
        String longest = "{SSHA}" + "A".repeat(4096 - 6 - 2);
        assertThat(StoredPassword.parse(longest).check(PASSWORD)).isEqualTo(new PasswordDiffers());
        assertThat(StoredPassword.parse(longest + "AAAA").check(PASSWORD))
                .isEqualTo(new PasswordUnusable("it has more than 4096 octets"));
        assertThat(StoredPassword.parse("").check(PASSWORD)).isEqualTo(new PasswordUnusable("it is empty"));
        assertThat(StoredPassword.parse("a\0b").check(PASSWORD)).isInstanceOf(PasswordUnusable.class);
        assertThat(StoredPassword.parse("\u0100").check(PASSWORD)).isInstanceOf(PasswordUnusable.class);
    }

    @Test
    void dearHashesWithinTheLimitsAreComputed() {
        StoredPassword pbkdf2 = StoredPassword.parse("{PBKDF2}2000000$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdHNhbHQ");
        assertThat(pbkdf2.check(PASSWORD)).isEqualTo(new PasswordDiffers());
        assertThat(pbkdf2.memory()).isZero();
        StoredPassword argon2 =
                StoredPassword.parse("{ARGON2}$argon2id$v=19$m=65536,t=16,p=64$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA");
        assertThat(argon2.check(PASSWORD)).isEqualTo(new PasswordDiffers());
        assertThat(argon2.memory()).isEqualTo(64L << 20);
    }

    @Test
    void clearTextMatchesWhereItIsAllowed() {
        for (String value : List.of("segredo1", "{CLEARTEXT}segredo1", "{Plain}segredo1")) {
            StoredPassword clear = StoredPassword.parseWithClearText(value);
            assertThat(clear.check(PASSWORD)).isEqualTo(new PasswordMatches());
            assertThat(clear.check(octets("segredo2"))).isEqualTo(new PasswordDiffers());
            assertThat(clear.isWeak()).isTrue();
            assertThat(clear.scramKeys(ScramHash.SHA_256, "ann", SALTS)).isPresent();
        }
        String beyondAscii = new String(octets("senha ção"), ISO_8859_1);
        assertThat(StoredPassword.parseWithClearText(beyondAscii).check(octets("senha ção")))
                .isEqualTo(new PasswordMatches());
        assertThat(StoredPassword.parseWithClearText("{CLEARTEXT}").check(octets("x")))
                .isEqualTo(new PasswordDiffers());
        assertThat(StoredPassword.parseWithClearText("{CLEARTEXT}").check(new byte[0]))
                .isEqualTo(new PasswordDiffers());
        assertThat(StoredPassword.parseWithClearText("{CLEARTEXT}").scramKeys(ScramHash.SHA_256, "ann", SALTS))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$argon2id$v=19$m=19456,t=2,p=1$abcdefghijk$abcdefghijk",
                "$sm3$abcd$abcd",
                "$y$jFT$abcd$ylyX",
                "$md5,x$abcd$abcd",
                "SCRAM-SHA-512$4096:abcd$abcd:abcd",
                "SCRAM-SHA-256$",
                "{SSHA}abcd",
                "{UNKNOWN}abcd",
                "Z7EaItR0uOMwk"
            })
    void aHashIsNeverClearTextThoughItCannotBeUsed(String hash) {
        assertThat(StoredPassword.parseWithClearText(hash).check(octets(hash))).isNotInstanceOf(PasswordMatches.class);
    }

    @Test
    void aNewValueMatchesIsStrongAndHasASaltOfItsOwn() {
        var random = new SecureRandom();
        StoredPassword one = StoredPassword.create(PASSWORD, random);
        StoredPassword other = StoredPassword.create(PASSWORD, random);
        assertThat(one.octets())
                .startsWith("{ARGON2}$argon2id$v=19$m=19456,t=2,p=1$")
                .isNotEqualTo(other.octets());
        assertThat(StoredPassword.parse(one.octets()).check(PASSWORD)).isEqualTo(new PasswordMatches());
        assertThat(one.check(octets("segredo2"))).isEqualTo(new PasswordDiffers());
        assertThat(one.isWeak()).isFalse();
        assertThat(one.memory()).isEqualTo(19L << 20);
        assertThat(one.scramKeys(ScramHash.SHA_256, "ann", SALTS)).isEmpty();
    }

    @Test
    void aNewValueForScramMatchesAndHasKeys() {
        StoredPassword made = StoredPassword.createScram(PASSWORD, ScramKeys.ITERATIONS, new SecureRandom());
        assertThat(made.octets()).startsWith("{SCRAM-SHA-256}100000,").doesNotContain(":");
        assertThat(StoredPassword.parse(made.octets()).check(PASSWORD)).isEqualTo(new PasswordMatches());
        assertThat(made.check(octets("segredo2"))).isEqualTo(new PasswordDiffers());
        assertThat(made.isWeak()).isFalse();
        assertThat(made.scramKeys(ScramHash.SHA_256, "ann", SALTS)).isPresent();
        assertThat(made.scramKeys(ScramHash.SHA_1, "ann", SALTS)).isEmpty();
        for (int wrong : new int[] {0, 4095, 2_000_001}) {
            assertThatThrownBy(() -> StoredPassword.createScram(PASSWORD, wrong, new SecureRandom()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    static Stream<String> hashesOfMethodsThatOldLibrariesLack() throws Exception {
        return stored().stream()
                .map(line -> line.substring(line.indexOf('}') + 1))
                .filter(hash -> hash.matches("\\$(2[aby]|7)\\$.*"));
    }

    @ParameterizedTest
    @MethodSource("hashesOfMethodsThatOldLibrariesLack")
    void bcryptAndScryptNeedNoLibraryOfTheSystem(String hash) {
        assertThat(CryptPassword.ownHash(PASSWORD, hash))
                .hasValueSatisfying(made -> assertThat(made).asString(UTF_8).isEqualTo(hash));
        assertThat(CryptPassword.ownHash(octets("segredo2"), hash))
                .hasValueSatisfying(made -> assertThat(made).asString(UTF_8).isNotEqualTo(hash));
    }

    @ParameterizedTest
    @ValueSource(strings = {"$7$I/..../....abcdefgh$VCkm", "$5$abcd$abcd", "$1$THnE0y4K$cT1pzogsol/9P2egjbuiF1"})
    void whatIsNoneOfTheseIsLeftToIt(String hash) {
        assertThat(CryptPassword.ownHash(PASSWORD, hash)).isEmpty();
    }

    @Property(tries = 2000)
    void whateverIsStoredIsReadWithoutAnException(@ForAll @StringLength(max = 60) String value) {
        assertThat(StoredPassword.parse(value).octets()).isEqualTo(value);
        assertThat(StoredPassword.parseWithClearText(value).octets()).isEqualTo(value);
    }

    @Property(tries = 500)
    void aHashThatIsDamagedNeverMatchesAndNeverFails(
            @ForAll("storedValues") String value, @ForAll int place, @ForAll("octets") int octet) {
        int start = value.indexOf('}') + 1;
        int at = start + Math.floorMod(place, value.length() - start);
        String damaged = value.substring(0, at) + (char) octet + value.substring(at + 1);
        StoredPassword password = StoredPassword.parse(damaged);
        assertThat(password.octets()).isEqualTo(damaged);
        if (value.startsWith("{S") && !value.contains("CRYPT") || value.startsWith("{MD")) { // the quick ones
            assertThat(password.check(octets("segredo2"))).isNotInstanceOf(PasswordMatches.class);
        }
    }

    @Provide
    Arbitrary<String> storedValues() throws Exception {
        return Arbitraries.of(stored().stream()
                .map(line -> line.substring(line.indexOf(' ') + 1))
                .toList());
    }

    @Provide
    Arbitrary<Integer> octets() {
        return Arbitraries.integers().between(0, 255);
    }
}

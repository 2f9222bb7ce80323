package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import carteiro.testkit.Covers;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlFilesTest {
    @TempDir
    Path home;

    private ControlFiles files;

    @BeforeEach
    void controlFolder() throws IOException {
        Files.createDirectories(home.resolve("control"));
        files = new ControlFiles(new Installation(home));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(name), text);
    }

    @Test
    void aLineIsTheFirstWithoutTrailingBlanks() throws Exception {
        write("smtpgreeting", "  mail.example.org #x \t\nsecond\n");
        assertThat(files.line(Settings.SMTPGREETING)).contains("  mail.example.org #x");
        assertThat(files.line(Settings.ME)).isEmpty();
        write("bouncefrom", "");
        assertThat(files.line(Settings.BOUNCEFROM)).contains("");
    }

    @Test
    void withoutTheFileMeSpeaksAndWithoutMeTheName() throws Exception {
        assertThat(files.get(Settings.BOUNCEHOST)).isEqualTo("bouncehost");
        write("me", "mail.example.org\n");
        assertThat(files.get(Settings.BOUNCEHOST)).isEqualTo("mail.example.org");
    }

    @ParameterizedTest(name = "maxrecipients holding \"{0}\" is {1}")
    @ValueSource(strings = {"150", "150  ", "150\t# many", "150#many", "150\nsecond", "0000000150"})
    @Covers("qmail:C05")
    void aNumberIsDigitsWithBlanksOrACommentBehindThem(String text) throws Exception {
        write("maxrecipients", text + "\n");
        assertThat(files.get(Settings.MAXRECIPIENTS)).isEqualTo(150);
        files.check();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", " \t\n", "\n150\n"})
    void anEmptyLineMeansTheDefault(String text) throws Exception {
        assertThat(files.get(Settings.MAXRECIPIENTS)).as("no file").isEqualTo(1000);
        write("maxrecipients", text);
        assertThat(files.get(Settings.MAXRECIPIENTS)).isEqualTo(1000);
        files.check();
    }

    @ParameterizedTest(name = "maxrecipients holding \"{0}\"")
    @ValueSource(
            strings = {
                "150M",
                "twenty",
                "#150",
                " 150",
                "+150",
                "-1",
                "150 of them",
                "150\r",
                "0x96",
                "1e3",
                "150.0",
                "\u0661",
                "99",
                "100001",
                "9999999999999999999",
                "99999999999999999999999999"
            })
    @Covers("qmail:C05")
    void whatIsNoNumberOrOutsideTheRangeIsAMistake(String text) throws Exception {
        write("maxrecipients", text + "\n");
        assertThat(files.get(Settings.MAXRECIPIENTS)).isEqualTo(1000);
        assertThatThrownBy(files::check)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/maxrecipients:1: \"")
                .hasMessageContaining("\" is not a number from 100 to 100000; write digits alone, such as 1000");
    }

    @ParameterizedTest(name = "{0} becomes {1}")
    @CsvSource({"10M,10485760", "10 mb,10485760", "64k,65536", "2GiB,2147483648", "M,67108864", "10T,67108864"})
    void whoWritesAUnitIsToldTheOctets(String text, long octets) throws Exception {
        write("databytes", text + "\n");
        files.get(Settings.DATABYTES);
        assertThatThrownBy(files::check).hasMessageEndingWith("such as " + octets);
    }

    @Test
    void someNumbersAreCutOrRaisedToTheirRange() throws Exception {
        write("concurrencyremote", "1001\n");
        write("concurrencylocal", "99999999999999999999\n");
        write("timeoutsmtpd", "0\n");
        assertThat(files.get(Settings.CONCURRENCYREMOTE)).isEqualTo(1000);
        assertThat(files.get(Settings.CONCURRENCYLOCAL)).isEqualTo(1000);
        assertThat(files.get(Settings.TIMEOUTSMTPD)).isEqualTo(Duration.ofSeconds(1));
        files.check();
        write("timeoutsmtpd", "86401\n");
        files.get(Settings.TIMEOUTSMTPD);
        assertThatThrownBy(files::check).hasMessageContaining("from 1 to 86400");
    }

    @Test
    void aProblemThatQuotesAFileIsPrintable() throws Exception {
        write("maxrecipients", "\u001b[2J\u202e\n");
        files.get(Settings.MAXRECIPIENTS);
        assertThatThrownBy(files::check).hasMessageContaining("\"_[2J_\" is not a number");
    }

    @Test
    @Covers("qmail:C04")
    void listsLeaveOutCommentsAndEmptyLines() throws Exception {
        write("locals", "#x\n\n  \nexample.org  \t\n .b\nlast");
        assertThat(files.list(Settings.LOCALS).orElseThrow()).containsExactly("example.org", " .b", "last");
    }

    @Test
    void mapsSplitAtTheFirstColonAndTheLastOfAKeyWins() throws Exception {
        write("virtualdomains", "a:b:c\nnocolon\nz:y\nb:\na:d\n:e\n");
        assertThat(files.get(Settings.VIRTUALDOMAINS))
                .containsExactly(entry("z", "y"), entry("b", ""), entry("a", "d"), entry("", "e"));
    }

    @Test
    void everyProblemIsReportedAtOnceWithItsFile() throws Exception {
        write("maxrecipients", "5\n");
        files.get(Settings.MAXRECIPIENTS);
        Files.createDirectories(home.resolve("control/locals"));
        files.list(Settings.LOCALS);
        assertThatThrownBy(files::check)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/maxrecipients:1: \"5\" is not a number from 100 to 100000")
                .hasMessageContaining("control/locals: cannot be read");
    }

    @Test
    @Timeout(60)
    void aPipeIsNotWaitedForAndAnEndlessFileIsNotRead() throws Exception {
        var mkfifo = new ProcessBuilder("mkfifo", home.resolve("control/locals").toString()).start();
        assertThat(mkfifo.waitFor(30, TimeUnit.SECONDS)).isTrue();
        try (var sparse = new RandomAccessFile(home.resolve("control/rcpthosts").toFile(), "rw")) {
            sparse.setLength(ControlFiles.LIMIT + 1L);
        }
        byte[] most = new byte[ControlFiles.LIMIT];
        java.util.Arrays.fill(most, (byte) 'x');
        Files.write(home.resolve("control/percenthack"), most);
        Files.createSymbolicLink(home.resolve("control/badmailfrom"), Path.of("/dev/zero"));
        assertThat(files.list(Settings.LOCALS)).isEmpty();
        assertThat(files.text(Settings.RCPTHOSTS)).isEmpty();
        assertThat(files.text(Settings.PERCENTHACK).orElseThrow()).hasSize(ControlFiles.LIMIT);
        assertThat(files.text(Settings.BADMAILFROM)).isEmpty();
        assertThatThrownBy(files::check)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .containsExactly(
                                        "control/locals: is a pipe, a socket or a device; write a plain file",
                                        "control/rcpthosts: has over 67108864 octets, which is the limit",
                                        "control/badmailfrom: is a pipe, a socket or a device; write a plain file"));
    }

    @Test
    void aFileThatCannotBeReadIsToldOnceAndNotSaidToBeMissing() throws Exception {
        Files.createDirectories(home.resolve("control/me"));
        Files.createDirectories(home.resolve("control/locals"));
        files.get(Settings.BOUNCEHOST);
        var _ = files.list(Settings.LOCALS);
        assertThatThrownBy(files::check)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .satisfiesExactly(
                                        problem -> assertThat(problem).startsWith("control/me: cannot be read"),
                                        problem -> assertThat(problem).startsWith("control/locals: cannot be read")));
    }

    @Test
    void aFileThatCannotBeReadIsThereAndThatIsAllThatIsSaidOfIt() throws Exception {
        Files.createDirectories(home.resolve("control/me"));
        var _ = files.get(Settings.SMTPGREETING); // for which control/me would stand in
        assertThat(files.isThere(Settings.ME)).isTrue();
        assertThat(files.isThere(Settings.LOCALS)).isFalse();
        assertThatThrownBy(files::check)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .singleElement()
                                .asString()
                                .startsWith("control/me: cannot be read"));
    }

    @Test
    void anOctetOfValueZeroIsRefusedByItsLine() throws Exception {
        Files.writeString(home.resolve("control/virtualdomains"), "a.example:joe\nb.example:j\0oe\n");
        assertThat(files.get(Settings.VIRTUALDOMAINS)).isEmpty();
        assertThatThrownBy(files::check)
                .hasMessage("control/virtualdomains:2: has an octet of value 0; write the file as plain text");
    }

    @ParameterizedTest(name = "concurrencyremote {0}, concurrencyperhost {1}: {2}")
    @CsvSource({"20,,15", "1,,1", "0,,1", "4,,3", "20,7,7", "20,50,20", "0,5,1", ",,15"})
    void aShareIsThreeQuartersAndNeverMoreThanTheWhole(String whole, String share, int expected) throws Exception {
        if (whole != null) {
            write("concurrencyremote", whole);
        }
        if (share != null) {
            write("concurrencyperhost", share);
        }
        assertThat(files.get(Settings.CONCURRENCYPERHOST)).isEqualTo(expected);
        files.check();
    }

    @ParameterizedTest(name = "concurrencyincoming {0}, concurrencyperclient {1}: {2}")
    @CsvSource({",,200", "100,,50", "3,,2", "1,,1", "3,7,7", "400,,200"})
    void aClientHasHalfOfTheConnectionsAtMost(String all, String one, int expected) throws Exception {
        if (all != null) {
            write("concurrencyincoming", all);
        }
        if (one != null) {
            write("concurrencyperclient", one);
        }
        assertThat(files.get(Settings.CONCURRENCYPERCLIENT)).isEqualTo(expected);
        files.check();
    }

    @Test
    void aWordIsOneOfThoseThatAreDeclared() throws Exception {
        assertThat(files.get(Settings.LDAPSTARTTLS)).isEqualTo("off");
        write("ldapstarttls", "Required\n");
        assertThat(files.get(Settings.LDAPSTARTTLS)).isEqualTo("required");
        assertThat(files.get(Settings.OPENRELAY)).isFalse();
        files.check();
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "YES", "yes # please", ""})
    void aWordThatIsNoneIsAMistake(String word) throws Exception {
        write("openrelay", word + "\n");
        assertThat(files.get(Settings.OPENRELAY)).isFalse();
        assertThatThrownBy(files::check).hasMessage("control/openrelay:1: \"" + word + "\" is none of no, yes");
    }

    @Test
    void anEmptyWordIsAMistakeToo() throws Exception {
        write("ldapstarttls", "");
        files.get(Settings.LDAPSTARTTLS);
        assertThatThrownBy(files::check).hasMessage("control/ldapstarttls:1: \"\" is none of off, optional, required");
    }
}

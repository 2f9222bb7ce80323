package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** showctl, check and config-fast. */
class SettingsCommandsTest {
    @TempDir
    Path home;

    @BeforeEach
    void folders() throws Exception {
        for (String name : new String[] {"control", "alias", "users"}) {
            Files.createDirectories(home.resolve(name));
        }
        write("alias/.qmail-default", "joe@elsewhere.example\n");
        write("control/me", "mail.example.org\n");
        write("control/rcpthosts", "mail.example.org\n");
    }

    private void write(String name, String text) throws Exception {
        Files.writeString(home.resolve(name), text);
    }

    private Tool.Result showctl() {
        return new Tool().run(Showctl::run, "--home=" + home);
    }

    private Tool.Result check(Program... programs) {
        return new Tool().run(call -> Check.run(call, List.of(programs)), "--home", home.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                ":relay.example:587; :relay.example:587",
                ":relay.example:587|ann|se|sa me; :relay.example:587|ann|(set)",
                "a.example:relay.example ann sesame; a.example:relay.example|ann|(set)",
                ":relay.example ann sesame|x; :relay.example|ann|(set)",
                ":relay.example|sesame; :relay.example|(set)",
                ":relay.example sesame; :relay.example|(set)",
                "relay.example|ann|sesame; relay.example (set)",
                "relay.example ann ses:ame; relay.example (set)"
            })
    void showctlHidesThePasswordsOfRelays(String line, String shown) throws Exception {
        write("control/smtproutes", line + "\n");
        write("control/authsenders", line + "\n");
        assertThat(showctl().out())
                .contains("\nsmtproutes: \n  " + shown + "\n", "\nauthsenders: \n  " + shown + "\n")
                .doesNotContain("sesame", "sa me", "ses:ame");
    }

    @Test
    @Covers("qmail:T02")
    void showctlTellsValuesFromDefaults() throws Exception {
        write("control/concurrencylocal", "7 # of them\n");
        write("control/locals", "# ours\nexample.org\n\nexample.net  \n");
        write("control/ldappassword", "geheim\n");
        write("control/bouncefrom", "");
        write("control/defaulthost", "caf\u00e9\u001b[2J\n");
        write("control/concurrencyperhost", "lots\n");
        write("control/timeoutsmtpd", "0\n");
        write("control/concurrencyperuser", "8\n");
        write("control/cleanpause", "");
        write("control/surprise", "");
        var result = showctl();
        assertThat(result.code()).isZero();
        assertThat(result.out())
                .contains(
                        "home directory: " + home + ".\n",
                        "paternalism (in decimal): 2.\n",
                        "\nme: mail.example.org\n",
                        "\nconcurrencylocal: 7\n",
                        "\nconcurrencyremote: (Default.) 20\n",
                        "\nlocals: \n  example.org\n  example.net\n",
                        "\nidhost: (Default.) mail.example.org, from control/me\n",
                        "\nldappassword: (set)\n",
                        "(an empty file is an empty value, not the default)",
                        "\ndefaulthost: caf\u00c3\u00a9_[2J\n",
                        "\nconcurrencyperhost: lots\n  WRONG: control/concurrencyperhost:1: \"lots\" is not a number from 1 to",
                        "\ntimeoutsmtpd: 1\n",
                        "\nconcurrencyperuser: 7\n",
                        "\ncleanpause: 10\n  (the file is empty, so that the default holds)\n",
                        "\nsurprise: I have no idea what this file does.\n")
                .doesNotContain("geheim")
                .doesNotContain("\u001b");
        List<String> names = result.out()
                .lines()
                .skip(7)
                .filter(line -> line.matches("[a-z0-9.]+: .*") && !line.contains("no idea"))
                .map(line -> line.substring(0, line.indexOf(':')))
                .toList();
        assertThat(names)
                .containsExactlyElementsOf(carteiro.control.Settings.all().keySet());
    }

    @Test
    @Covers("qmail:T02")
    void showctlSeesAStaleDatabase() throws Exception {
        write("control/morercpthosts", "big.example\n");
        assertThat(showctl().out()).contains("WRONG: morercpthosts exists, but no morercpthosts.cdb");
        write("control/morercpthosts.cdb", "");
        Files.setLastModifiedTime(home.resolve("control/morercpthosts.cdb"), FileTime.from(Instant.EPOCH));
        assertThat(showctl().out()).contains("WRONG: it is older than morercpthosts; run qmail-newmrh");
        Files.setLastModifiedTime(
                home.resolve("control/morercpthosts.cdb"),
                FileTime.from(Instant.now().plusSeconds(9)));
        assertThat(showctl().out()).doesNotContain("WRONG");
        Files.delete(home.resolve("control/morercpthosts"));
        assertThat(showctl().out()).contains("WRONG: there is no morercpthosts");
    }

    @Test
    @Covers("qmail:T02")
    void showctlShowsWhatHoldsWithoutMe() throws Exception {
        Files.delete(home.resolve("control/me"));
        assertThat(showctl().out())
                .contains(
                        "\nidhost: (Default.) idhost, since control/me is missing too\n",
                        "\nsmtpgreeting: (Default.) none: smtpd will not start");
        assertThat(new Tool().run(Showctl::run, "--nonsense").code()).isEqualTo(100);
    }

    @Test
    void soundSettingsHaveNoMistakes() {
        assertThat(check()).isEqualTo(new Tool.Result(0, home + ": no mistakes\n", ""));
    }

    @ParameterizedTest(name = "{0} holding \"{1}\": {2}")
    @CsvSource(delimiter = '|', textBlock = """
            control/me                | mail example.org    | control/me:1: "mail example.org" is no host name
            control/timeoutconnect    | 0                   | control/timeoutconnect:1: "0" is not a number from 1 to 3600
            control/timeoutremote     | five minutes        | control/timeoutremote:1: "five minutes" is not a number from 1 to 86400; write digits alone, such as 1200
            control/smtproutes        | example.org         | control/smtproutes:1: "example.org" has no colon
            control/virtualdomains    | example.org         | control/virtualdomains:1: "example.org" has no colon
            control/rcpthosts         | *.example.org       | control/rcpthosts:1: "*.example.org" matches nothing
            control/rcpthosts         | a.example b.example | control/rcpthosts:1: "a.example b.example" matches nothing
            control/logformat         | xml                 | control/logformat:1: "xml" is none of plain, tai64n, json
            control/openrelay         | YES                 | control/openrelay:1: "YES" is none of no, yes
            control/tcp.smtp          | [10.1/16]:allow     | control/tcp.smtp:1: has no IP address or network in brackets
            control/tcp.qmqp          | 10.0.0.*:allow      | control/tcp.qmqp:1: "10.0.0.*" is no client's address
            control/tcp.qmqp          | 10.:allow,QMAILQUEUE="bin/scan" | control/tcp.qmqp:1: QMAILQUEUE: there is no program
            control/qmqpservers       | mail.example.org    | control/qmqpservers:1: "mail.example.org" is no server
            control/qmqpservers       | # none yet          | control/qmqpservers: names no server
            control/qmqpcacerts       | hello               | control/qmqpcacerts: cannot be used (
            control/tcp.smtp          | :allow,QMAILQUEUE="bin/scan" | control/tcp.smtp:1: QMAILQUEUE: there is no program
            control/tcp.smtp          | :allow,QMAILQUEUE="",QMAILQUEUE="./no" | control/tcp.smtp:1: QMAILQUEUE: there is no program
            control/tcp.smtp          | 10.:permit          | control/tcp.smtp:1: says neither allow nor deny
            control/badmailfrom       | example.org         | control/badmailfrom:1: "example.org" matches nothing
            control/locals            | joe@example.org     | control/locals:1: "joe@example.org" is no domain
            control/concurencyremote  | 50                  | control/concurencyremote: is no control file of Carteiro; concurrencyremote is
            control/Locals            | example.org         | control/Locals: is no control file of Carteiro; locals is
            control/morercpthosts     | example.org         | control/morercpthosts: exists, but control/morercpthosts.cdb does not
            users/assign              | .                   | users/assign: exists, but users/cdb does not
            """)
    void checkFindsAMistake(String file, String text, String mistake) throws Exception {
        write(file, text + "\n");
        var result = check();
        assertThat(result.out()).contains(mistake);
        assertThat(result.code()).isEqualTo(100);
        assertThat(result.out()).contains(home + ": 1 mistake");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            :allow                       | true
            :deny\\n:allow               | false
            10.:allow\\n:deny            | false
            [0.0.0.0/0]:allow            | true
            [::/0]:allow\\n:deny         | true
            [::/1]:allow                 | false
            """)
    void checkWarnsOfAQmqpThatIsOpenToAll(String rules, boolean open) throws Exception {
        write("control/tcp.qmqp", rules.replace("\\n", "\n") + "\n");
        assertThat(check().out().contains("warning: control/tcp.qmqp: everybody who reaches this host may send"))
                .isEqualTo(open);
        assertThat(check().code()).isZero();
    }

    @Test
    void checkWarnsOfWhatOnlyQmqpdDoesNotRead() throws Exception {
        write("control/tcp.qmqp", "10.:allow,RELAYCLIENT=\"\",DATABYTES=\"1\"\n");
        assertThat(check().out())
                .contains(
                        "warning: control/tcp.qmqp:1: RELAYCLIENT has no effect: qmqpd reads only DATABYTES, QMAILQUEUE");
    }

    @Test
    void checkWarnsOfServersOfQmqpThatNotEveryUserMayRead() throws Exception {
        write("control/qmqpservers", "192.0.2.8\n");
        Files.setPosixFilePermissions(
                home.resolve("control/qmqpservers"), PosixFilePermissions.fromString("rw-r-----"));
        assertThat(check().out()).contains("warning: control/qmqpservers: qmail-qmqpc reads it as the user who sends");
    }

    @Test
    void showctlPrintsWhatRuns() throws Exception {
        write("control/concurrencyincoming", "100\n");
        write("control/concurrencyperhost", "500\n");
        write("control/openrelay", "true\n");
        assertThat(showctl().out())
                .contains(
                        "\nconcurrencyperclient: (Default.) 50\n",
                        "\nconcurrencyperhost: 20\n",
                        "\nconcurrencyperuser: (Default.) 8, three quarters of concurrencylocal\n",
                        "\nopenrelay: true\n  WRONG: control/openrelay:1: \"true\" is none of no, yes\n");
        write("control/concurrencyperclient", "");
        assertThat(check().out())
                .contains("control/concurrencyperclient: holds no number, so that the default holds (50)");
    }

    @Test
    void checkWarnsOfNumbersOfWhichAnotherIsUsed() throws Exception {
        write("control/concurrencyremote", "1001\n");
        write("control/concurrencylocal", "10\n20\n");
        write("control/timeoutsmtpd", "0 # never\n");
        write("control/cleanpause", "\n");
        assertThat(check().out())
                .contains(
                        "warning: control/concurrencyremote:1: 1000 is used in its place, since the range is 0 to 1000",
                        "warning: control/concurrencylocal:2: only the first line counts",
                        "warning: control/timeoutsmtpd:1: 1 is used in its place",
                        "warning: control/cleanpause: holds no number, so that the default holds (10)")
                .endsWith(home + ": no mistakes, 4 warnings\n");
    }

    @Test
    void checkFindsAnOctetThatNoTextHas() throws Exception {
        write("control/tcp.smtp", "127.:allow\n:allow,QMAILQUEUE=\"/bin/a\0b\"\n");
        assertThat(check().out()).contains("control/tcp.smtp:2: has an octet of value 0; write the file as plain text");
    }

    @Test
    void checkFindsAVirtualAddressWhoseDomainIsLocal() throws Exception {
        write("control/locals", "example.org\n");
        write("control/virtualdomains", "Info@Example.org:joe\ninfo@example.net:joe\n");
        assertThat(check().out())
                .contains(
                        "control/virtualdomains:1: Info@Example.org has no effect, since Example.org is in control/locals")
                .contains(home + ": 1 mistake,");
    }

    @Test
    void checkFindsAQueueThatIsStillQmails() throws Exception {
        for (String name : new String[] {"mess", "lock"}) {
            Files.createDirectories(home.resolve("queue").resolve(name));
        }
        assertThat(check().out()).contains(home + "/queue is qmail's own", "mv " + home + "/queue ", ": 1 mistake\n");
    }

    @Test
    void checkWarnsOfVariablesOfClientsThatNothingReads() throws Exception {
        Path scanner = home.resolve("scan");
        Files.writeString(scanner, "#!/bin/sh\n");
        Files.setPosixFilePermissions(scanner, PosixFilePermissions.fromString("rwxr-xr-x"));
        write(
                "control/tcp.smtp",
                "# :allow,X=\"\"\n10.:allow,RELAYCLIENT=\"\",RBLSMTPD='-no, \"really\"'\n:allow,QMAILQUEUE=\"" + scanner
                        + "\",SCAN=\"y\"\n");
        assertThat(check().out())
                .contains("warning: control/tcp.smtp:2: RBLSMTPD has no effect")
                .endsWith(home + ": no mistakes, 1 warning\n");
    }

    @Test
    void checkWarnsOfASecretThatAReloadCannotRead() throws Exception {
        assumeThat(System.getProperty("user.name")).as("needs root").isEqualTo("root");
        if (SystemAccount.named("qmailp").isEmpty()) { // testkit removes it when the module's tests have ended
            assertThat(new ProcessBuilder("useradd", "--system", "--no-create-home", "qmailp")
                            .inheritIO()
                            .start()
                            .waitFor())
                    .isZero();
        }
        write("control/ldappassword", "x");
        Path secret = home.resolve("control/ldappassword");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        assertThat(check().out())
                .contains("warning: control/ldappassword: qmailp, whom lookup runs as, may not read it");
        Files.setOwner(
                secret, home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("qmailp"));
        assertThat(check().out()).isEqualTo(home + ": no mistakes\n");
    }

    @Test
    void checkFindsEveryMistakeAtOnce() throws Exception {
        Files.delete(home.resolve("control/me"));
        write("control/locals", "mail.example.org\r\n");
        write("control/virtualdomains", "Example.net:joe\n");
        write("control/timeoutconnect", "9999\n");
        write("users/assign", ".\n");
        write("users/cdb", "");
        Files.setLastModifiedTime(home.resolve("users/cdb"), FileTime.from(Instant.EPOCH));
        Files.setPosixFilePermissions(home.resolve("alias"), PosixFilePermissions.fromString("rwxrwxrwx"));
        write("control/ldappassword", "x");
        Files.setPosixFilePermissions(
                home.resolve("control/ldappassword"), PosixFilePermissions.fromString("rw-r--r--"));
        var result = check(new Toy());
        assertThat(result.code()).isEqualTo(100);
        assertThat(result.out())
                .contains(
                        "control/me: is missing",
                        "control/locals:1: the line ends in CR LF",
                        "\"9999\" is not a number from 1 to 3600",
                        "users/cdb: is older than users/assign",
                        "alias: every user of this host may write it",
                        "control/ldappassword: every user of this host may read it",
                        "control/toy: is broken");
    }

    @Test
    @NeedsOrdinaryUser("root may read everything")
    void checkFindsWhatItMayNotRead() throws Exception {
        write("control/helohost", "x\n");
        Files.setPosixFilePermissions(home.resolve("control/helohost"), PosixFilePermissions.fromString("---------"));
        assertThat(check().out()).contains("control/helohost: cannot be read");
    }

    @Test
    void checkWarnsOfWhatMayBeMeant() throws Exception {
        write("control/me", "localhost\n");
        Files.delete(home.resolve("control/rcpthosts"));
        Files.delete(home.resolve("alias/.qmail-default"));
        write("control/idhost", "");
        write("control/mynotes", "");
        var result = check();
        assertThat(result.code()).isZero();
        assertThat(result.out())
                .contains(
                        "warning: control/me:1: \"localhost\" has no dot",
                        "warning: control/rcpthosts: is missing",
                        "warning: alias/.qmail-postmaster: is missing",
                        "warning: control/idhost: is empty",
                        "warning: control/mynotes: is no control file of Carteiro; nothing reads it",
                        "no mistakes, 7 warnings\n");
    }

    @Test
    void checkSaysWhenThereIsNothing() {
        var result = new Tool()
                .run(
                        call -> Check.run(call, List.of()),
                        "--home",
                        home.resolve("none").toString());
        assertThat(result.code()).isEqualTo(100);
        assertThat(result.out()).contains("is no folder", "carteiro init");
    }

    @Test
    @Covers("qmail:C14")
    void configFastWritesTheFirstFiles() throws Exception {
        Files.delete(home.resolve("control/me"));
        var result = new Tool().with("CARTEIRO_HOME", home.toString()).run(ConfigFast::run, "a.b.Example.org");
        assertThat(result.code()).isZero();
        assertThat(Files.readString(home.resolve("control/me"))).isEqualTo("a.b.example.org\n");
        assertThat(Files.readString(home.resolve("control/defaultdomain"))).isEqualTo("b.example.org\n");
        assertThat(Files.readString(home.resolve("control/plusdomain"))).isEqualTo("example.org\n");
        assertThat(Files.readString(home.resolve("control/locals"))).isEqualTo("a.b.example.org\n");
        assertThat(Files.readString(home.resolve("control/rcpthosts")))
                .isEqualTo("mail.example.org\na.b.example.org\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("control/me"))))
                .isEqualTo("rw-r--r--");
        assertThat(check().code()).isZero();

        var again = new Tool().with("CARTEIRO_HOME", home.toString()).run(ConfigFast::run, "a.b.example.org");
        assertThat(again.code()).isEqualTo(111);
        for (String wrong : new String[] {"", "localhost", "a..b", "a.b.", "a b.c", ".a.b"}) {
            assertThat(new Tool()
                            .with("CARTEIRO_HOME", home.toString())
                            .run(ConfigFast::run, wrong)
                            .code())
                    .isEqualTo(100);
        }
    }

    /** A program that does not like its settings. */
    private static final class Toy implements Program {
        @Override
        public String name() {
            return "toy";
        }

        @Override
        public String user() {
            return "toy";
        }

        @Override
        public StopStage stopStage() {
            return StopStage.ASKED;
        }

        @Override
        public RunningProgram start(ProgramContext context) {
            throw new AssertionError("check starts nothing");
        }

        @Override
        public void check(Installation installation) throws ControlException {
            throw new ControlException(List.of("control/toy: is broken"));
        }
    }
}

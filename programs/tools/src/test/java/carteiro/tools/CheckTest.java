package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.mail.Octets;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What check finds in single files. */
class CheckTest {
    private static final String PASSWORD = "test material";

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

    private void write(String name, String octets) throws Exception {
        Files.write(home.resolve(name), octets.getBytes(StandardCharsets.ISO_8859_1));
    }

    private String check() {
        return new Tool()
                .run(call -> Check.run(call, List.of()), "--home", home.toString())
                .out();
    }

    @Test
    void beforeTheStartOnlyWhatKeepsProgramsFromItIsAMistake() throws Exception {
        write("control/defaultdelivery", "Maildir/\n");
        assertThat(check()).endsWith(home + ": 1 mistake\n");
        Tool.Result asked = new Tool()
                .run(
                        call -> Check.run(call, List.<carteiro.protocol.Program>of()),
                        "--before-start",
                        "--home",
                        home.toString());
        assertThat(asked.code()).isZero();
        assertThat(asked.out()).isEqualTo(home + ": no mistakes\n");
        for (String folder : List.of("mess", "lock")) {
            Files.createDirectories(home.resolve("queue").resolve(folder));
        }
        Tool.Result qmails =
                new Tool().run(call -> Check.run(call, List.of()), "--home", home.toString(), "--before-start");
        assertThat(qmails.code()).isEqualTo(Exit.PERMANENT);
        assertThat(qmails.out()).contains("/queue is qmail's own");
    }

    private void findsOnlyThisMistake(String mistake) {
        assertThat(check()).contains(mistake).endsWith(home + ": 1 mistake\n");
    }

    private void warnsOnlyOf(String warning) {
        assertThat(check()).contains("warning: " + warning).endsWith(home + ": no mistakes, 1 warning\n");
    }

    @ParameterizedTest(name = "tcp.smtp: {0}")
    @CsvSource(delimiter = '|', textBlock = """
            10.0.0.0/8       | [10.0.0.0/8]:...
            127              | 127.:... with a dot
            192.168          | 192.168.:... with a dot
            192.0.2          | 192.0.2.:... with a dot
            192.0.2.300      | such as 192.0.2.1:...
            1.2.3.4.5        | such as 192.0.2.1:...
            10.*             | the beginning of an address with its dot
            *                | nothing before the colon
            *.example.org    | =.example.org:...
            mail.example.org | =mail.example.org:...
            localhost        | =localhost:...
            ann@10.0.0.0/8   | [10.0.0.0/8]:...
            """)
    void checkFindsAnAddressThatNoClientHas(String address, String instead) throws Exception {
        write("control/tcp.smtp", "# ours\n" + address + ":allow,RELAYCLIENT=\"\"\n:allow\n");
        findsOnlyThisMistake("control/tcp.smtp:2: \"" + address + "\" is no client's address; write " + instead);
    }

    @ParameterizedTest(name = "tcp.smtp: {0}")
    @ValueSource(
            strings = {
                "127.", "10.2-3.", "192.0.2.1", "192.0.2.1-9", "[2001:db8::/32]", "[10.0.0.0/8]", "=.example.org",
                "=mail.example.org", "=", "", "ann@192.0.2.1", "ann@=mail.example.org", "255.255.255.255", "0."
            })
    void checkTakesWhatTcprulesTakes(String address) throws Exception {
        write("control/tcp.smtp", address + ":allow\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, textBlock = """
            virtualdomains|*.example.net:joe|"*.example.net" matches nothing; write .example.net:joe
            virtualdomains|example.net: joe|the account " joe" has a blank; write example.net:joe
            virtualdomains|example.net :joe|"example.net " has a blank and matches nothing; write example.net:joe
            virtualdomains| example.net:joe|" example.net" has a blank and matches nothing
            virtualdomains|@example.net:joe|"@example.net" matches nothing; write example.net:joe
            smtproutes|*.example.net:relay.example|"*.example.net" matches nothing; write example.org, or .example.net
            smtproutes|joe@example.net:relay.example|"joe@example.net" matches nothing
            tlsremote|*:require|"*" matches nothing; write example.org, or .example.org
            badmailfrom|*@example.net|"*@example.net" matches nothing
            locals|*.example.net|"*.example.net" is no domain
            locals|a.example b.example|"a.example b.example" is no domain
            """)
    void checkFindsADomainThatMatchesNothing(String file, String line, String mistake) throws Exception {
        write("control/locals", "mail.example.org\n");
        write(
                "control/" + file,
                "mail.example.org" + (file.equals("locals") ? "" : file.equals("badmailfrom") ? "@x" : ".x:y") + "\n\n"
                        + line + "\n");
        findsOnlyThisMistake("control/" + file + ":3: " + mistake);
    }

    @Test
    void checkKnowsADomainInBothItsForms() throws Exception {
        write("control/locals", "mail.example.org\nstra\u00c3\u009fe.example\n");
        write("control/virtualdomains", "xn--bcher-kva.example:joe\n");
        write("control/rcpthosts", "mail.example.org\nXN--strae-oqa.example\nb\u00c3\u00bccher.example\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
        write("control/virtualdomains", "xn--strae-oqa.example:joe\nxn--bcher-kva.example:joe\n");
        findsOnlyThisMistake("control/virtualdomains:1: xn--strae-oqa.example has no effect");
    }

    @Test
    void checkWarnsOfADomainThatStandsTwice() throws Exception {
        write("control/virtualdomains", "example.net:joe\nExample.NET:ann\n");
        warnsOnlyOf("control/virtualdomains:2: Example.NET stands there twice; the last counts");
    }

    @Test
    void checkWarnsOfADomainThatIsAcceptedAndDeliveredByNobodyHere() throws Exception {
        write("control/locals", "mail.example.org\nsub.wide.example\n");
        write("control/virtualdomains", "virtual.example:joe\n.below.example:ann\ninfo@one.example:bob\n");
        write("control/smtproutes", "routed.example:relay.example\n");
        write("control/percenthack", "hack.example\n");
        write(
                "control/rcpthosts",
                "mail.example.org\nVirtual.example\na.below.example\n.below.example\none.example\nrouted.example\n"
                        + ".wide.example\nhack.example\n# none:\nnobody.example\n");
        warnsOnlyOf("control/rcpthosts:10: mail for nobody.example is accepted, but neither locals");
        write("control/smtproutes", ":relay.example\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
    }

    @ParameterizedTest(name = "{0} of alias: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            Maildir/       | "Maildir/" is taken for an address; write ./Maildir/
            Mail/in/       | "Mail/in/" is taken for an address; write ./Mail/in/
            '&joe\\r'      | the line ends in CR LF, and the CR belongs to the instruction
            ' joe'         | begins with a blank, which belongs to the address
            """)
    void checkFindsAnInstructionThatIsAnotherThanItSeems(String line, String mistake) throws Exception {
        String text = "# first\n" + line.replace("\\r", "\r") + "\n";
        write("alias/.qmail-info", text);
        findsOnlyThisMistake("alias/.qmail-info:2: " + mistake);
        Files.delete(home.resolve("alias/.qmail-info"));
        if (!line.contains("\\r")) {
            write("control/defaultdelivery", text);
            findsOnlyThisMistake("control/defaultdelivery:2: " + mistake);
        }
    }

    @Test
    void checkFindsCrLfInInstructionsOnce() throws Exception {
        write("control/defaultdelivery", "./Maildir/\r\n");
        findsOnlyThisMistake("control/defaultdelivery:1: the line ends in CR LF");
        Files.delete(home.resolve("control/defaultdelivery"));
        write("control/tcp.smtp", ":allow\r\n");
        findsOnlyThisMistake("control/tcp.smtp:1: the line ends in CR LF");
    }

    @Test
    void checkWarnsOfANameOfAMailbox() throws Exception {
        write("alias/.qmail-info", "Maildir\n");
        warnsOnlyOf("alias/.qmail-info:1: \"Maildir\" is taken for an address; write ./Maildir/ if");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            nosuchuser\\n                  | nosuchuser has neither an account nor alias/.qmail-nosuchuser
            &NoSuchUser@mail.example.org   | nosuchuser has neither an account nor alias/.qmail-nosuchuser
            '# nobody\\n\\n'               | alias/.qmail-postmaster has no instruction, so that every message is thrown away
            postmaster\\n                  | postmaster leads back to itself
            a\\n                           | a leads back to itself
            info@virtual.example           | no-such-user-info has neither an account nor alias/.qmail-no-such-user-info
            """)
    void checkFindsAPostmasterWhoIsNobody(String text, String why) throws Exception {
        Files.delete(home.resolve("alias/.qmail-default"));
        write("control/virtualdomains", "virtual.example:no-such-user\n");
        write("alias/.qmail-mailer-daemon", "joe@elsewhere.example\n");
        write("alias/.qmail-root", "joe@elsewhere.example\n");
        write("alias/.qmail-a", "b\n");
        write("alias/.qmail-b", "a@mail.example.org\n");
        write("alias/.qmail-postmaster", text.replace("\\n", "\n"));
        findsOnlyThisMistake("alias/.qmail-postmaster: mail to postmaster reaches nobody: " + why);
    }

    /** As delivery does: what is before it is skipped. */
    @Test
    void checkTakesNoOffenceAtAMarkOfUtf8() throws Exception {
        write("control/defaultdelivery", "\u00ef\u00bb\u00bf./Maildir/\n");
        write("alias/.qmail-postmaster", "\u00ef\u00bb\u00bfjoe@elsewhere.example\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
        write("alias/.qmail-postmaster", "\u00ef\u00bb\u00bf# nobody\n");
        findsOnlyThisMistake("alias/.qmail-postmaster: mail to postmaster reaches nobody");
    }

    @Test
    void checkFollowsAnExtensionToTheLongestFileThatIsThere() throws Exception {
        write("alias/.qmail-postmaster", "Team.One-night@mail.example.org\n");
        write("alias/.qmail-team:one-default", "# nobody\n");
        findsOnlyThisMistake(
                "alias/.qmail-postmaster: mail to postmaster reaches nobody: alias/.qmail-team:one-default has no");
        write("alias/.qmail-team:one-night", "joe@elsewhere.example\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
        write("alias/.qmail-postmaster", "alias-team.one-day\n");
        findsOnlyThisMistake(
                "alias/.qmail-postmaster: mail to postmaster reaches nobody: alias/.qmail-team:one-default has no");
    }

    @Test
    void checkFindsAnAccountBeforeAnyHyphen() throws Exception {
        Files.delete(home.resolve("alias/.qmail-default"));
        write("alias/.qmail-mailer-daemon", "joe@elsewhere.example\n");
        write("alias/.qmail-root", "joe@elsewhere.example\n");
        String user = "www-data"; // has a hyphen
        assumeTrue(SystemAccount.named(user).isPresent(), "SKIPPED: no user " + user + " here");
        write("alias/.qmail-postmaster", user + "-list\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "joe@elsewhere.example\n",
                "./Maildir/\n",
                "|cat\n",
                "nosuchuser\nroot\n",
                "&root\n",
                "root@mail.example.org\n",
                "# comment\n/var/mail/x\n"
            })
    void checkIsContentWithAPostmasterWhoIsSomebody(String text) throws Exception {
        write("alias/.qmail-default", "nosuchuser-either@elsewhere.example\n");
        write("alias/.qmail-root", "joe@elsewhere.example\n");
        write("alias/.qmail-postmaster", text);
        assertThat(check()).endsWith(home + ": no mistakes\n");
    }

    @Test
    @Timeout(60)
    void checkOpensNoPipeNoLinkAndNoEndlessFileOfAlias() throws Exception {
        var mkfifo =
                new ProcessBuilder("mkfifo", home.resolve("alias/.qmail-pipe").toString()).start();
        assertThat(mkfifo.waitFor(30, TimeUnit.SECONDS)).isTrue();
        write("control/ldappassword", "Maildir/\n");
        Files.setPosixFilePermissions(
                home.resolve("control/ldappassword"), PosixFilePermissions.fromString("rw-------"));
        Files.createSymbolicLink(home.resolve("alias/.qmail-link"), home.resolve("control/ldappassword"));
        Files.createSymbolicLink(home.resolve("alias/.qmail-zero"), Path.of("/dev/zero"));
        write("alias/.qmail-limit", "#".repeat(1 << 20));
        write("alias/.qmail-over", "#".repeat((1 << 20) + 1));
        assertThat(check())
                .contains(
                        "alias/.qmail-pipe: is no regular file",
                        "alias/.qmail-over: has over 1048576 octets",
                        ": 2 mistakes")
                .doesNotContain("Maildir", "qmail-limit");
    }

    /** The folders are other users', who work in them. */
    @ParameterizedTest
    @Timeout(60)
    @ValueSource(strings = {"alias/.qmail-flicker", "users/cdb", "control/locals"})
    void aFileThatVanishesMeanwhileDoesNotEndCheck(String name) throws Exception {
        Path file = home.resolve(name);
        write("users/assign", ".\n");
        var done = new AtomicBoolean();
        Thread flicker = Thread.ofPlatform().start(() -> {
            try {
                while (!done.get()) {
                    Files.writeString(file, "joe@elsewhere.example\n");
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        try {
            for (int i = 0; i < 1000; i++) {
                var found = new FindingList();
                var installation = new Installation(home);
                new PermissionFindings(installation, found).look();
                new FileFindings(installation, new ControlFiles(installation), found).look();
                assertThat(found.mistakes()).allMatch(mistake -> mistake.startsWith("users/assign: exists, but"));
            }
        } finally {
            done.set(true);
            flicker.join();
        }
    }

    @Test
    @Timeout(60)
    void checkTakesLargeTables() throws Exception {
        var received = new StringBuilder("mail.example.org\n");
        var virtual = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            received.append(".sub").append(i).append(".example\n");
            virtual.append("joe@a.sub").append(i).append(".example:joe\n");
        }
        write("control/rcpthosts", received.toString());
        write("control/virtualdomains", virtual.toString());
        assertThat(check()).endsWith(home + ": no mistakes\n");
    }

    @ParameterizedTest
    @CsvSource({"smtproutes,a.example,b.example", "tlsremote,may,none", "aliasdomains,a.example,b.example"})
    void checkFindsTwoFormsOfADomainThatContradict(String file, String one, String other) throws Exception {
        write("control/" + file, "b\u00c3\u00bccher.example:" + one + "\nxn--bcher-kva.example:" + other + "\n");
        warnsOnlyOf(
                "control/" + file
                        + ":2: xn--bcher-kva.example is the same domain as b\u00c3\u00bccher.example of line 1, with another value");
        write("control/" + file, "b\u00c3\u00bccher.example:" + one + "\nxn--bcher-kva.example:" + one + "\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
        write("control/" + file, "c.example:" + one + "\nc.example:" + other + "\n");
        warnsOnlyOf("control/" + file + ":2: c.example stands there twice; the last counts");
    }

    @Test
    void pathsAreShownInTheirOctets() throws Exception {
        Path folder = home.resolve("caf\u00e9");
        Files.createDirectories(folder.resolve("control"));
        Files.writeString(folder.resolve("control/me"), "mail.example.org\r\n");
        Files.writeString(folder.resolve("control/h\u00e9"), "");
        String shown = Octets.text(folder.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(new Tool()
                        .run(
                                call -> Check.run(call, List.of()),
                                "--home",
                                Octets.text(folder.toString().getBytes(StandardCharsets.UTF_8)))
                        .out())
                .contains("sed -i 's/\\r$//' " + shown + "/control/me\n", "control/h\u00c3\u00a9: is no control file");
    }

    @Test
    void checkFindsAKeyThatEveryUserMayRead() throws Exception {
        write("control/ldappassword", "x");
        Path secret = home.resolve("control/ldappassword");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(check())
                .contains("control/ldappassword: every user of this host may read it; run: chmod o= " + secret);
        write("control/servercert.pem", pem("CN=mail.example.org", "30"));
        Path key = home.resolve("control/servercert.pem");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(check())
                .contains("control/servercert.pem: every user of this host may read its private key; run: chmod o= "
                        + key);
    }

    @Test
    void checkQuotesNoPasswordOfARelay() throws Exception {
        write(
                "control/smtproutes",
                "relay.example|ann|sesame\nrelay.example ann ses:ame\n:relay.example:587 ann sesame\n"
                        + "a.example:b|ann|sesame\na.example:b|ann|another sesame\n");
        write("control/authsenders", "relay.example|ann|sesame\n");
        Path routes = home.resolve("control/smtproutes");
        Files.setPosixFilePermissions(routes, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(check())
                .contains(
                        "control/smtproutes:1: \"relay.example (set)\" has no colon",
                        "control/smtproutes:2: \"relay.example (set)\" matches nothing",
                        "control/smtproutes: every user of this host may read the passwords in it; run: chmod o= "
                                + routes,
                        "control/authsenders:1: \"relay.example (set)\" has no colon")
                .doesNotContain("sesame", "ses:ame");
    }

    // ---- certificates

    /** Key and certificate as PEM, by keytool. */
    private String pem(String subject, String days, String... more) throws Exception {
        Path store = home.resolve("key.p12");
        Files.deleteIfExists(store);
        var words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "host",
                "-keyalg",
                "EC",
                "-dname",
                subject,
                "-validity",
                days,
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString()));
        words.addAll(List.of(more));
        Process keytool = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("keytool.out").toFile())
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue())
                .as(Files.readString(home.resolve("keytool.out")))
                .isZero();
        var loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, PASSWORD.toCharArray());
        }
        return block(
                        "PRIVATE KEY",
                        loaded.getKey("host", PASSWORD.toCharArray()).getEncoded())
                + block("CERTIFICATE", loaded.getCertificate("host").getEncoded());
    }

    private static String block(String kind, byte[] octets) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(octets) + "\n-----END " + kind
                + "-----\n";
    }

    private void certificate(String pem) throws Exception {
        write("control/servercert.pem", pem);
        Files.setPosixFilePermissions(
                home.resolve("control/servercert.pem"), PosixFilePermissions.fromString("r--------"));
        if (System.getProperty("user.name").equals("root")
                && carteiro.posix.SystemAccount.named("qmaild").isPresent()) {
            Files.setOwner(
                    home.resolve("control/servercert.pem"),
                    home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("qmaild"));
        }
    }

    @Test
    void checkFindsAKeyThatIsNotTheCertificates() throws Exception {
        String other = pem("CN=mail.example.org", "30");
        String pem = pem("CN=mail.example.org", "30");
        certificate(other.substring(0, other.indexOf("-----BEGIN CERTIFICATE"))
                + pem.substring(pem.indexOf("-----BEGIN CERTIFICATE")));
        findsOnlyThisMistake("control/servercert.pem: the private key is not that of the first certificate");
    }

    @Test
    void aCertificateThatServesNoMoreKeepsNothingFromStarting() throws Exception {
        for (String from : List.of("2021/01/30 12:00:00", "2089/01/01 12:00:00")) {
            Files.deleteIfExists(home.resolve("control/servercert.pem"));
            certificate(pem("CN=mail.example.org", "30", "-startdate", from));
            Tool.Result asked =
                    new Tool().run(call -> Check.run(call, List.of()), "--before-start", "--home", home.toString());
            assertThat(asked.out()).isEqualTo(home + ": no mistakes\n");
            assertThat(asked.code()).isZero();
        }
    }

    @Test
    void checkKnowsUntilWhenACertificateServes() throws Exception {
        certificate(pem("CN=mail.example.org", "30"));
        assertThat(check()).endsWith(home + ": no mistakes\n");
        Files.delete(home.resolve("control/servercert.pem"));
        certificate(pem("CN=mail.example.org", "13"));
        warnsOnlyOf("control/servercert.pem: the certificate expires on 20");
        Files.delete(home.resolve("control/servercert.pem"));
        certificate(pem("CN=mail.example.org", "30", "-startdate", "2021/01/30 12:00:00"));
        findsOnlyThisMistake(
                "control/servercert.pem: the certificate expired on 2021-03-01; renew it, then run: carteiro reload");
        Files.delete(home.resolve("control/servercert.pem"));
        certificate(pem("CN=mail.example.org", "30", "-startdate", "2089/01/01 12:00:00"));
        findsOnlyThisMistake("control/servercert.pem: the certificate is not valid before 2089-01-01");
    }

    @Test
    void checkKnowsForWhichNamesACertificateIs() throws Exception {
        certificate(pem("CN=other.example", "30"));
        warnsOnlyOf("control/servercert.pem: the certificate is for other.example, not for mail.example.org");
        Files.delete(home.resolve("control/servercert.pem"));
        certificate(pem("CN=x", "30", "-ext", "san=dns:*.example.org,dns:mx.example.net"));
        assertThat(check()).endsWith(home + ": no mistakes\n");
        write("control/smtpgreeting", "MX.example.net ESMTP\n");
        assertThat(check()).endsWith(home + ": no mistakes\n");
        write("control/smtpgreeting", "mx.sub.example.org ESMTP\n");
        warnsOnlyOf(
                "control/servercert.pem: the certificate is for *.example.org, mx.example.net, not for mx.sub.example.org");
    }

    // ---- files of patches

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            badrcptto      | recipients that do not exist are refused without a list
            badhelo        | HELO and EHLO are not examined
            spfbehavior    | SPF is not there yet
            tarpitcount    | maxrecipients and maxrefusals bound
            smtpauth       | a login is offered at listeners for submission
            simcontrol     | a filter program in QMAILQUEUE is
            tlshosts       | control/tlsremote is
            quotawarning   | quotas are not there yet
            """)
    void checkSaysWhatReplacesAFileOfAPatch(String name, String instead) throws Exception {
        write("control/" + name, "x\n");
        warnsOnlyOf("control/" + name + ": is no control file of Carteiro; " + instead);
    }

    @Test
    void noFileOfOursIsCalledOneOfAPatch() {
        assertThat(Settings.all().keySet())
                .allSatisfy(name -> assertThat(PatchFiles.replacement(name)).isEmpty());
    }

    @Test
    void whatCheckQuotesOfUtf8IsReadable() throws Exception {
        write("control/badmailfrom", "jos\u00c3\u00a9\n");
        findsOnlyThisMistake("control/badmailfrom:1: \"jos\u00c3\u00a9\" matches nothing");
    }

    @Test
    void whatCheckQuotesIsPrintable() throws Exception {
        write("control/badmailfrom", "\u001b]0;x\u0007\u00e2\u0080\u00ae\u009b\n");
        write("control/\u0007\u001b[2J", "");
        assertThat(check())
                .contains("control/badmailfrom:1: \"_]0;x___\" matches nothing", "control/__[2J: is no control file")
                .doesNotContain("\u001b", "\u0007", "\u009b");
    }
}

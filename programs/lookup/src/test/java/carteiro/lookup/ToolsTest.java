package carteiro.lookup;

import static carteiro.lookup.TestHome.USER_UID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Cdb;
import carteiro.control.ControlException;
import carteiro.log.EventLog;
import carteiro.lookup.TestHome.Called;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Lookup;
import carteiro.protocol.LookupExplanation;
import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** qmail-newu, qmail-newmrh, qmail-getpw, qmail-pw2u and explain. */
final class ToolsTest {
    @TempDir
    Path folder;

    private TestHome home;

    @BeforeEach
    void installation() throws Exception {
        home = new TestHome(folder);
    }

    @AfterEach
    void end() {
        home.close();
    }

    private Called newu() {
        return home.call(List.of(), "", QmailNewu::run, "qmail-newu");
    }

    private Path users(String name) {
        return home.installation.users().resolve(name);
    }

    @Test
    @Covers({"qmail:C15", "qmail:U08"})
    void newuWritesWhatTheOriginalWrote() throws Exception {
        JsonNode data = recorded("users-assign.json");
        Files.write(users("assign"), Octets.bytes(data.get("assign").asText()));
        assertThat(newu()).isEqualTo(new Called(0, "", ""));
        assertThat(Files.readAllBytes(users("cdb")))
                .isEqualTo(Base64.getDecoder().decode(data.get("cdb_base64").asText()));
        assertThat(users("cdb.tmp")).doesNotExist();
    }

    @Test
    @Covers("qmail:C15")
    void newmrhWritesWhatTheOriginalWrote() throws Exception {
        JsonNode data = recorded("morercpthosts.json");
        home.control("morercpthosts", data.get("morercpthosts").asText());
        assertThat(home.call(List.of(), "", QmailNewmrh::run, "qmail-newmrh")).isEqualTo(new Called(0, "", ""));
        assertThat(Files.readAllBytes(home.installation.control("morercpthosts.cdb")))
                .isEqualTo(Base64.getDecoder().decode(data.get("cdb_base64").asText()));
    }

    @Test
    void newmrhTrimsAndSkipsAndNeedsItsSource() throws Exception {
        Called missing = home.call(List.of(), "", QmailNewmrh::run, "qmail-newmrh");
        assertThat(missing.code()).isEqualTo(111);
        assertThat(missing.err()).contains("morercpthosts; write it first");
        home.control("morercpthosts", "# comment\n\nOne.Example \t\n.two.example\n");
        assertThat(home.call(List.of(), "", QmailNewmrh::run, "qmail-newmrh").code())
                .isZero();
        var keys = new ArrayList<String>();
        Cdb.open(home.installation.control("morercpthosts.cdb")).forEach((key, data) -> keys.add(key + "=" + data));
        assertThat(keys).containsExactly("one.example=", ".two.example=");
    }

    private static JsonNode recorded(String name) throws IOException {
        try (InputStream in = ToolsTest.class.getResourceAsStream("/qmail/" + name)) {
            return new ObjectMapper().readTree(in).get("data");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "=x:x:1:1:/x:::\n",
                "=x:x:1:1:/x:::\n.",
                "=x:x:1:1:/x::\n.\n",
                "# comment\n.\n",
                "\n.\n",
                ":x:1:1:/x:::\n.\n",
                "=x:x:1:1:/x\0y:::\n.\n",
                ""
            })
    @Covers("qmail:U12")
    void newuRefusesWhatIsNoAssignmentAndLeavesTheOldFile(String text) throws Exception {
        home.assign("=old:old:1:1:/old:::\n.\n");
        byte[] before = Files.readAllBytes(users("cdb"));
        Files.write(users("assign"), Octets.bytes(text));
        Called called = newu();
        if (text.equals("=x:x:1:1:/x:::\n.")) { // a dot is a dot, with or without an end of line
            assertThat(called.code()).isZero();
            return;
        }
        assertThat(called.code()).isEqualTo(111);
        assertThat(called.err()).startsWith("qmail-newu: fatal: users/assign:");
        assertThat(Files.readAllBytes(users("cdb"))).isEqualTo(before);
        assertThat(users("cdb.tmp")).doesNotExist();
    }

    @Test
    @Covers({"qmail:U01", "qmail:U02", "qmail:U05"})
    void getpwPrintsSixFields() throws Exception {
        Path joe = home.user("joe");
        assertThat(getpw("joe")).isEqualTo(new Called(0, fields("joe", "100", joe.toString(), "", ""), ""));
        assertThat(getpw("Joe-Foo")).isEqualTo(new Called(0, fields("joe", "100", joe.toString(), "-", "Foo"), ""));
        assertThat(getpw("nobody@here-x").out()).endsWith("\0-\0nobody@here-x\0");
    }

    @Test
    void getpwSaysWhenItCannotTell() throws Exception {
        home.breakNameService("NIS is away");
        assertThat(getpw("joe").code()).isEqualTo(115);
        assertThat(home.call(List.of(), "", QmailGetpw::run, "qmail-getpw").code())
                .isEqualTo(100);
    }

    @Test
    void getpwWithoutAliasUser() throws Exception {
        Assumptions.assumeTrue(TestHome.OWN_UID == 0, "an ordinary user is his own alias: needs root");
        home.accounts.remove("alias");
        assertThat(getpw("nobody").code()).isEqualTo(116);
    }

    private static String fields(String user, String gid, String path, String dash, String extension) {
        return String.join("\0", user, "" + USER_UID, gid, path, dash, extension) + "\0";
    }

    private Called getpw(String local) {
        return home.call(
                List.of(local), "", call -> QmailGetpw.run(home.installation, call, home.users()), "qmail-getpw");
    }

    @Test
    void theRealSystemsUsersAreFound() throws Exception {
        var out = new ArrayList<String>();
        for (String line : Files.readAllLines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1)) {
            String[] passwd = line.split(":", -1);
            if (passwd.length < 7) {
                continue;
            }
            Called called = home.call(List.of(passwd[0]), "", QmailGetpw::run, "qmail-getpw");
            boolean owned = false;
            try {
                owned = (int) Files.getAttribute(Path.of(passwd[5]), "unix:uid") == Integer.parseInt(passwd[2]);
            } catch (IOException e) {
                // no home
            }
            if (passwd[0].equals("alias")) { // its home is HOME/alias, whatever passwd says
                assertThat(called.out())
                        .startsWith("alias\0" + passwd[2] + "\0" + passwd[3] + "\0")
                        .contains(home.installation.home() + "/alias\0");
                continue;
            }
            boolean user = owned && !passwd[2].equals("0") && passwd[0].equals(Octets.lowerCase(passwd[0]));
            if (user) {
                out.add(passwd[0]);
                assertThat(called.out()).startsWith(passwd[0] + "\0" + passwd[2] + "\0" + passwd[3] + "\0" + passwd[5]);
            } else {
                assertThat(called.out())
                        .doesNotStartWith(passwd[0] + "\0" + passwd[2] + "\0" + passwd[3] + "\0" + passwd[5] + "\0\0");
            }
        }
        Assumptions.assumeFalse(out.isEmpty(), "needs a user of the system whose home is its own");
    }

    private String passwd() throws IOException {
        return String.join(
                "\n",
                "root:x:0:0:root:/root:/bin/sh",
                "alias:x:" + USER_UID + ":200:a:" + home.user("alias") + ":/bin/true",
                "joe:x:" + USER_UID + ":300:Joe,,,:" + home.user("joe") + ":/bin/sh",
                "Ann:x:" + USER_UID + ":300:Ann:" + home.user("Ann") + ":/bin/sh",
                "gone:x:" + USER_UID + ":300:Gone:" + home.homes + "/gone:/bin/sh",
                "other:x:" + (USER_UID + 1) + ":300:Not his:" + home.user("other") + ":/bin/sh",
                "short:x:1",
                "");
    }

    private Called pw2u(String input, String... options) {
        return home.call(List.of(options), input, QmailPw2u::run, "qmail-pw2u");
    }

    private String line(String begin, String user, String gid, String tail) {
        return begin + ":" + user + ":" + USER_UID + ":" + gid + ":" + home.homes.resolve(user) + ":" + tail + "\n";
    }

    @Test
    @Covers("qmail:U14")
    void pw2uMakesLinesForWhoeverIsAMailUser() throws Exception {
        Called called = pw2u(passwd());
        assertThat(called)
                .isEqualTo(new Called(
                        0,
                        line("+", "alias", "200", "-::")
                                + line("=alias", "alias", "200", "::")
                                + line("+alias-", "alias", "200", "-::")
                                + line("=joe", "joe", "300", "::")
                                + line("+joe-", "joe", "300", "-::")
                                + ".\n",
                        ""));
        Files.write(users("assign"), Octets.bytes(called.out()));
        assertThat(newu().code()).isZero();
        Called without = pw2u(passwd().replace("alias:", "nemo:"));
        assertThat(without.code()).isEqualTo(111);
        assertThat(without.err()).contains("unable to find alias user");
    }

    @Test
    void pw2uRefusesALineWithAnIdThatIsNone() throws Exception {
        String passwd = passwd();
        String largest = passwd.replace(USER_UID + ":300:Joe", "4294967294:4294967294:Joe");
        assertThat(pw2u(largest, "-H").out()).contains("=joe:joe:4294967294:4294967294:");
        for (String none : List.of("4294967295:300", "9999999999:300", "00000000001:300")) {
            Called called = pw2u(passwd.replace(USER_UID + ":300:Joe", none + ":Joe"));
            assertThat(called.code()).isEqualTo(111);
            assertThat(called.out()).isEmpty();
            assertThat(called.err())
                    .contains("line 3 of the passwd file: the uid of joe is \"" + none.substring(0, none.indexOf(':'))
                            + "\", not a number from 0 to 4294967294");
        }
        for (String none : List.of("4294967295", "", "-2", "users")) {
            Called called = pw2u(passwd.replace(":300:Joe", ":" + none + ":Joe"));
            assertThat(called.code()).isEqualTo(111);
            assertThat(called.err()).contains("line 3 of the passwd file: the gid of joe is \"" + none + "\"");
        }
        Files.writeString(users("exclude"), "joe\n");
        assertThat(pw2u(passwd.replace(":300:Joe", ":users:Joe")).code()).isZero();
    }

    @Test
    @Covers("qmail:U15")
    void pw2uKnowsItsOptionsAndFiles() throws Exception {
        String passwd = passwd();
        assertThat(pw2u(passwd, "-o").out()).isEqualTo(pw2u(passwd).out());
        assertThat(pw2u(passwd, "-h").code()).isEqualTo(111);
        assertThat(pw2u(passwd, "-h").err()).contains("the home of gone").contains("is missing");
        assertThat(pw2u(passwd.replace("gone:", "root2:").replace(USER_UID + ":300:Gone", "0:0:Gone"), "-h")
                        .code())
                .isZero();
        assertThat(pw2u(passwd, "-H").out()).contains("=gone:", "=other:").doesNotContain("=root:", "=Ann:");
        assertThat(pw2u(passwd, "-u").out()).contains("=Ann:", "+Ann-:");
        assertThat(pw2u(passwd, "-u", "-U").out()).doesNotContain("=Ann:");
        assertThat(pw2u(passwd, "-c+").out()).contains("+joe+:").doesNotContain("+joe-:");
        assertThat(pw2u(passwd, "-C").out()).contains("=joe:").doesNotContain("+joe");
        assertThat(pw2u(passwd, "-/").out())
                .contains(line("+joe-", "joe", "300", "-/::"), line("=joe", "joe", "300", "::"));
        assertThat(pw2u(passwd, "-x").code()).isEqualTo(100);

        Files.writeString(users("exclude"), "joe\n");
        assertThat(pw2u(passwd).out()).doesNotContain("joe");
        Files.delete(users("exclude"));
        Files.writeString(users("include"), "alias\n# joe\n");
        assertThat(pw2u(passwd).out()).contains("=alias:").doesNotContain("joe");
        Files.delete(users("include"));
        Files.writeString(users("mailnames"), "joe:joseph:j.doe\n");
        Files.writeString(users("subusers"), "list:joe:l:\n");
        Files.writeString(users("append"), "=extra:joe:1:1:/x:::\n");
        assertThat(pw2u(passwd).out())
                .endsWith(line("=joseph", "joe", "300", "::")
                        + line("+joseph-", "joe", "300", "-::")
                        + line("=j.doe", "joe", "300", "::")
                        + line("+j.doe-", "joe", "300", "-::")
                        + line("=list", "joe", "300", "-:l:")
                        + line("+list-", "joe", "300", "-:l-:")
                        + "=extra:joe:1:1:/x:::\n.\n");
        Files.writeString(users("subusers"), "list:nemo:l:\n");
        assertThat(pw2u(passwd).code()).isEqualTo(111);
    }

    private Called explain(String... addresses) {
        return home.call(List.of(addresses), "", Explain::run, "explain");
    }

    @Test
    void explainTellsEachStep() throws Exception {
        home.control("virtualdomains", "virt.org:joe-v\n");
        home.assign("=joe:joe:503:78:/home/joe:::\n+joe-v-:joe:503:78:/home/joe:-:lists-:\n.\n");
        Called called = explain("u@virt.org");
        assertThat(called.out()).isEqualTo("""
                <u@virt.org>
                  route: local <joe-v-u@virt.org> (<u@virt.org> is in virtualdomains)
                  assign: users/cdb has the wildcard assignment +joe-v-
                  file: cannot be seen from here (/home/joe is no folder)
                  answer: account joe, uid 503, gid 78
                          home /home/joe
                          dash "-", extension "lists-u"
                          its .qmail files decide, else the default delivery
                """);
        assertThat(called.code()).isZero();
        assertThat(explain("x@elsewhere.example").out()).contains("route: remote", "answer: another host's");
        assertThat(explain("@example.org").out()).contains("answer: accepted and thrown away");
        assertThat(explain("@example.org").code()).isZero();
    }

    @Test
    void explainTellsTheRelayAndItsLoginButNoPassword() throws Exception {
        home.control(
                "smtproutes",
                "elsewhere.example:relay.example:587|ann|se|same\n.far.example:other.example:2525\nnear.example:\n"
                        + ":smart.example bob sesame\n");
        assertThat(explain("x@elsewhere.example").out())
                .contains("answer: another host's; remote sends it to relay.example:587, logged in as ann"
                        + " (control/smtproutes)\n")
                .doesNotContain("authsenders");
        assertThat(explain("x@b.far.example").out()).contains("remote sends it to other.example:2525 (control/");
        assertThat(explain("x@near.example").out()).contains("remote looks for it by smtproutes and DNS");
        home.control("authsenders", "@example.org:relay.example|ann|sesame\n");
        assertThat(explain("x@third.example").out())
                .contains("remote sends it to smart.example, logged in as bob", "unless control/authsenders")
                .doesNotContain("sesame");
    }

    @Test
    void commandsOfOtherProgramsHaveTheAnswersAndTheirStepsWithoutLookup() throws Exception {
        home.assign("=joe:joe:503:78:/home/joe:::\n.\n");
        LookupExplanation lookup =
                ServiceLoader.load(LookupExplanation.class).findFirst().orElseThrow();
        var steps = new ArrayList<String>();
        try (var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            assertThat(lookup.recipient(home.installation, TestHome.receiving("joe@example.org"), log, steps::add)
                            .verdict())
                    .isEqualTo(new Lookup.AddressVerdict.KnownAddress());
            assertThat(steps)
                    .startsWith(
                            "route: local <joe@example.org> (its domain is in locals)",
                            "assign: users/cdb has the simple assignment =joe");
            assertThat(lookup.recipient(home.installation, TestHome.receiving("no-such@example.org"), log, _ -> {})
                            .verdict())
                    .isInstanceOf(Lookup.AddressVerdict.UnknownAddress.class);
            assertThat(lookup.recipient(home.installation, TestHome.receiving("x@far.example"), log, _ -> {})
                            .verdict())
                    .isEqualTo(new Lookup.AddressVerdict.RemoteAddress());
            home.control("lookupsources", "nis\n");
            assertThatThrownBy(() -> lookup.recipient(
                                    home.installation, TestHome.receiving("joe@example.org"), log, _ -> {})
                            .verdict())
                    .isInstanceOf(ControlException.class);
        }
    }

    @Test
    void whatLookupWouldAskLocalIsNotToldNowWithoutIt() throws Exception {
        String account = "joe:" + USER_UID + ":100:" + folder + "/missing"; // cannot be looked into, even by root
        home.assign("=joe:" + account + ":::\n+joe-:" + account + ":-::\n.\n");
        LookupExplanation lookup =
                ServiceLoader.load(LookupExplanation.class).findFirst().orElseThrow();
        var steps = new ArrayList<String>();
        try (var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            assertThat(lookup.recipient(home.installation, TestHome.receiving("joe-list@example.org"), log, steps::add)
                            .verdict())
                    .isInstanceOfSatisfying(
                            Lookup.AddressVerdict.Undecided.class,
                            notNow -> assertThat(notNow.reason())
                                    .contains("/missing has a file for the extension \"list\" cannot be told: ")
                                    .endsWith("; local cannot be asked: lookup alone asks it"));
            assertThat(steps)
                    .endsWith(
                            "file: cannot be seen from here (" + folder + "/missing is no folder): local has to look");
            assertThat(lookup.recipient(home.installation, TestHome.receiving("joe@example.org"), log, _ -> {})
                            .verdict())
                    .as("an account is one whatever its files are")
                    .isEqualTo(new Lookup.AddressVerdict.KnownAddress());
        }
    }

    @Test
    void explainOfWhatIsUnknownFailsAsTheAnswerDoes() throws Exception {
        Called called = explain("no-such-user-here@example.org");
        assertThat(called.code()).isEqualTo(100);
        assertThat(called.out()).contains("answer: refused with 550 5.1.1");
        assertThat(explain().code()).isEqualTo(100);
        assertThat(explain("a".repeat(1001)).code()).isEqualTo(100);
        home.control("lookupsources", "nis\n");
        assertThat(explain("joe").code()).isEqualTo(111);
        assertThat(explain("joe").err()).contains("control/lookupsources:1: \"nis\" is none of");
    }

    @Test
    void withoutADirectoryNoClassOfTheLdapLibraryIsLoaded() throws Exception {
        home.assign("=joe:joe:503:78:/home/joe:::\n.\n");
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-verbose:class",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "carteiro.lookup.Explain",
                        "--home",
                        home.installation.home().toString(),
                        "joe@example.org")
                .redirectErrorStream(true)
                .start();
        String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(java.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said).contains("answer: account joe").contains("carteiro.lookup.AssignSource");
        assertThat(said).doesNotContain("com.unboundid").doesNotContain("carteiro.lookup.LdapS" + "ource");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--home /some/where a", "a --home /some/where", "--home=/some/where a", "a --home=/some/where"})
    void theHomeCanBeGivenAnywhere(String arguments) {
        var called = new Invocation(
                List.of(arguments.split(" ")),
                Map.of("CARTEIRO_HOME", "/other"),
                new ByteArrayInputStream(new byte[0]),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream());
        HomeArgument argument = HomeArgument.of(called);
        assertThat(argument.installation().home()).hasToString("/some/where");
        assertThat(argument.call().arguments()).containsExactly("a");
        assertThat(HomeArgument.of(called.withArguments(List.of("a")))
                        .installation()
                        .home())
                .hasToString("/other");
    }

    @Test
    @NeedsOrdinaryUser("root has the user alias")
    void anOrdinaryUserIsHisOwnAlias() throws Exception {
        SystemAccount owner = AliasSource.owner(home.users(), TestHome.OWN_UID, "qmailp")
                .now(Deadline.in(Deadline.QUESTION))
                .orElseThrow();
        assertThat(owner.uid()).isEqualTo(TestHome.OWN_UID);
    }
}

package carteiro.lookup;

import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.testkit.Covers;
import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.listener.interceptor.InMemoryInterceptedSearchRequest;
import com.unboundid.ldap.listener.interceptor.InMemoryOperationInterceptor;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.ResultCode;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One entry, bent this way and that, in the in-memory server of the LDAP library; and servers that refuse. */
final class LdapInMemoryTest {
    private static final String ENTRY = "cn=ana,dc=example,dc=org";

    @TempDir
    Path folder;

    private final AtomicReference<ResultCode> refusal = new AtomicReference<>(ResultCode.SUCCESS);
    private final AtomicInteger searches = new AtomicInteger();
    private InMemoryDirectoryServer server;
    private TestHome home;

    @BeforeEach
    void start() throws Exception {
        var config = new InMemoryDirectoryServerConfig("dc=example,dc=org");
        config.setSchema(null);
        config.setListenerConfigs(
                InMemoryListenerConfig.createLDAPConfig("test", InetAddress.getByName("127.0.0.1"), 0, null));
        config.addInMemoryOperationInterceptor(new InMemoryOperationInterceptor() {
            @Override
            public void processSearchRequest(InMemoryInterceptedSearchRequest request) throws LDAPException {
                searches.incrementAndGet();
                if (!refusal.get().equals(ResultCode.SUCCESS)) {
                    throw new LDAPException(refusal.get(), "refused by the test");
                }
            }
        });
        server = new InMemoryDirectoryServer(config);
        server.add("dn: dc=example,dc=org", "objectClass: domain", "dc: example");
        server.add(
                "dn: " + ENTRY,
                "objectClass: qmailUser",
                "cn: ana",
                "uid: ana",
                "mail: ana@example.org",
                "mailMessageStore: ana/");
        server.startListening();
        home = new TestHome(folder)
                .control("ldapserver", "ldap://127.0.0.1:" + server.getListenPort() + "\n")
                .control("ldapbasedn", "dc=example,dc=org\n")
                .control("ldapmessagestore", "/store\n")
                .control("ldapuid", "2000\n")
                .control("ldapgid", "2001\n")
                .control("ldapcachettl", "0\n")
                .control("ldapcachenegativettl", "0\n");
    }

    @AfterEach
    void end() {
        home.close();
        server.shutDown(true);
    }

    private void set(String attribute, String... values) throws Exception {
        var lines = new String[values.length + 3];
        lines[0] = "dn: " + ENTRY;
        lines[1] = "changetype: modify";
        lines[2] = "replace: " + attribute;
        for (int i = 0; i < values.length; i++) {
            lines[i + 3] = attribute + ":" + (values[i].startsWith(": ") ? values[i] : " " + values[i]);
        }
        server.modify(lines);
    }

    private DeliveryInstructions.DirectoryInstructions instructions() throws Exception {
        return (DeliveryInstructions.DirectoryInstructions)
                ((Answer.Account) home.recipient("ana@example.org")).instructions();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ana@m\u00fcller.example", "ana@xn--mller-kva.example"})
    void aDomainBeyondAsciiIsFoundInEitherForm(String inTheDirectory) throws Exception {
        home.control("locals", "xn--mller-kva.example\nmuller.example\n");
        set("mail", inTheDirectory);
        String utf8 =
                carteiro.mail.Octets.text("ana@M\u00fcller.example".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(brief(home.recipient(utf8))).isEqualTo("ana:2000:2001:/store/ana/::");
        assertThat(brief(home.recipient("ana@xn--mller-kva.example"))).isEqualTo("ana:2000:2001:/store/ana/::");
        assertThat(brief(home.recipient("ana@muller.example"))).doesNotStartWith("ana:");
    }

    @Test
    @Covers("ldap:QL-004")
    void withoutAReaderTheDirectoryIsReadAnonymously() throws Exception {
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("ana:2000:2001:/store/ana/::");
        refusal.set(ResultCode.INSUFFICIENT_ACCESS_RIGHTS);
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("notnow 4.4.3");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 11, 50, 51, 52, 53, 80, 10, 2})
    @Covers("ldap:QL-014")
    void whateverAServerRefusesWithNothingIsUnknown(int code) throws Exception {
        refusal.set(ResultCode.valueOf(code));
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("notnow 4.4.3");
        refusal.set(ResultCode.SUCCESS);
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (brief(home.recipient("nobody@example.org")).equals("notnow 4.4.3") && System.nanoTime() < deadline) {
            LockSupport.parkNanos(20_000_000);
        }
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(home.log()).contains("refused by the test");
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
        uid                 | -ana                 | begins with -
        uid                 | a/b                  | holds a character
        uid                 | a b                  | holds a character
        homeDirectory       | home/ana             | is not an absolute path
        homeDirectory       | /home/ana/..         | leads upwards
        homeDirectory       | '/home/a;b'          | holds a character
        homeDirectory       | /home/$USER          | holds a character
        mailMessageStore    | ../bob/              | leads upwards
        mailMessageStore    | a/../../b/           | leads upwards
        mailMessageStore    | -x/                  | begins with -
        mailMessageStore    | caf\u00e9/           | holds a character
        qmailUID            | 0                    | is not a number from 100
        qmailUID            | 99                   | is not a number from 100
        qmailUID            | 65534                | is not a number from 100 to 4294967294 (without 65534)
        qmailGID            | 65534                | is not a number from 100 to 4294967294 (without 65534)
        qmailUID            | 4294967295           | is not a number from 100
        qmailUID            | +200                 | is not a number from 100
        qmailUID            | 12x                  | is not a number from 100
        qmailUID            | 4294967296000        | is not a number from 100
        qmailGID            | -1                   | is not a number from 100
        qmailDotMode        | sometimes            | is none of ldaponly
        """)
    void valuesThatCannotBeUsedAreNamed(String attribute, String value, String fault) throws Exception {
        set(attribute, value);
        assertThat(home.recipient("ana@example.org")).isInstanceOfSatisfying(Answer.Unresolved.class, notNow -> {
            assertThat(notNow.status()).hasToString("4.3.5");
            assertThat(notNow.reason()).contains(ENTRY, attribute, fault);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {100, 65_533, 65_535, 65_536, 2_147_483_647, 2_147_483_648L, 4_294_967_294L})
    void idsOfTheDirectoryAreThoseThatASystemCanHave(long id) throws Exception {
        set("qmailUID", Long.toString(id));
        set("qmailGID", Long.toString(id));
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("ana:" + id + ":" + id + ":/store/ana/::");
    }

    @Test
    void theAdministratorBoundsTheIdsOfTheDirectory() throws Exception {
        home.control("ldapminid", "2000\n").control("ldapmaxid", "2001\n");
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("ana:2000:2001:/store/ana/::");
        set("qmailGID", "2002");
        assertThat(home.recipient("ana@example.org"))
                .isInstanceOfSatisfying(
                        Answer.Unresolved.class,
                        notNow -> assertThat(notNow.reason())
                                .contains("qmailGID \"2002\" is not a number from 2000 to 2001"));
        try (TestHome other = new TestHome(folder.resolve("other"))) {
            other.control("ldapserver", "localhost\n")
                    .control("ldapminid", "2000\n")
                    .control("ldapmaxid", "1999\n")
                    .control("ldapuid", "1000\n");
            assertThatThrownBy(other::lookup)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/ldapminid:1: 2000 is greater than ldapmaxid, 1999")
                    .hasMessageContaining("control/ldapuid:1: 1000 is not a number from 2000 to 1999");
        }
    }

    @Test
    @Covers("ldap:QL-045")
    void rootIsRefusedInTheSettingAndInTheEntry() throws Exception {
        home.control("ldapfaults", "bounce\n");
        set("qmailUID", "0");
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("unknown 5.3.5");
        try (TestHome other = new TestHome(folder.resolve("other"))) {
            other.control("ldapserver", "localhost\n").control("ldapuid", "0\n");
            assertThatThrownBy(other::lookup)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/ldapuid:1: \"0\" is not a number from 1 to 4294967294");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/bin/x; rm", "/bin/x $(id)", "/bin/x `id`", "/bin/x | y", "/bin/x > /etc/y", "/bin/x & y", "-x"
            })
    @Covers("ldap:QL-056")
    void programsWithShellSignsAreRefused(String program) throws Exception {
        home.control("ldapfaults", "bounce\n");
        set("qmailDotMode", "ldapwithprog");
        set("deliveryProgramPath", program);
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("unknown 5.3.5");
        set("qmailDotMode", "ldaponly");
        assertThat(instructions().programs()).isEmpty();
    }

    @Test
    @Covers("ldap:QL-050")
    void modesAreReadInAnyCaseAndOldOnesAreLoggedAndIgnored() throws Exception {
        set("deliveryMode", "NoLocal");
        assertThat(instructions().mailbox()).isEqualTo(Mailbox.NONE);
        set("deliveryMode", "normal", "echo", "xyz");
        assertThat(instructions().mailbox()).isEqualTo(Mailbox.KEEP);
        assertThat(home.log()).contains("\"normal\"", "\"echo\"", "\"xyz\"", "; ignored");
    }

    @Test
    @Covers("ldap:QL-054")
    void theModeNoneIsTheMailboxAloneAndTheDefaultModeIsTheSettings() throws Exception {
        set("mailForwardingAddress", "x@remote.example");
        set("qmailDotMode", "none");
        assertThat(instructions())
                .isEqualTo(new DeliveryInstructions.DirectoryInstructions(
                        "", Mailbox.KEEP, java.util.List.of(), java.util.List.of(), DotFiles.IGNORED));
        home.control("ldapdefaultdotmode", "BOTH\n");
        set("qmailDotMode");
        try (TestHome other = home) {
            assertThat(other.fresh()
                            .answer(
                                    Lookup.LookupQuestion.explaining(new carteiro.mail.Address("ana@example.org")),
                                    LookupTrace.NONE))
                    .isInstanceOfSatisfying(
                            Answer.Account.class,
                            account -> assertThat(((DeliveryInstructions.DirectoryInstructions) account.instructions())
                                            .dotFiles())
                                    .isEqualTo(DotFiles.APPENDED));
        }
    }

    @Test
    void aDotModeInAnyCase() throws Exception {
        set("qmailDotMode", "DotOnly");
        set("homeDirectory", "/home/ana");
        set("mailMessageStore", "./Mail/");
        assertThat(instructions())
                .isEqualTo(new DeliveryInstructions.DirectoryInstructions(
                        "./Mail/", Mailbox.KEEP, java.util.List.of(), java.util.List.of(), DotFiles.ALONE));
    }

    @Test
    void forwardsAreCheckedAndBounded() throws Exception {
        set("mailForwardingAddress", "a b@example.org");
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("notnow 4.3.5");
        var many = new String[501];
        for (int i = 0; i < many.length; i++) {
            many[i] = "u" + i + "@remote.example";
        }
        set("mailForwardingAddress", many);
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("notnow 4.3.5");
        set("mailForwardingAddress", java.util.Arrays.copyOf(many, 500));
        assertThat(instructions().forwards()).hasSize(500);
    }

    @Test
    @Covers("ldap:QL-006")
    void aReaderWithoutAPasswordIsNeverAnonymous() throws Exception {
        home.control("ldaplogin", "cn=reader,dc=example,dc=org\n").control("ldappassword", "\n");
        assertThatThrownBy(home::lookup)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/ldappassword: is missing or empty");
        LdapSettings.LdapServerAddress address =
                LdapSettings.server("127.0.0.1:" + server.getListenPort()).orElseThrow();
        try (var log = new carteiro.log.EventLog(
                        java.io.OutputStream.nullOutputStream(),
                        carteiro.log.EventLog.LogFormat.PLAIN,
                        java.time.Clock.systemUTC());
                var watchdog = new carteiro.wire.Watchdog();
                var servers = new LdapServers(
                        new LdapSettings(
                                java.util.List.of(address),
                                java.util.Map.of(),
                                LdapSettings.StartTlsPolicy.OFF,
                                "",
                                "dc=example,dc=org",
                                "",
                                "cn=reader,dc=example,dc=org",
                                new Secret(""),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(5),
                                1,
                                Duration.ZERO,
                                Duration.ZERO,
                                "",
                                new LdapSettings.IdRange(100, 4_294_967_294L),
                                0,
                                0,
                                DotMode.LDAPONLY,
                                LdapSettings.Faults.DEFER,
                                new LdapSettings.LdapLogins(false, false, java.util.List.of("uid"))),
                        new FaultLogLimiter(log),
                        watchdog)) {
            assertThat(servers.search(
                            com.unboundid.ldap.sdk.Filter.createPresenceFilter("mail"),
                            java.util.List.of("mail"),
                            Deadline.in(Deadline.QUESTION)))
                    .isInstanceOfSatisfying(
                            LdapServers.DirectoryAnswer.DirectoryUnavailable.class,
                            nothing -> assertThat(nothing.status()).hasToString("4.4.3"));
        }
        assertThat(searches).hasValue(0);
    }

    @Test
    @Covers("ldap:QL-018")
    void answersAreRememberedForTheirTime() throws Exception {
        home.control("ldapcachettl", "1\n").control("ldapcachenegativettl", "1\n");
        home.recipient("ana@example.org");
        home.recipient("ana@example.org");
        assertThat(searches).hasValue(1);
        set("mailMessageStore", "elsewhere/");
        assertThat(brief(home.recipient("new@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(searches).as("new@ and catchall@").hasValue(3);
        assertThat(brief(home.recipient("new@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(searches).hasValue(3);
        set("mail", "ana@example.org", "new@example.org");
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!brief(home.recipient("ana@example.org")).contains("/store/elsewhere/")
                || !brief(home.recipient("new@example.org")).startsWith("ana:")) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }

    @Test
    void aBadObjectClassIsAMistakeAtTheStart() throws Exception {
        new LookupProgram().check(home.installation);
        home.control("ldapobjectclass", "a(b\n");
        assertThatThrownBy(() -> new LookupProgram().check(home.installation))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("ldapobjectclass");
        assertThatThrownBy(home::lookup).isInstanceOf(ControlException.class).hasMessageContaining("ldapobjectclass");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        ldap.example                 | ldap://ldap.example:389
        ldap.example:1389            | ldap://ldap.example:1389
        127.0.0.1                    | ldap://127.0.0.1:389
        [::1]                        | ldap://[::1]:389
        [2001:db8::1]:390            | ldap://[2001:db8::1]:390
        ldap://ldap.example          | ldap://ldap.example:389
        LDAPS://ldap.example         | ldaps://ldap.example:636
        ldaps://ldap.example:1636/   | ldaps://ldap.example:1636
        ldapi:///                    | none
        http://ldap.example          | none
        ldap.example:0               | none
        ldap.example:65536           | none
        ldap.example:x               | none
        [::1                         | none
        [::1]x                       | none
        ldap example                 | none
        ldap://ldap.example/dc=x     | none
        :389                         | none
        """)
    void servers(String entry, String server) {
        assertThat(LdapSettings.server(entry).map(Object::toString).orElse(null))
                .isEqualTo(server);
    }

    @Test
    void everyMistakeIsReportedAtOnce() throws Exception {
        home.control("ldapserver", "good.example\nbad server\n")
                .control("ldapstarttls", "perhaps\n")
                .control("ldapmessagestore", "relative\n")
                .control("ldapfaults", "hide\n")
                .control("ldapdefaultdotmode", "x\n")
                .control("ldaptimeout", "0\n")
                .control("ldapcluster", "1\n")
                .control("lookupsources", "ldap\nnis\nldap\n");
        assertThatThrownBy(home::lookup)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .hasSize(9)
                                .anyMatch(problem -> problem.startsWith("control/ldapserver:2: \"bad server\""))
                                .anyMatch(problem -> problem.startsWith("control/lookupsources:2: \"nis\" is none of"))
                                .anyMatch(problem ->
                                        problem.startsWith("control/lookupsources:3: names ldap a second time")));
    }

    private void add(String name, String... more) throws Exception {
        var lines = new java.util.ArrayList<>(java.util.List.of(
                "dn: cn=" + name + ",dc=example,dc=org", "objectClass: qmailUser", "cn: " + name, "uid: " + name));
        lines.addAll(java.util.List.of(more));
        server.add(lines.toArray(String[]::new));
    }

    private static String[] forwards(int count, int octets) {
        var values = new String[count];
        for (int i = 0; i < count; i++) {
            String begin = "u" + i + "@";
            values[i] = begin + "x".repeat(octets - begin.length());
        }
        return values;
    }

    @Test
    void anEntryTooLargeToBeReadConcernsItsOwnAddressAlone() throws Exception {
        add("bea", "mail: bea@example.org", "mailMessageStore: bea/");
        home.control("ldapfaults", "bounce\n").control("ldapcachenegativettl", "60\n");
        set("mailForwardingAddress", forwards(600, 250));
        for (int i = 0; i < 3; i++) {
            assertThat(home.recipient("ana@example.org")).isInstanceOfSatisfying(Answer.Unresolved.class, notNow -> {
                assertThat(notNow.status()).hasToString("4.3.5");
                assertThat(notNow.reason()).contains(ENTRY, "larger than 131072 octets");
            });
            assertThat(brief(home.recipient("bea@example.org"))).startsWith("bea:");
        }
        assertThat(home.lookupNow().status()).contains("=up");
        assertThat(searches)
                .as("the entry, its name; then from memory; the other entry each time")
                .hasValue(2 + 3);
        assertThat(home.log())
                .contains("alert: lookup: entry " + ENTRY + " of <ana@example.org>: cannot be read")
                .doesNotContain("is not used");
    }

    @Test
    void theTextOfAnEntryIsBoundedAndItsMailWaits() throws Exception {
        home.control("ldapfaults", "bounce\n");
        String[] values = forwards(256, 256);
        set("mailForwardingAddress", values);
        assertThat(instructions().forwards()).as("65536 octets").hasSize(256);
        values[0] += "x";
        set("mailForwardingAddress", values);
        assertThat(home.recipient("ana@example.org"))
                .isInstanceOfSatisfying(
                        Answer.Unresolved.class,
                        notNow -> assertThat(notNow.reason()).contains("have 65537 octets, over the limit of 65536"));
        set("mailForwardingAddress", forwards(501, 20));
        assertThat(home.recipient("ana@example.org"))
                .isInstanceOfSatisfying(
                        Answer.Unresolved.class,
                        notNow -> assertThat(notNow.reason()).contains("has over 500 values"));
    }

    @Test
    void whatIsRememberedIsBoundedInOctets() throws Exception {
        var addresses = new String[450];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = "a" + i + "@example.org";
        }
        set("mail", addresses);
        set("mailForwardingAddress", forwards(500, 120));
        home.control("ldapcachettl", "3600\n");
        for (String address : addresses) {
            assertThat(brief(home.recipient(address))).startsWith("ana:");
        }
        java.util.regex.Matcher octets = java.util.regex.Pattern.compile(" octets=([0-9]+) ")
                .matcher(home.lookupNow().status());
        assertThat(octets.find()).isTrue();
        assertThat(Long.parseLong(octets.group(1))).isBetween(LdapSource.MOST_OCTETS / 2, LdapSource.MOST_OCTETS);
    }

    @Test
    void groupsWaitWhateverBecomesOfFaults() throws Exception {
        home.control("ldapfaults", "bounce\n");
        set("objectClass", "qmailUser", "qmailGroup");
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("notnow 4.3.5");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        joe@example.org          | joe@example.org
        <joe@example.org>        | joe@example.org
        '  joe@example.org  '    | joe@example.org
        ' <joe@example.org> '    | joe@example.org
        joe                      | joe
        """)
    void forwards(String value, String address) throws Exception {
        set(
                "mailForwardingAddress",
                ": " + java.util.Base64.getEncoder().encodeToString(carteiro.mail.Octets.bytes(value)));
        assertThat(instructions().forwards()).containsExactly(new carteiro.mail.Address(address));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "<>",
                "<",
                ">",
                "<joe@example.org",
                "joe@example.org>",
                "Joe <joe@example.org>",
                "<<joe@example.org>>",
                "joe@",
                "@example.org",
                "a@example.org,b@example.org c"
            })
    void noForwards(String value) throws Exception {
        set("mailForwardingAddress", value);
        assertThat(brief(home.recipient("ana@example.org"))).isEqualTo("notnow 4.3.5");
    }

    @Test
    void whatExplainShowsOfAnEntryCannotSteerATerminal() throws Exception {
        set(
                "qmailDotMode",
                ": "
                        + java.util.Base64.getEncoder()
                                .encodeToString(
                                        carteiro.mail.Octets.bytes("\u001b]0;x\u0007\u00c2\u009b2J\nanswer: unknown")));
        TestHome.Called called = home.call(java.util.List.of("ana@example.org"), "", Explain::run, "explain");
        assertThat(called.out()).contains("answer: cannot tell now", "qmailDotMode \"_]0;x__2J_answer: unknown\"");
        assertThat(called.out() + called.err()).doesNotContain("\u001b", "\u0007", "\u009b");
        TestHome.Called lines =
                home.call(java.util.List.of("ana\nanswer: known@example.org"), "", Explain::run, "explain");
        assertThat(lines.out()).startsWith("<ana_answer: known@example.org>\n");
    }
}

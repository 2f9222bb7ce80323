package carteiro.lookup;

import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Address;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.testkit.Covers;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.SearchResult;
import com.unboundid.ldap.sdk.SearchScope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The directory of example.ldif in a real slapd, read as the reader it names. */
final class LdapExampleTest {
    @TempDir
    static Path shared;

    private static Slapd slapd;

    @TempDir
    Path folder;

    private TestHome home;

    @BeforeAll
    static void directory() throws Exception {
        slapd = Slapd.withExample(shared.resolve("slapd"), Slapd.ACCESS);
    }

    @AfterAll
    static void noDirectory() throws Exception {
        if (slapd != null) {
            slapd.close();
        }
    }

    @BeforeEach
    void installation() throws Exception {
        home = example(folder, "127.0.0.1:" + slapd.port + "\n").control("ldapcachettl", "0\n");
        home.control("ldapcachenegativettl", "0\n");
    }

    /** The control files that example.ldif asks for. */
    static TestHome example(Path folder, String servers) throws Exception {
        return new TestHome(folder)
                .control("locals", "example.org\nexample.net\nlists.example.org\n")
                .control("ldapserver", servers)
                .control("ldapbasedn", "dc=example,dc=org\n")
                .control("ldapmessagestore", "/var/mail/stores\n")
                .control("ldapuid", "2000\n")
                .control("ldapgid", "2000\n")
                .control("ldapobjectclass", "qmailUser\n")
                .control("ldaplogin", Slapd.READER + "\n")
                .control("ldappassword", "servico1\n");
    }

    @AfterEach
    void end() {
        home.close();
    }

    private Answer.Account account(String address) throws Exception {
        Answer answer = home.recipient(address);
        assertThat(answer).isInstanceOf(Answer.Account.class);
        return (Answer.Account) answer;
    }

    private DeliveryInstructions.DirectoryInstructions instructions(String address) throws Exception {
        return (DeliveryInstructions.DirectoryInstructions) account(address).instructions();
    }

    @Test
    @Covers("ldap:QL-002")
    void theExampleLoadsWhole() throws Exception {
        try (LDAPConnection root = slapd.asRoot()) {
            root.getConnectionOptions().setUseSynchronousMode(false);
            assertThat(root.search("dc=example,dc=org", SearchScope.SUB, "(objectClass=*)")
                            .getEntryCount())
                    .isEqualTo(58);
        }
    }

    @Test
    @Covers("ldap:QL-001")
    void bothFormsOfTheSchemaLoadWhole() throws Exception {
        assertThat(definitions(slapd)).isEqualTo(38 + 3);
        Path configuration = Files.createDirectories(folder.resolve("config"));
        Path base = Files.writeString(folder.resolve("base.conf"), """
                include /etc/ldap/schema/core.schema
                include /etc/ldap/schema/cosine.schema
                include /etc/ldap/schema/nis.schema
                """);
        Slapd.run("/usr/sbin/slaptest", "-f", base.toString(), "-F", configuration.toString());
        Slapd.run(
                "/usr/sbin/slapadd", "-n", "0", "-F", configuration.toString(), "-l", Slapd.OUR_SCHEMA_LDIF.toString());
        String schema = Slapd.run("/usr/sbin/slapcat", "-n", "0", "-F", configuration.toString(), "-o", "ldif-wrap=no");
        Matcher matcher = Pattern.compile("olc(AttributeTypes|ObjectClasses): .*1\\.3\\.6\\.1\\.4\\.1\\.7914\\.")
                .matcher(schema);
        assertThat(matcher.results().count()).isEqualTo(38 + 3);
    }

    private static int definitions(Slapd server) throws Exception {
        try (LDAPConnection root = server.asRoot()) {
            var schema = Objects.requireNonNull(root.getSchema());
            return (int) (schema.getAttributeTypes().stream()
                            .filter(type -> type.getOID().startsWith("1.3.6.1.4.1.7914."))
                            .count()
                    + schema.getObjectClasses().stream()
                            .filter(type -> type.getOID().startsWith("1.3.6.1.4.1.7914."))
                            .count());
        }
    }

    @Test
    @Covers({"ldap:QL-003", "ldap:QL-039"})
    void aUserIsFoundByTheReader() throws Exception {
        String log = slapd.logged(() -> assertThat(brief(home.recipient("joao@example.org")))
                .isEqualTo("joao:2000:2000:/var/mail/stores/joao/::"));
        assertThat(log).contains("BIND dn=\"" + Slapd.READER + "\" method=128");
        assertThat(instructions("joao@example.org"))
                .isEqualTo(new DeliveryInstructions.DirectoryInstructions(
                        "", Mailbox.KEEP, List.of(), List.of(), DotFiles.IGNORED));
    }

    @Test
    @Covers("ldap:QL-005")
    void aWrongPasswordOfTheReaderDefersEverythingAndIsNotLogged() throws Exception {
        home.control("ldappassword", "mistyped-secret\n");
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("notnow 4.4.3");
        assertThat(home.log())
                .contains("alert: lookup: directory: ldap://127.0.0.1:" + slapd.port + " refuses the reader")
                .doesNotContain("mistyped-secret");
    }

    @Test
    @Covers("ldap:QL-020")
    void theObjectClassIsPartOfTheFilter() throws Exception {
        home.control("ldapobjectclass", "applicationProcess\n");
        String log = slapd.logged(
                () -> assertThat(home.recipient("joao@example.org")).isNotInstanceOf(Answer.Account.class));
        assertThat(log)
                .contains("filter=\"(&(objectClass=applicationProcess)(|(mail=joao@example.org)"
                        + "(mailAlternateAddress=joao@example.org)))\"");
    }

    @Test
    void severalObjectClassesWorkByTheOldTrick() throws Exception {
        home.control("ldapobjectclass", "qmailUser)(objectClass=inetOrgPerson\n");
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(brief(home.recipient("vendas@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        JOAO@Example.ORG            | joao:2000:2000:/var/mail/stores/joao/::
        ms@example.org              | maria:2000:2000:/var/mail/stores/maria/::
        maria.souza@example.org     | maria:2000:2000:/var/mail/stores/maria/::
        Qualquer@example.net        | sobras:2000:2000:/var/mail/stores/sobras/:-:Qualquer
        a-b@example.net             | sobras:2000:2000:/var/mail/stores/sobras/:-:a-b
        joao-lista-X-y@example.org  | listas:2000:2000:/var/mail/stores/listas/:-:X-y
        joao-lista-@example.org     | listas:2000:2000:/var/mail/stores/listas/:-:
        joao-other@example.org      | unknown 5.1.1
        a*b(c)@example.org          | estrela:2000:2000:/var/mail/stores/estrela/::
        *@example.org               | unknown 5.1.1
        a*@example.org              | unknown 5.1.1
        joao)(uid=*@example.org     | unknown 5.1.1
        login@example.org           | login@example.org:2000:2000:/var/mail/stores/example.org/login/::
        estranho@example.org        | estranho:2000:2000:/var/mail/stores/estranho/::
        soentrega@example.org       | soentrega:2000:2000:/var/mail/stores/soentrega/::
        suspenso@example.org        | unknown 5.2.1
        removido@example.org        | unknown 5.1.1
        filtro@example.org          | filtro:2001:2001:/home/filtro::
        vendas@example.org          | forward [<joao@example.org>, <maria@example.org>]
        """)
    @Covers({"ldap:QL-021", "ldap:QL-023", "ldap:QL-024", "ldap:QL-036", "ldap:QL-044"})
    void addresses(String address, String answer) throws Exception {
        assertThat(brief(home.recipient(address))).isEqualTo(answer);
    }

    @Test
    @Covers("ldap:QL-022")
    void everyValueOfMailIsAnAddress() throws Exception {
        try (LDAPConnection root = slapd.asRoot()) {
            root.modify(
                    "dn: uid=joao,ou=people,dc=example,dc=org",
                    "changetype: modify",
                    "add: mail",
                    "mail: j2@example.org");
            assertThat(brief(home.recipient("j2@example.org"))).startsWith("joao:");
            assertThat(brief(home.recipient("ms@example.org"))).startsWith("maria:");
            root.modify(
                    "dn: uid=joao,ou=people,dc=example,dc=org",
                    "changetype: modify",
                    "delete: mail",
                    "mail: j2@example.org");
        }
    }

    @Test
    @Covers("ldap:QL-025")
    void theCandidatesAreAskedForInOrder() throws Exception {
        assertThat(filters(() -> home.recipient("a-b-c-d-e-f@example.org")))
                .containsExactly(
                        "a-b-c-d-e-f@example.org",
                        "a-b-c-d-catchall@example.org",
                        "a-b-c-catchall@example.org",
                        "a-b-catchall@example.org",
                        "a-catchall@example.org",
                        "catchall@example.org");
        assertThat(filters(() -> home.recipient("-abc@example.org")))
                .containsExactly("-abc@example.org", "catchall@example.org");
    }

    private static List<String> filters(Slapd.ThrowingRunnable work) throws Exception {
        Matcher matcher = Pattern.compile("filter=\"\\(&\\(objectClass=qmailUser\\)\\(\\|\\(mail=(.*?)\\)\\(mailAlt")
                .matcher(slapd.logged(work));
        var filters = new ArrayList<String>();
        while (matcher.find()) {
            filters.add(matcher.group(1));
        }
        return filters;
    }

    @Test
    @Covers("ldap:QL-026")
    void filterCharactersAreEscaped() throws Exception {
        assertThat(filters(() -> home.recipient("a*b(c)\\@example.org")).getFirst())
                .isEqualToIgnoringCase("a\\2Ab\\28c\\29\\5C@example.org");
        assertThat(brief(home.recipient("a*b(c)@example.org"))).startsWith("estrela:");
        assertThat(brief(home.recipient("*@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    @Covers("ldap:QL-028")
    void anAliasDomainIsSearchedUnderItsRealName() throws Exception {
        home.control("locals", "example.org\nexample.com\n").control("aliasdomains", "Example.com:example.org\n");
        assertThat(brief(home.recipient("joao@EXAMPLE.com"))).startsWith("joao:");
        assertThat(brief(home.recipient("joao-lista-x@example.com")))
                .startsWith("listas:")
                .endsWith(":-:x");
        assertThat(brief(home.account(new Address("joao@example.com")))).startsWith("joao:");
        assertThat(brief(home.recipient("nobody@example.com"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    @Covers("ldap:QL-101")
    void explainTellsTheSameAndNoSecret() throws Exception {
        TestHome.Called called = home.call(
                List.of("joao@example.org", "ms@example.org", "qualquer@example.net", "dup@example.org"),
                "",
                Explain::run,
                "explain");
        assertThat(called.code()).isEqualTo(111);
        assertThat(called.out())
                .contains("finds uid=joao,ou=people,dc=example,dc=org\n")
                .contains("  answer: account joao, uid 2000, gid 2000\n")
                .contains("finds uid=maria,ou=people,dc=example,dc=org\n")
                .contains("  answer: account maria, uid 2000")
                .contains("copy to <joao@example.org>")
                .contains("answer: account sobras", "dash \"-\", extension \"qualquer\"")
                .contains("answer: cannot tell now (451 4.3.5)", "uid=dup1,", "uid=dup2,");
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:2000:2000:");
        assertThat(brief(home.recipient("qualquer@example.net")))
                .startsWith("sobras:")
                .endsWith(":-:qualquer");
        assertThat(brief(home.recipient("dup@example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(called.out() + called.err() + home.lookup().status() + home.log())
                .doesNotContain("servico1", "SSHA", "userPassword");
    }

    @Test
    @Covers("ldap:QL-027")
    void octetsAboveAsciiFindNothingAndHarmNothing() throws Exception {
        var steps = new ArrayList<String>();
        Answer joao = home.lookup()
                .answer(
                        Lookup.LookupQuestion.explaining(new Address("jo\u00c3\u00a3o@example.org")),
                        step -> steps.add(step.get()));
        assertThat(brief(joao)).isEqualTo("unknown 5.1.1");
        assertThat(steps).anyMatch(step -> step.contains("(mail=jo\\c3\\a3o@example.org)"));
        assertThatThrownBy(() -> home.recipient("jo\0ao@example.org")).isInstanceOf(IllegalArgumentException.class);
        assertThat(brief(home.recipient("\u00ff\u0001\u00fe@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
    }

    @Test
    @Covers("ldap:QL-033")
    void anUnknownStatusCountsAsActiveAndIsLogged() throws Exception {
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(brief(home.recipient("maria@example.org"))).startsWith("maria:");
        assertThat(brief(home.recipient("estranho@example.org"))).startsWith("estranho:");
        assertThat(home.log())
                .containsOnlyOnce("warning: lookup: entry uid=estranho,ou=people,dc=example,dc=org: accountStatus"
                        + " \"congelado\"");
    }

    @Test
    @Covers("ldap:QL-029")
    void anAddressOfSeveralEntriesIsDeferredAndBothAreLogged() throws Exception {
        assertThat(brief(home.recipient("dup@example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(home.log())
                .contains("alert: lookup: address <dup@example.org> stands in several entries: ")
                .contains("uid=dup1,ou=people,dc=example,dc=org")
                .contains("uid=dup2,ou=people,dc=example,dc=org");
    }

    @Test
    void anAddressOfSeveralEntriesCanBeMadeToBounce() throws Exception {
        home.control("ldapfaults", "bounce\n");
        assertThat(brief(home.recipient("dup@example.org"))).isEqualTo("unknown 5.3.5");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        doisuid@example.org | uid=doisuid,ou=people | uid has 2 values
        ruim1@example.org   | uid=ruim1,ou=people   | mailMessageStore "/var/mail/../../etc/" leads upwards
        ruim2@example.org   | uid=ruim2,ou=people   | qmailUID "50" is not a number from 100 to 4294967294 (without 65534)
        ruim3@example.org   | cn=ruim3,ou=people    | has a mailbox but no uid
        vazio@example.org   | cn=vazio,ou=people    | has neither mailMessageStore nor homeDirectory
        """)
    @Covers({"ldap:QL-038", "ldap:QL-043"})
    void wrongEntriesAreNamedAndDeferOrBounce(String address, String entry, String fault) throws Exception {
        assertThat(brief(home.recipient(address))).isEqualTo("notnow 4.3.5");
        assertThat(home.log())
                .contains("alert: lookup: entry " + entry + ",dc=example,dc=org of <" + address + ">: " + fault);
        try (TestHome other = example(folder.resolve("other"), "127.0.0.1:" + slapd.port + "\n")) {
            other.control("ldapfaults", "bounce\n");
            assertThat(brief(other.recipient(address))).isEqualTo("unknown 5.3.5");
        }
    }

    @Test
    @Covers("ldap:QL-041")
    void aRelativeStoreNeedsItsPrefix() throws Exception {
        Files.delete(home.installation.control("ldapmessagestore"));
        home.control("ldapfaults", "bounce\n");
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("unknown 5.3.5");
        assertThat(home.log()).contains("there is no control/ldapmessagestore");
    }

    @Test
    void withoutIdsAnEntryIsAFault() throws Exception {
        Files.delete(home.installation.control("ldapgid"));
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(brief(home.recipient("filtro@example.org"))).startsWith("filtro:2001:2001:");
    }

    @Test
    @Covers("ldap:QL-040")
    void homeAndStoreGiveTheDocumentedTargets() throws Exception {
        assertThat(account("filtro@example.org").home().folder()).isEqualTo("/home/filtro");
        assertThat(instructions("filtro@example.org").delivery()).isEqualTo("./Maildir/");
        String nesta = "uid=nesta,ou=people,dc=example,dc=org";
        try (LDAPConnection root = slapd.asRoot()) {
            replace(root, nesta, "mailMessageStore", "/var/mail/nesta/");
            assertThat(account("nesta@example.org").home().folder()).isEqualTo("/var/mail/nesta/");
            assertThat(instructions("nesta@example.org").delivery()).isEmpty();
            root.modify("dn: " + nesta, "changetype: modify", "add: homeDirectory", "homeDirectory: /home/nesta");
            assertThat(account("nesta@example.org").home().folder()).isEqualTo("/home/nesta");
            assertThat(instructions("nesta@example.org").delivery()).isEqualTo("/var/mail/nesta/");
            replace(root, nesta, "mailMessageStore", "Maildir/");
            assertThat(brief(home.recipient("nesta@example.org"))).isEqualTo("notnow 4.3.5");
            root.modify("dn: " + nesta, "changetype: modify", "delete: mailMessageStore");
            assertThat(account("nesta@example.org").home().folder()).isEqualTo("/home/nesta");
            assertThat(instructions("nesta@example.org").delivery()).isEmpty();
            root.modify(
                    "dn: " + nesta,
                    "changetype: modify",
                    "delete: homeDirectory",
                    "-",
                    "add: mailMessageStore",
                    "mailMessageStore: nesta/");
        }
    }

    private static void replace(LDAPConnection root, String dn, String attribute, String value) throws Exception {
        root.modify("dn: " + dn, "changetype: modify", "replace: " + attribute, attribute + ": " + value);
    }

    @Test
    @Covers("ldap:QL-042")
    void anEntryWithNothingButForwardsIsAForward() throws Exception {
        home.control("ldapfaults", "bounce\n");
        assertThat(home.recipient("vendas@example.org"))
                .isEqualTo(new Answer.ForwardOnly(
                        List.of(new Address("joao@example.org"), new Address("maria@example.org"))));
        assertThat(brief(home.recipient("vazio@example.org"))).isEqualTo("unknown 5.3.5");
    }

    @Test
    void forwardsAndModes() throws Exception {
        assertThat(instructions("maria@example.org").mailbox()).isEqualTo(Mailbox.KEEP);
        assertThat(instructions("maria@example.org").forwards())
                .containsExactlyInAnyOrder(new Address("maria@remote.example.com"), new Address("joao@example.org"));
        assertThat(instructions("pedro@example.org").mailbox()).isEqualTo(Mailbox.NONE);
        assertThat(instructions("pedro@example.org").forwards()).hasSize(1);
        assertThat(instructions("rita@example.org").mailbox()).isEqualTo(Mailbox.KEEP);
        assertThat(instructions("rita@example.org").forwards()).isEmpty();
    }

    @Test
    @Covers("ldap:QL-052")
    void programsAreGivenOnlyInTheModesThatRunThem() throws Exception {
        assertThat(instructions("semprog@example.org").programs()).isEmpty();
        assertThat(instructions("filtro@example.org").programs())
                .containsExactly("/usr/local/bin/filtrar --perfil teste");
    }

    @Test
    void dotModes() throws Exception {
        assertThat(account("ponto@example.org").instructions())
                .isEqualTo(new DeliveryInstructions.DotQmailInstructions());
        assertThat(instructions("ambos@example.org").dotFiles()).isEqualTo(DotFiles.APPENDED);
    }

    @Test
    void groupsAreNotTakenForMailboxes() throws Exception {
        assertThat(brief(home.recipient("equipe@lists.example.org"))).isEqualTo("notnow 4.3.5");
    }

    @Test
    @Covers("ldap:QL-031")
    void whatIsNotInTheDirectoryMayBeAUserOfTheSystem() throws Exception {
        home.user("local");
        assertThat(brief(home.recipient("local@example.org"))).startsWith("local:");
    }

    @Test
    @Covers("ldap:QL-032")
    void withoutLocalDeliveryItGoesToAliasAtOnce() throws Exception {
        home.control("ldaplocaldelivery", "0\n").user("local");
        assertThat(brief(home.recipient("local@example.org"))).isEqualTo("unknown 5.1.1");
        Files.createFile(home.installation.alias().resolve(".qmail-local"));
        assertThat(brief(home.recipient("local@example.org"))).startsWith("alias:");
    }

    @Test
    void theDirectoryComesFirstUnlessTheOrderIsSet() throws Exception {
        home.assign("=joao:assigned:503:78:/home/joao:::\n.\n");
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        try (TestHome other = example(folder.resolve("other"), "127.0.0.1:" + slapd.port + "\n")) {
            other.assign("=joao:assigned:503:78:/home/joao:::\n.\n").control("lookupsources", "assign\nldap\n");
            assertThat(brief(other.recipient("joao@example.org"))).startsWith("assigned:");
            assertThat(brief(other.recipient("maria@example.org"))).startsWith("maria:");
        }
    }

    @Test
    @Covers("ldap:QL-015")
    void aBaseThatDoesNotExistDefersWithAnAlert() throws Exception {
        home.control("ldapbasedn", "ou=nada,dc=example,dc=org\n");
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        assertThat(home.log())
                .contains("alert: lookup: directory: the base \"ou=nada,dc=example,dc=org\" does not exist");
    }

    @Test
    @Covers("ldap:QL-017")
    void aHundredQuestionsNeedFewConnections() throws Exception {
        home.control("ldapconnections", "3\n").lookup();
        String log = slapd.logged(() -> {
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < 100; i++) {
                threads.add(Thread.ofVirtual()
                        .start(() -> home.lookupNow()
                                .answer(
                                        Lookup.LookupQuestion.explaining(new Address("joao@example.org")),
                                        LookupTrace.NONE)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        });
        long binds = log.lines()
                .filter(line -> line.contains("BIND dn=\"" + Slapd.READER + "\" method"))
                .count();
        long searches = log.lines()
                .filter(line -> line.contains("filter=\"(&(objectClass=qmailUser)"))
                .count();
        assertThat(searches).isEqualTo(100);
        assertThat(binds).isBetween(1L, 3L);
    }

    @Test
    void cachedAnswersAreNotAskedForAgain() throws Exception {
        home.control("ldapcachettl", "60\n")
                .control("ldapcachenegativettl", "60\n")
                .lookup();
        assertThat(filters(() -> {
                    home.recipient("joao@example.org");
                    home.recipient("Joao@example.org");
                    home.recipient("joao@example.org");
                }))
                .containsExactly("joao@example.org");
        assertThat(filters(() -> {
                    home.recipient("nobody@example.org");
                    home.recipient("nobody@example.org");
                    home.recipient("nobody2@example.org");
                }))
                .containsExactly("nobody@example.org", "catchall@example.org", "nobody2@example.org");
    }

    @ParameterizedTest(name = "{0} = ''{1}''")
    @CsvSource(delimiter = '|', textBlock = """
        accountStatus         | 'Disabled '                | unknown 5.2.1
        accountStatus         | ' deleted'                 | unknown 5.1.1
        accountStatus         | ' ACTIVE '                 | account, forwards []
        mailForwardingAddress | '<joe@remote.example>'     | account, forwards [<joe@remote.example>]
        mailForwardingAddress | 'joe@remote.example  '     | account, forwards [<joe@remote.example>]
        """)
    void blanksAroundAValueDoNotCountAsForTheServer(String attribute, String value, String answer) throws Exception {
        try (LDAPConnection root = slapd.asRoot()) {
            SearchResult found = root.search("dc=example,dc=org", SearchScope.SUB, "(mail=joao@example.org)");
            String base =
                    Objects.requireNonNull(found.getSearchEntries()).getFirst().getParentDNString();
            String dn = "cn=blank," + base;
            root.add(
                    dn,
                    new com.unboundid.ldap.sdk.Attribute("objectClass", "person", "uidObject", "qmailUser"),
                    new com.unboundid.ldap.sdk.Attribute("cn", "blank"),
                    new com.unboundid.ldap.sdk.Attribute("sn", "blank"),
                    new com.unboundid.ldap.sdk.Attribute("uid", "blank"),
                    new com.unboundid.ldap.sdk.Attribute("mail", "blank@example.org"),
                    new com.unboundid.ldap.sdk.Attribute("mailMessageStore", "blank/ "),
                    new com.unboundid.ldap.sdk.Attribute(attribute, value));
            try {
                assertThat(root.compare(dn, attribute, value.strip()).compareMatched())
                        .as("the server takes them for the same")
                        .isTrue();
                Answer said = home.recipient("blank@example.org");
                assertThat(
                                said instanceof Answer.Account account
                                        ? "account, forwards "
                                                + ((DeliveryInstructions.DirectoryInstructions) account.instructions())
                                                        .forwards()
                                        : brief(said))
                        .isEqualTo(answer);
            } finally {
                root.delete(dn);
            }
        }
    }

    @Test
    void theBlankAtTheEndOfAPasswordIsPartOfItAndIsTold() throws Exception {
        try (LDAPConnection root = slapd.asRoot()) {
            root.modify(
                    Slapd.READER,
                    new com.unboundid.ldap.sdk.Modification(
                            com.unboundid.ldap.sdk.ModificationType.REPLACE, "userPassword", "servico1 "));
            try {
                home.control("ldappassword", "servico1 \n");
                assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
                home.control("ldappassword", "servico1\n");
                assertThat(brief(home.fresh()
                                .answer(
                                        Lookup.LookupQuestion.explaining(new Address("joao@example.org")),
                                        LookupTrace.NONE)))
                        .isEqualTo("notnow 4.4.3");
            } finally {
                replace(root, Slapd.READER, "userPassword", "servico1");
            }
        }
    }
}

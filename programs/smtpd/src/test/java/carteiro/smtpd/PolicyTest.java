package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.CdbWriter;
import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.listen.Client;
import carteiro.listen.ListenerRole;
import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may send to whom. */
class PolicyTest {
    @TempDir
    Path home;

    private KnownAddresses lookup;

    @BeforeEach
    void files() {
        lookup = new KnownAddresses(home);
        control("me", "mail.example.org\n");
        control("locals", "example.org\n");
        control(
                "virtualdomains",
                "virtual.example:bob\n.many.example:bob\njoe@single.example:bob\nnot.many.example:\n");
        control("rcpthosts", "example.org\nbackup.example\n.sub.example\n");
    }

    private void control(String name, String text) {
        SmtpdOnLoopback.writeControl(home, name, text);
    }

    private SmtpdSettings settings() throws ControlException {
        return SmtpdSettings.read(new Installation(home));
    }

    private static Client client(Map<String, String> variables) {
        return new Client("192.0.2.7", "", "", "", variables);
    }

    private String judge(String sender, String recipient, Map<String, String> variables) throws ControlException {
        SmtpdSettings settings = settings();
        Client client = client(variables);
        Rights rights = settings.rightsOf(client, SmtpdSettings.NO_LIMIT);
        Peer peer = Peer.of(client, ListenerRole.PLAIN, new TcpRules.Rule.Allow(variables), rights);
        var mail = new SmtpCommand.Mail(new Address(sender), 0, BodyType.SEVEN_BIT, AddressForm.ASCII);
        var to = new Address(recipient);
        return settings.policy()
                .judge(
                        Stage.RECIPIENT,
                        peer,
                        TransactionView.of(mail.sender(), mail).at(to, 0),
                        KnownPasswords.askedOf(lookup::recipient))
                .map(refusal -> refusal.reply().toString())
                .orElseGet(() -> "250 " + rights.kept(to).octets());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            alice@example.org       | 250 alice@example.org
            alice@EXAMPLE.org       | 250 alice@EXAMPLE.org
            both@example.org        | 250 both@example.org
            @example.org            | 250 @example.org
            alice                   | 250 alice
            nobody@example.org      | 550 5.1.1 no such address
            gone@example.org        | 550 5.2.1 mailbox is closed
            x@virtual.example       | 250 x@virtual.example
            x@a.many.example        | 250 x@a.many.example
            joe@single.example      | 250 joe@single.example
            sue@single.example      | 553 5.7.1
            x@not.many.example      | 553 5.7.1
            x@backup.example        | 250 x@backup.example
            x@a.b.sub.example       | 250 x@a.b.sub.example
            x@a.SUB.example         | 250 x@a.SUB.example
            x@sub.example           | 553 5.7.1
            x@a.backup.example      | 553 5.7.1
            x@foreign.example       | 553 5.7.1
            elsewhere@example.org   | 250 elsewhere@example.org
            """)
    @Covers("qmail:M06")
    void ownDomainsAreAskedForAndForeignOnesNeedRcpthosts(String recipient, String verdict) throws Exception {
        control("envnoathost", "example.org\n");
        assertThat(judge("s@x.example", recipient, Map.of())).startsWith(verdict);
    }

    @Test
    void anAddressThatCannotBeToldNowIsDeferredAndTheReasonStaysHere() throws Exception {
        assertThat(judge("s@x.example", "away@example.org", Map.of()))
                .isEqualTo("451 4.4.3 cannot tell now whether this address exists");
        lookup.away = true;
        assertThat(judge("s@x.example", "alice@example.org", Map.of())).startsWith("451 4.3.0");
        assertThat(judge("s@x.example", "x@backup.example", Map.of()))
                .as("without lookup nobody knows whose a domain is")
                .startsWith("451 4.3.0");
    }

    @Test
    void whatLookupCallsRemoteNeedsRcpthosts() throws Exception {
        control("rcpthosts", "backup.example\n");
        assertThat(judge("s@x.example", "elsewhere@example.org", Map.of())).startsWith("553 5.7.1");
    }

    @Test
    @Covers("qmail:M07")
    void compiledRcpthostsCountBesideTheList() throws Exception {
        try (var cdb =
                new CdbWriter(home.resolve("control/morercpthosts.cdb"), home.resolve("control/morercpthosts.tmp"))) {
            cdb.add("more.example", "");
            cdb.add(".evenmore.example", "");
            cdb.commit();
        }
        assertThat(judge("s@x.example", "x@More.example", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", "x@a.evenmore.example", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", "x@foreign.example", Map.of())).startsWith("553 ");
        java.nio.file.Files.delete(home.resolve("control/rcpthosts"));
        assertThat(judge("s@x.example", "x@more.example", Map.of())).startsWith("553 ");
    }

    @Test
    @Covers("qmail:M08")
    void withoutRcpthostsForeignRecipientsAreRefusedUnlessTheMarkerIsThere() throws Exception {
        java.nio.file.Files.delete(home.resolve("control/rcpthosts"));
        assertThat(judge("s@x.example", "x@foreign.example", Map.of())).startsWith("553 5.7.1");
        assertThat(judge("s@x.example", "alice@example.org", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", "x@virtual.example", Map.of())).startsWith("250 ");
        control("openrelay", "no\n");
        assertThat(judge("s@x.example", "x@foreign.example", Map.of())).startsWith("553 5.7.1");
        control("openrelay", "yes\n");
        assertThat(judge("s@x.example", "x@foreign.example", Map.of())).startsWith("250 ");
    }

    @Test
    @Covers("qmail:M09")
    void relayClientsSendAnywhereAndItsValueIsAppended() throws Exception {
        assertThat(judge("s@x.example", "x@foreign.example", Map.of("RELAYCLIENT", "")))
                .isEqualTo("250 x@foreign.example");
        assertThat(judge("s@x.example", "x@foreign.example", Map.of("RELAYCLIENT", "@backup.example")))
                .isEqualTo("250 x@foreign.example@backup.example");
        assertThat(judge("s@x.example", "nobody@example.org", Map.of("RELAYCLIENT", "")))
                .startsWith("550 5.1.1");
    }

    @Test
    void whatRelayClientAppendsMakesNoRecipientLongerThanAnAddress() throws Exception {
        String recipient = "x".repeat(800) + "@foreign.example";
        String fits = "@" + "y".repeat(Address.LIMIT - recipient.length() - 1);
        assertThat(judge("s@x.example", recipient, Map.of("RELAYCLIENT", fits))).isEqualTo("250 " + recipient + fits);
        assertThat(judge("s@x.example", recipient, Map.of("RELAYCLIENT", fits + "y")))
                .startsWith("555 5.5.4 address too long");
    }

    @Test
    @Covers("qmail:M10")
    void aBadSenderIsRefusedForEveryRecipientEvenOfRelayClients() throws Exception {
        control("badmailfrom", "spam@bad.example\n@Evil.example\n# comment\n");
        for (Map<String, String> variables : java.util.List.of(Map.<String, String>of(), Map.of("RELAYCLIENT", ""))) {
            assertThat(judge("SPAM@bad.example", "alice@example.org", variables))
                    .startsWith("553 5.7.1");
            assertThat(judge("x@evil.example", "alice@example.org", variables)).startsWith("553 5.7.1");
            assertThat(judge("x@sub.evil.example", "alice@example.org", variables))
                    .startsWith("250 ");
            assertThat(judge("ham@bad.example", "alice@example.org", variables)).startsWith("250 ");
        }
    }

    @Test
    void aPercentHackDoesNotLeadPastRcpthosts() throws Exception {
        control("percenthack", "example.org\n");
        assertThat(judge("s@x.example", "x%foreign.example@example.org", Map.of()))
                .startsWith("553 5.7.1");
        assertThat(judge("s@x.example", "x%backup.example@example.org", Map.of()))
                .startsWith("250 ");
    }

    @Test
    void aCatchAllOfVirtualdomainsDoesNotMakeEveryDomainOurs() throws Exception {
        control("virtualdomains", ":bob-gateway\nvirtual.example:bob\n");
        assertThat(judge("s@x.example", "x@foreign.example", Map.of())).startsWith("553 5.7.1");
        assertThat(judge("s@x.example", "x@virtual.example", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", "x@backup.example", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", "x@foreign.example", Map.of("RELAYCLIENT", "")))
                .startsWith("250 ");
        assertThat(judge("s@x.example", "nobody@foreign.example", Map.of("RELAYCLIENT", "")))
                .startsWith("550 5.1.1"); // it stays here, so lookup is asked
    }

    @ParameterizedTest
    @CsvSource({
        "joe@[127.0.0.1],joe@host.example",
        "joe@[0.0.0.0],joe@host.example",
        "joe@[IPv6:::1],joe@host.example",
        "joe@[192.0.2.99],joe@[192.0.2.99]",
        "joe@[IPv6:2001:db8::99],joe@[IPv6:2001:db8::99]",
        "joe@[IPv6:nonsense],joe@[IPv6:nonsense]",
        "joe@example.org,joe@example.org",
        "[127.0.0.1],[127.0.0.1]"
    })
    @Covers("qmail:M12")
    void aLiteralOfThisHostGetsItsName(String address, String named) throws Exception {
        control("localiphost", "host.example\n");
        assertThat(settings()
                        .localLiterals()
                        .withLocalName(new Address(address))
                        .octets())
                .isEqualTo(named);
    }

    @Test
    void withoutLocaliphostAndMeALiteralStays() throws Exception {
        control("me", "mail.example.org\n");
        assertThat(settings()
                        .localLiterals()
                        .withLocalName(new Address("joe@[127.0.0.1]"))
                        .octets())
                .isEqualTo("joe@mail.example.org");
        Files.delete(home.resolve("control/me"));
        var without = LocalLiterals.read(new ControlFiles(new Installation(home)));
        assertThat(without.withLocalName(new Address("joe@[127.0.0.1]")).octets())
                .isEqualTo("joe@[127.0.0.1]");
    }

    @Test
    void aDomainBeyondAsciiIsOneInBothItsForms() throws Exception {
        control("rcpthosts", utf8("m\u00fcller.example\n.xn--strae-oqa.example\n"));
        control("badmailfrom", utf8("@b\u00f6se.example\n"));
        try (var cdb =
                new CdbWriter(home.resolve("control/morercpthosts.cdb"), home.resolve("control/morercpthosts.tmp"))) {
            cdb.add(utf8("\u00e4.example"), ""); // as qmail-newmrh made it
            cdb.commit();
        }
        assertThat(judge("s@x.example", "x@xn--mller-kva.example", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", utf8("x@M\u00fcller.example"), Map.of()))
                .startsWith("250 ");
        assertThat(judge("s@x.example", utf8("x@a.stra\u00dfe.example"), Map.of()))
                .startsWith("250 ");
        assertThat(judge("s@x.example", "x@a.strasse.example", Map.of())).startsWith("553 5.7.1");
        assertThat(judge("s@x.example", "x@xn--4ca.example", Map.of())).startsWith("250 ");
        assertThat(judge("s@x.example", utf8("x@\u00c4.example"), Map.of())).startsWith("250 ");
        assertThat(judge("s@xn--bse-sna.example", "x@xn--4ca.example", Map.of()))
                .startsWith("553 5.7.1");
        assertThat(judge(utf8("s@b\u00f6se.example"), "x@xn--4ca.example", Map.of()))
                .startsWith("553 5.7.1");
    }

    private static String utf8(String text) {
        return carteiro.mail.Octets.text(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test
    void lookupIsAskedOnceForAllChecksOfARecipient() throws Exception {
        SmtpdSettings settings = settings();
        Client client = client(Map.of());
        Peer peer = Peer.of(
                client,
                ListenerRole.PLAIN,
                new TcpRules.Rule.Allow(Map.of()),
                settings.rightsOf(client, SmtpdSettings.NO_LIMIT));
        var mail = new SmtpCommand.Mail(new Address("s@x.example"), 0, BodyType.SEVEN_BIT, AddressForm.ASCII);
        var asked = new java.util.ArrayList<carteiro.protocol.Lookup.LookupQuestion>();
        assertThat(settings.policy()
                        .judge(
                                Stage.RECIPIENT,
                                peer,
                                TransactionView.of(mail.sender(), mail).at(new Address("alice@example.org"), 0),
                                KnownPasswords.askedOf(question -> {
                                    asked.add(question);
                                    return lookup.recipient(question);
                                })))
                .isEmpty();
        assertThat(asked)
                .containsExactly(carteiro.protocol.Lookup.LookupQuestion.receiving(
                        new Address("alice@example.org"), new Address("s@x.example")));
    }
}

package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.mail.Octets;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;

/** What mail programs read by themselves. */
class AccountCommandTest {
    @TempDir
    Path home;

    @BeforeEach
    void settings() throws Exception {
        Files.createDirectories(home.resolve("control"));
        control("me", "mail.example.org\n");
        control("locals", "example.org\n");
        control("virtualdomains", "shop.example:shop\n");
        control("smtpdlisten", "[::]:25\n# for people\n[::]:587 submission\n[::]:465 submission tls\n");
    }

    private void control(String name, String text) throws Exception {
        Files.writeString(home.resolve("control").resolve(name), text, StandardCharsets.ISO_8859_1);
    }

    private Tool.Result autoconfig(String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "autoconfig";
        all[1] = "--home";
        all[2] = home.toString();
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return new Tool().run(AccountCommand::run, all);
    }

    private static Document parsed(String xml) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(Octets.bytes(xml)));
    }

    private static String at(Document document, String path) throws Exception {
        return XPathFactory.newInstance().newXPath().evaluate(path, document);
    }

    private static final String OF_SENDING = """
            <?xml version="1.0" encoding="UTF-8"?>
            <clientConfig version="1.1">
              <emailProvider id="example.org">
                <domain>example.org</domain>
                <displayName>example.org mail</displayName>
                <displayShortName>example.org</displayShortName>
                <outgoingServer type="smtp">
                  <hostname>mail.example.org</hostname>
                  <port>465</port>
                  <socketType>SSL</socketType>
                  <username>ann</username>
                  <authentication>password-cleartext</authentication>
                </outgoingServer>
                <outgoingServer type="smtp">
                  <hostname>mail.example.org</hostname>
                  <port>587</port>
                  <socketType>STARTTLS</socketType>
                  <username>ann</username>
                  <authentication>password-cleartext</authentication>
                </outgoingServer>
              </emailProvider>
            </clientConfig>
            """;

    @Test
    void thunderbirdIsToldServersPortsAndUser() throws Exception {
        Tool.Result result = autoconfig("--thunderbird", "Ann@example.org");
        assertThat(result.code()).isZero();
        assertThat(result.out()).isEqualTo(OF_SENDING);
        assertThat(at(parsed(result.out()), "/clientConfig/emailProvider/outgoingServer[1]/port"))
                .isEqualTo("465");
    }

    @Test
    void whoeverHasAnAddressOfAVirtualDomainLogsInWithAllOfIt() throws Exception {
        Document document =
                parsed(autoconfig("--thunderbird", "sales@shop.example").out());
        assertThat(at(document, "//username")).isEqualTo("sales@shop.example");
        assertThat(at(document, "//emailProvider/@id")).isEqualTo("shop.example");
    }

    @Test
    void hostAndUserCanBeSaid() throws Exception {
        Document document = parsed(
                autoconfig("--thunderbird", "--host", "smtp.example.net", "--user", "m&<\"1>", "x@elsewhere.example")
                        .out());
        assertThat(at(document, "//hostname")).isEqualTo("smtp.example.net");
        assertThat(at(document, "//username")).isEqualTo("m&<\"1>");
        assertThat(at(document, "//domain")).isEqualTo("elsewhere.example");
    }

    @Test
    void recordsForTheDnsNameWhatThereIsAndWhatThereIsNot() {
        assertThat(autoconfig("--srv", "ann@example.org").out()).isEqualTo("""
                _submissions._tcp.example.org. 3600 IN SRV 0 1 465 mail.example.org.
                _submission._tcp.example.org. 3600 IN SRV 0 1 587 mail.example.org.
                _pop3s._tcp.example.org. 3600 IN SRV 0 0 0 .
                _pop3._tcp.example.org. 3600 IN SRV 0 0 0 .
                """);
    }

    @Test
    void addressesBeyondAsciiStayAsPeopleWriteThemAndTheZoneIsInItsOwnForm() throws Exception {
        control("locals", "b\u00c3\u00bccher.example\n");
        String address = "j\u00c3\u00b6rg@b\u00c3\u00bccher.example";
        Tool.Result result = autoconfig("--thunderbird", address);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(at(parsed(result.out()), "//username")).isEqualTo("j\u00f6rg");
        assertThat(autoconfig("--srv", address).out()).contains("_submissions._tcp.xn--bcher-kva.example. 3600 IN SRV");
    }

    @Test
    void whereMailIsFetchedIsToldToo() throws Exception {
        var servers = MailServers.of(
                "mail.example.org",
                List.of("[::]:587 submission"),
                List.of("127.0.0.1:1100", "[::]:110", "0.0.0.0:995 tls", "[::]:1995 tls"));
        var settings = new MailProgramSettings("ann@example.org", "ann", servers);
        assertThat(settings.srv("example.org")).isEqualTo("""
                _submissions._tcp.example.org. 3600 IN SRV 0 0 0 .
                _submission._tcp.example.org. 3600 IN SRV 0 1 587 mail.example.org.
                _pop3s._tcp.example.org. 3600 IN SRV 0 1 995 mail.example.org.
                _pop3._tcp.example.org. 3600 IN SRV 0 1 110 mail.example.org.
                """);
        Document document = parsed(settings.thunderbird());
        assertThat(at(document, "//incomingServer[@type='pop3'][1]/port")).isEqualTo("995");
        assertThat(at(document, "//incomingServer[1]/socketType")).isEqualTo("SSL");
        assertThat(at(document, "//incomingServer[2]/port")).isEqualTo("110");
        assertThat(at(document, "//incomingServer[2]/socketType")).isEqualTo("STARTTLS");
    }

    /** Python's plistlib reads what Apple's own library reads. */
    @Test
    void applesProfileIsAPropertyList() throws Exception {
        Path python = Path.of("/usr/bin/python3");
        assumeTrue(Files.isExecutable(python), "SKIPPED: python3 is not installed");
        var settings = new MailProgramSettings(
                "ann&bob@example.org",
                "a<b",
                new MailServers(
                        "mail.example.org",
                        java.util.Map.of(MailServers.MailService.SUBMISSION, 587, MailServers.MailService.POP3S, 995)));
        String profile = settings.apple(
                settings.servers().outgoing().orElseThrow(),
                settings.servers().incoming().orElseThrow());
        assertThat(parsed(profile).getDocumentElement().getTagName()).isEqualTo("plist");
        Path file = Files.writeString(home.resolve("mail.mobileconfig"), profile);
        Process process = new ProcessBuilder(
                        python.toString(),
                        "-c",
                        "import plistlib,sys\np=plistlib.load(open(sys.argv[1],'rb'))\nm=p['PayloadContent'][0]\n"
                                + "print(p['PayloadType'],p['PayloadVersion'],p['PayloadIdentifier'],"
                                + "len(p['PayloadUUID']),p['PayloadUUID']!=m['PayloadUUID'])\n"
                                + "for k in sorted(m): print(k,m[k])",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said)
                .contains(
                        "Configuration 1 carteiro.mail.example.org.ann&bob@example.org.profile 36 True\n",
                        "EmailAccountType EmailTypePOP\n",
                        "EmailAddress ann&bob@example.org\n",
                        "IncomingMailServerHostName mail.example.org\n",
                        "IncomingMailServerPortNumber 995\n",
                        "IncomingMailServerUseSSL True\n",
                        "IncomingMailServerUsername a<b\n",
                        "OutgoingMailServerPortNumber 587\n",
                        "OutgoingMailServerUseSSL True\n",
                        "OutgoingPasswordSameAsIncomingPassword True\n",
                        "PayloadType com.apple.mail.managed\n")
                .doesNotContain("Password password");
        assertThat(settings.apple(
                        settings.servers().outgoing().orElseThrow(),
                        settings.servers().incoming().orElseThrow()))
                .as("the same again takes the place of the first")
                .isEqualTo(profile);
    }

    @Test
    void withoutWordsAllIsPrinted() {
        assertThat(autoconfig("ann@example.org").out())
                .contains(
                        "---- Thunderbird: serve it as https://autoconfig.example.org/mail/config-v1.1.xml\n<?xml",
                        "---- Apple: ",
                        "---- DNS: records for the zone of example.org\n_submissions._tcp");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[::]:25",
                "127.0.0.1:587 submission",
                "[::1]:465 submission tls",
                "[::]:10587 submission proxy",
                "[::]:0 submission",
            })
    void whatNobodyCanReachIsNotNamed(String line) throws Exception {
        control("smtpdlisten", line + "\n");
        Tool.Result result = autoconfig("ann@example.org");
        assertThat(result.code()).isEqualTo(Exit.PERMANENT);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("control/smtpdlisten has no line with submission that others can reach");
    }

    @Test
    void thereIsNoProfileOfAppleWithoutAServerToFetchFrom() {
        Tool.Result result = autoconfig("--apple", "ann@example.org");
        assertThat(result.code()).isEqualTo(Exit.PERMANENT);
        assertThat(result.err()).contains("Apple's profile needs a server to fetch mail from");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ann", "@example.org", "ann@", "ann@exa mple.org", "a\u0001@example.org", "\u00fc@example.org"})
    void whatIsNoAddressIsRefused(String address) {
        Tool.Result result = autoconfig(address);
        assertThat(result.code()).isEqualTo(Exit.PERMANENT);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("is no address; write one such as");
    }

    @Test
    void mailOfOtherHostsIsNotOurs() {
        assertThat(autoconfig("x@elsewhere.example").err()).contains("goes to another host; give --user NAME");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--other", "--host", "--thunderbird", "a@example.org b@example.org"})
    void wrongUseIsRefused(String words) {
        Tool.Result result = words.isEmpty() ? autoconfig() : autoconfig(words.split(" "));
        assertThat(result.code()).isEqualTo(Exit.PERMANENT);
        assertThat(result.err()).contains("usage: carteiro account autoconfig");
    }
}

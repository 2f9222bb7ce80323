package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Certificates;
import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients log in by a certificate: Python's smtplib, at a port with TLS at once and behind STARTTLS. */
class ExternalLoginTest {
    private static final String FOR_CLIENTS = "\nextendedKeyUsage=clientAuth";

    @TempDir
    Path folder;

    private int starttls;
    private int tls;

    @BeforeEach
    void ports() throws IOException {
        starttls = freePort();
        tls = freePort();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private String python(String script) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "SKIPPED: python3 is not installed");
        String begin = """
                import smtplib,ssl
                def session(port,folder):
                  c=ssl._create_unverified_context()
                  if folder: c.load_cert_chain(folder+'/leaf.pem',folder+'/leaf.key')
                  if port==TLS:
                    s=smtplib.SMTP_SSL('127.0.0.1',port,context=c)
                  else:
                    s=smtplib.SMTP('127.0.0.1',port)
                    s.starttls(context=c)
                  s.ehlo('pc.example')
                  return s
                def offered(port,folder):
                  print('EXTERNAL' in session(port,folder).esmtp_features.get('auth',''))
                def login(port,folder,response='='):
                  print(session(port,folder).docmd('AUTH','EXTERNAL '+response)[0])
                def send(port,folder,sender):
                  s=session(port,folder)
                  s.docmd('AUTH','EXTERNAL =')
                  try:
                    s.sendmail(sender,['bob@example.org'],'From: '+sender+'\\nSubject: hello\\n\\nhi\\n')
                    print('sent')
                  except smtplib.SMTPResponseException as e: print(e.smtp_code)
                  except smtplib.SMTPRecipientsRefused as e: print(list(e.recipients.values())[0][0])
                """.replace("TLS", Integer.toString(tls));
        var said = CarteiroProcess.run(List.of("/usr/bin/python3", "-c", begin + script), Map.of(), "");
        assertThat(said.exit()).as(said.output()).isZero();
        return said.output();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a certificate of our own authority logs its account in; any other leaves the client where it was")
    void external(Form form) throws Exception {
        Certificates server = Certificates.make(folder.resolve("server"), "DNS:mail.example.org");
        Certificates authority = Certificates.make(folder.resolve("authority"), "DNS:unused.example");
        Certificates stranger = Certificates.make(folder.resolve("stranger"), "email:ann@example.org");
        String ann = folder.resolve("ann").toString();
        authority.issue(Path.of(ann), "/CN=Ann", "subjectAltName=email:Ann@example.org" + FOR_CLIENTS);
        String host = folder.resolve("host").toString();
        authority.issue(Path.of(host), "/CN=Backup Host", "keyUsage=digitalSignature");
        String nobody = folder.resolve("nobody").toString();
        authority.issue(Path.of(nobody), "/CN=Nobody", "subjectAltName=email:nobody@example.org");
        String forServers = folder.resolve("forServers").toString();
        authority.issue(
                Path.of(forServers), "/CN=Ann", "subjectAltName=email:ann@example.org\nextendedKeyUsage=serverAuth");
        String foreign = stranger.certificate().getParent().toString();
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("ann", "bob");
            carteiro.control(
                    "smtpdlisten",
                    "127.0.0.1:0\n127.0.0.1:" + starttls + " submission\n127.0.0.1:" + tls + " tls submission");
            carteiro.control("servercert.pem", server.identity());
            carteiro.control("authmechanisms", "plain\nexternal");
            carteiro.control("clientca.pem", Files.readString(authority.authority()));
            carteiro.control("clientcerts", "ann@example.org:ann\nbackup host:bob\nmissing@example.org:missing");
            carteiro.commandWithInput("sesame 1\n", "carteiro.lookup.Passwd", "ann");
            carteiro.commandWithInput("sesame 2\n", "carteiro.lookup.Passwd", "bob");
            carteiro.start();
            for (int port : new int[] {starttls, tls}) {
                assertThat(python("for f in ('" + ann + "','" + host + "'): offered(" + port + ",f)\n"
                                + "for f in ('','" + nobody + "','" + foreign + "','" + forServers + "'): offered("
                                + port + ",f)\n"))
                        .isEqualTo("True\nTrue\nFalse\nFalse\nFalse\nFalse\n");
                assertThat(python("send(" + port + ",'" + ann + "','ann@example.org')\n"
                                + "send(" + port + ",'" + ann + "','bob@example.org')\n"
                                + "send(" + port + ",'" + host + "','bob@example.org')\n"
                                + "send(" + port + ",'" + foreign + "','ann@example.org')\n"))
                        .isEqualTo("sent\n553\nsent\n530\n");
                assertThat(python("login(" + port + ",'" + ann + "','YW5u')\n" // ann
                                + "login(" + port + ",'" + ann + "','Ym9i')\n" // bob
                                + "login(" + port + ",'" + ann + "','!')\n"
                                + "login(" + port + ",'" + foreign + "')\n"))
                        .isEqualTo("235\n535\n501\n504\n");
            }
            carteiro.awaitLog(".*smtpd: login ann client 127\\.0\\.0\\.1 by EXTERNAL");
            carteiro.awaitLog(
                    ".*smtpd: certificate of client 127\\.0\\.0\\.1 stands for nobody: no authority of ours .*");
            carteiro.awaitLog(
                    ".*stands for nobody: control/clientcerts has none of its names: nobody@example\\.org, nobody");
            carteiro.awaitLog(".*stands for nobody: it is not for clients \\(extendedKeyUsage\\)");
            assertThat(carteiro.attempt("", "carteiro.lookup.LoginsCommand", "ann")
                            .output())
                    .contains("certificate");
            assertThat(carteiro.attempt("", "carteiro.lookup.LoginsCommand", "--stop", "ann")
                            .exit())
                    .isZero();
            assertThat(python("login(" + tls + ",'" + ann + "')\n")).isEqualTo("535\n");
        }
    }
}

package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that others wrote. */
class RealClientsTest {
    @TempDir
    static Path home;

    private static SmtpdOnLoopback smtpd;

    @BeforeAll
    static void start() throws Exception {
        smtpd = SmtpdOnLoopback.start(home, "servercert.pem", TestCertificate.pem(home, "rsa:2048"));
    }

    @AfterAll
    static void stop() throws Exception {
        if (smtpd != null) {
            smtpd.close();
        }
    }

    private static String address() {
        return "127.0.0.1:" + smtpd.port();
    }

    @ParameterizedTest
    @CsvSource({
        "'',' with ESMTP id '",
        "--tls,' with ESMTPS id '",
        "--protocol SMTP,' with SMTP id '",
        "--pipeline,' with ESMTP id '"
    })
    void swaks(String options, String with) throws Exception {
        TestTools.assumeInstalled("swaks");
        int before = smtpd.queue.messages.size();
        var command = new java.util.ArrayList<>(java.util.List.of(
                "swaks",
                "--server",
                address(),
                "--from",
                "s@client.example",
                "--to",
                "alice@example.org,bob@example.org",
                "--helo",
                "client.example",
                "--body",
                ".\n..two\nend"));
        for (String option : options.split(" ")) {
            if (!option.isEmpty()) {
                command.add(option);
            }
        }
        TestTools.run(command.toArray(String[]::new));
        assertThat(smtpd.queue.messages).hasSize(before + 1);
        KeptMessages.Kept kept = smtpd.queue.messages.getLast();
        assertThat(kept.envelope().addresses()).hasSize(2);
        assertThat(kept.received()).contains(with);
        assertThat(kept.sent()).contains("\n\n.\n..two\nend\n");
    }

    @ParameterizedTest
    @CsvSource({"-d,300", "'',60"})
    void smtpSource(String kept, int messages) throws Exception {
        String source = TestTools.assumeInstalled("smtp-source");
        int before = smtpd.queue.messages.size();
        var command = new java.util.ArrayList<>(java.util.List.of(
                source,
                "-c",
                "-s",
                "5",
                "-m",
                String.valueOf(messages),
                "-l",
                "4096",
                "-f",
                "s@client.example",
                "-t",
                "alice@example.org"));
        if (!kept.isEmpty()) {
            command.add(kept);
        }
        command.add(address());
        TestTools.run(command.toArray(String[]::new));
        assertThat(smtpd.queue.messages).hasSize(before + messages);
        assertThat(smtpd.queue.messages.getLast().sent()).hasSizeGreaterThan(3800);
    }

    @ParameterizedTest
    @CsvSource({"--ssl", "--ssl-reqd"})
    void curl(String option) throws Exception {
        TestTools.assumeInstalled("curl");
        Path mail = home.resolve("mail");
        Files.writeString(mail, "Subject: curl\r\n\r\n.hidden\r\n", StandardCharsets.US_ASCII);
        TestTools.run(
                "curl",
                "-sS",
                "-k",
                option,
                "smtp://" + address() + "/client.example",
                "--mail-from",
                "s@client.example",
                "--mail-rcpt",
                "bob@example.org",
                "-T",
                mail.toString());
        assertThat(smtpd.queue.messages.getLast().sent()).isEqualTo("Subject: curl\n\n.hidden\n");
        assertThat(smtpd.queue.messages.getLast().received()).contains(" with ESMTPS ");
    }

    @Test
    void pythonsSmtplib() throws Exception {
        TestTools.assumeInstalled("python3");
        TestTools.run("python3", "-c", """
                import smtplib, ssl
                c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
                s = smtplib.SMTP('127.0.0.1', %s, local_hostname='client.example')
                s.starttls(context=c)
                refused = s.sendmail('s@client.example', ['bob@example.org', 'nobody@example.org'], 'Subject: py\\n\\n.x\\n')
                assert list(refused) == ['nobody@example.org'], refused
                assert s.has_extn('smtputf8')
                s.sendmail('caf\u00e9@client.example', ['bob@example.org'], b'Subject: 8\\r\\n\\r\\n\\xff\\r\\n', ['SMTPUTF8', 'BODY=8BITMIME'])
                s.quit()
                """.formatted(smtpd.port()));
        assertThat(smtpd.queue.messages.getLast().sent()).isEqualTo("Subject: 8\n\n\u00ff\n");
        assertThat(smtpd.queue.messages.getLast().received()).contains(" with UTF8SMTPS ");
        assertThat(smtpd.queue.messages.get(smtpd.queue.messages.size() - 2).sent())
                .isEqualTo("Subject: py\n\n.x\n");
    }
}

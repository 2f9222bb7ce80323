package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Attribute;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who logs in, how, and what that allows. */
class AuthenticationTest {
    private static final String SUBMISSION = "127.0.0.1:0 submission\n";
    private static final String IN_THE_CLEAR = "127.:allow,SMTPAUTH=\"\"\n";

    @TempDir
    Path home;

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String plain(String name, String password) {
        return base64("\0" + name + "\0" + password);
    }

    private static final String RIGHT = plain("alice", KnownPasswords.PASSWORD);

    private SmtpdOnLoopback inTheClear(String... files) throws Exception {
        String[] all = new String[files.length + 2];
        all[0] = "tcp.smtp";
        all[1] = IN_THE_CLEAR;
        System.arraycopy(files, 0, all, 2, files.length);
        return SmtpdOnLoopback.start(home, all);
    }

    private static Dialogue greeted(SmtpdOnLoopback smtpd) throws IOException {
        return smtpd.connect().expect("220 ").say("EHLO client.example", "250-");
    }

    // ---- what is offered

    @Test
    @Covers("ldap:QL-085")
    void atASubmissionPortALoginIsOfferedOverTlsAlone() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home, "servercert.pem", TestCertificate.pem(home, "rsa:2048"), "smtpdlisten", SUBMISSION);
                var client = smtpd.connect()) {
            client.expect("220 ").send("EHLO client.example\r\n");
            assertThat(client.reply()).contains("STARTTLS").doesNotContain("AUTH");
            client.say("AUTH PLAIN " + RIGHT, "538 5.7.11 STARTTLS first [R63]");
            client.say("STARTTLS", "220 ").startTls().send("EHLO client.example\r\n");
            assertThat(client.reply()).contains("\n250-AUTH PLAIN LOGIN\n");
            client.say("AUTH PLAIN " + RIGHT, "235 2.7.0 logged in");
            client.say("MAIL FROM:<alice@example.org>", "250 ").say("RCPT TO:<b@elsewhere.example>", "250 ");
            client.say("DATA", "354 ").say("From: alice@example.org\r\nSubject: x\r\n\r\ny\r\n.", "250 ");
            KeptMessages.Kept kept = smtpd.queue.messages.getLast();
            assertThat(kept.received())
                    .contains("by mail.example.org with ESMTPSA id ")
                    .doesNotContain("127.0.0.1");
            assertThat(kept.envelope().attributes().get(Attribute.LOGIN)).isEqualTo("alice");
            smtpd.awaitLog("smtpd: login alice client 127.0.0.1 by PLAIN");
        }
    }

    @Test
    @Covers("ldap:QL-085")
    void withSmtpauthOfTlsrequiredALoginNeedsTls() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "tcp.smtp", "127.:allow,SMTPAUTH=\"TLSREQUIRED\"\n");
                var client = smtpd.connect()) {
            client.expect("220 ").send("EHLO client.example\r\n");
            assertThat(client.reply()).doesNotContain("AUTH");
            client.say("AUTH PLAIN " + RIGHT, "538 ");
            assertThat(smtpd.passwords.asked).isEmpty();
        }
    }

    @Test
    void elsewhereThereIsNone() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = smtpd.connect()) {
            client.expect("220 ").send("EHLO client.example\r\n");
            assertThat(client.reply()).doesNotContain("AUTH");
            client.say("AUTH PLAIN " + RIGHT, "502 5.5.1 logins are not offered here [R10]");
        }
    }

    @Test
    void onlyTheMechanismsThatAreSetAreThere() throws Exception {
        try (var smtpd = inTheClear("authmechanisms", "login\n");
                var client = smtpd.connect()) {
            client.expect("220 ").send("EHLO client.example\r\n");
            assertThat(client.reply()).contains("\n250-AUTH LOGIN\n");
            client.say("AUTH PLAIN " + RIGHT, "504 5.5.4 ");
            client.say("AUTH CRAM-MD5", "504 5.5.4 ");
        }
    }

    // ---- right and wrong

    @Test
    @Covers("ldap:QL-084")
    void whoLogsInMaySendToAnywhere() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("MAIL FROM:<alice@example.org>", "250 ").say("RCPT TO:<b@elsewhere.example>", "553 ");
            client.say("RSET", "250 ").say("AUTH PLAIN " + RIGHT, "235 ");
            client.say("MAIL FROM:<alice@example.org>", "250 ").say("RCPT TO:<b@elsewhere.example>", "250 ");
            client.say("DATA", "354 ").say("From: alice@example.org\r\n\r\ny\r\n.", "250 ");
            assertThat(smtpd.queue.messages.getLast().received()).contains(" with ESMTPA id ");
        }
    }

    @Test
    void anAccountSendsNoMoreThanItMay() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN " + RIGHT, "235 ");
            smtpd.passwords.sending = new SendingVerdict.OverLimit("50 messages an hour", Duration.ofSeconds(61));
            send(
                    client,
                    "450 4.7.1 the account you logged in to may send 50 messages an hour; try again in 2"
                            + " minutes [R64]");
            smtpd.passwords.sending = new SendingVerdict.AccountStopped();
            send(client, "550 5.7.1 the account you logged in to may send nothing [R65]");
            assertThat(smtpd.queue.messages).isEmpty();
            smtpd.passwords.sending = new SendingVerdict.SendingAllowed();
            send(client, "250 ");
            assertThat(smtpd.passwords.asked).endsWith("sending alice 2", "sending alice 2");
            smtpd.awaitLog("450 4.7.1 the account you logged in to may send 50 messages an hour");
        }
    }

    private static void send(Dialogue client, String reply) throws IOException {
        client.say("MAIL FROM:<alice@example.org>", "250 ");
        client.say("RCPT TO:<b@elsewhere.example>", "250 ").say("RCPT TO:<c@elsewhere.example>", "250 ");
        client.say("DATA", "354 ").say("From: alice@example.org\r\n\r\ny\r\n.", reply);
    }

    @Test
    @Covers("ldap:QL-084")
    void byLoginNameAndPasswordAreAskedFor() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("auth login", "334 VXNlcm5hbWU6");
            client.say(base64("alice"), "334 UGFzc3dvcmQ6");
            client.say(base64(KnownPasswords.PASSWORD), "235 2.7.0 ");
        }
        home = home.resolve("2");
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH LOGIN " + base64("alice"), "334 UGFzc3dvcmQ6");
            client.say(base64(KnownPasswords.PASSWORD), "235 2.7.0 ");
        }
    }

    @Test
    void plainAsksWhereNothingCameWithIt() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN", "334 ").say(RIGHT, "235 ");
        }
    }

    @Test
    @Covers("ldap:QL-084")
    void aWrongPasswordAndAnUnknownNameAreToldTheSame() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN " + plain("alice", "x"), "535 5.7.8 wrong name or password [R60]");
            client.say("AUTH PLAIN " + plain("nobody", "x"), "535 5.7.8 wrong name or password [R60]");
            client.say("MAIL FROM:<alice@example.org>", "250 ").say("RCPT TO:<b@elsewhere.example>", "553 ");
            smtpd.awaitLog("refused AUTH from <> client 127.0.0.1: 535 5.7.8 wrong name or password [R60]"
                    + " (\"nobody\") rule login");
            assertThat(smtpd.log()).doesNotContain(plain("alice", "x")).doesNotContain(" x ");
        }
    }

    @Test
    void theAnswerToAWrongPasswordWaits() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            smtpd.passwords.pause = Duration.ofMillis(700);
            long begun = System.nanoTime();
            client.say("AUTH PLAIN " + plain("alice", "x"), "535 ");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(700));
        }
    }

    @Test
    void whileNobodyCanTellNobodyIsAskedForANewPassword() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            smtpd.passwords.undecided = true;
            client.say("AUTH PLAIN " + RIGHT, "454 4.7.0 logins are not possible now, try again later [R62]");
            smtpd.awaitLog("(\"alice\" the directory is asleep) rule login-undecided");
            smtpd.passwords.undecided = false;
            smtpd.passwords.blocked = true;
            client.say("AUTH PLAIN " + RIGHT, "454 4.7.0 too many wrong passwords, try again later [R61]");
            smtpd.passwords.blocked = false;
            smtpd.neighboursLeave();
            client.say("AUTH PLAIN " + RIGHT, "454 4.7.0 logins are not possible now, try again later [R62]");
            smtpd.neighboursCome();
            client.say("AUTH PLAIN " + RIGHT, "235 ");
        }
    }

    @Test
    void anotherIdentityThanTheNameIsRefused() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN " + base64("bob\0alice\0" + KnownPasswords.PASSWORD), "535 ");
            assertThat(smtpd.passwords.asked).isEmpty();
            client.say("AUTH PLAIN " + base64("alice\0alice\0" + KnownPasswords.PASSWORD), "235 ");
        }
    }

    // ---- SCRAM

    @Test
    @Covers("ldap:QL-090")
    void scramCarriesMessagesToLookupAndBack() throws Exception {
        try (var smtpd = inTheClear("authmechanisms", "scram-sha-256\nplain\n");
                var client = smtpd.connect()) {
            client.expect("220 ").send("EHLO client.example\r\n");
            assertThat(client.reply()).contains("\n250-AUTH PLAIN SCRAM-SHA-256\n");
            client.say("AUTH SCRAM-SHA-256-PLUS", "504 ");
            client.say("AUTH SCRAM-SHA-1", "504 ");
            client.say("AUTH SCRAM-SHA-256 " + base64("other"), "535 ");
            client.say("AUTH SCRAM-SHA-256", "334 ").say(base64("first"), "334 " + base64("challenge"));
            client.say(base64("wrong"), "535 ");
            client.say("AUTH SCRAM-SHA-256 " + base64("first"), "334 " + base64("challenge"));
            client.say("*", "501 5.7.0 login cancelled");
            client.say("AUTH SCRAM-SHA-256 " + base64("first"), "334 " + base64("challenge"));
            client.say(base64("last"), "334 " + base64("proof")).say("*", "501 5.7.0 login cancelled");
            client.say("AUTH SCRAM-SHA-256 !", "501 5.5.2 ");
            client.say("AUTH SCRAM-SHA-256 " + base64("first"), "334 " + base64("challenge"));
            client.say(base64("last"), "334 " + base64("proof")).say("", "235 2.7.0 ");
            assertThat(smtpd.passwords.asked).contains("SCRAM-SHA-256 []");
            smtpd.awaitLog("smtpd: login alice client 127.0.0.1 by SCRAM-SHA-256");
        }
    }

    @Test
    void overTlsItCanBeBoundToTheConnection() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home,
                        "servercert.pem",
                        TestCertificate.pem(home, "rsa:2048"),
                        "smtpdlisten",
                        SUBMISSION,
                        "authmechanisms",
                        "scram-sha-1\nscram-sha-256\n");
                var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO client.example", "250-").say("STARTTLS", "220 ");
            client.startTls().send("EHLO client.example\r\n");
            assertThat(client.reply()).contains("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1\n");
            client.say("AUTH SCRAM-SHA-256-PLUS " + base64("first"), "334 ");
            client.say(base64("last"), "334 ").say("=", "235 ");
            assertThat(smtpd.passwords.asked).contains("SCRAM-SHA-256-PLUS [tls-exporter, tls-server-end-point]");
        }
    }

    @Test
    void whatAClientSaysAfterARefusedLoginIsNotLogged() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = greeted(smtpd)) {
            client.say("AUTH LOGIN", "502 ").say(base64("alice"), "502 ").say(base64("hush, hush"), "502 ");
            client.say("NOOP", "250 ").say("XTOLD", "502 ").say("QUIT", "221 ");
            assertThat(smtpd.awaitLog("ended: quit"))
                    .contains("refused command from <>")
                    .contains("refused xtold from <>")
                    .doesNotContainIgnoringCase(base64("hush, hush"))
                    .doesNotContainIgnoringCase(base64("alice"));
        }
    }

    // ---- malformed

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PLAIN !!!! | 501 5.5.2 this is no base64",
                "PLAIN YQ | 501 5.5.2 this is no base64",
                "PLAIN YWxpY2U= | 501 5.5.2 this is no message of the mechanism",
                "PLAIN AGEAYgBj | 501 5.5.2 this is no message of the mechanism",
                "PLAIN = | 501 5.5.2 this is no message of the mechanism",
                "PLAIN a b | 501 5.5.2 this is no base64",
                "PLAIN * | 501 5.7.0 login cancelled",
                "LOGIN * | 501 5.7.0 login cancelled",
                "'' | 501 5.5.4 write AUTH",
                "XOAUTH9 abc | 504 5.5.4 "
            })
    void whatIsNoLoginIsRefused(String argument, String reply) throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH " + argument, reply);
            assertThat(smtpd.passwords.asked).isEmpty();
            client.say("NOOP", "250 ");
        }
    }

    @Test
    void emptyNameAndPasswordAreLookedAtAsAnyOther() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH LOGIN =", "334 UGFzc3dvcmQ6").say("=", "535 ");
            client.say("AUTH LOGIN", "334 ").say("", "334 UGFzc3dvcmQ6").say("", "535 ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTH PLAIN", "AUTH LOGIN"})
    void theExchangeCanBeCancelledAtEveryStep(String command) throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say(command, "334 ").say("*", "501 5.7.0 login cancelled").say("NOOP", "250 ");
            client.say("AUTH LOGIN " + base64("alice"), "334 ").say("*", "501 5.7.0 login cancelled");
            client.say("NOOP", "250 ");
        }
    }

    @Test
    void aResponseMayHaveAsManyOctetsAsRfc4954Asks() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            String longest = base64("\0alice\0" + "x".repeat(12_288 / 4 * 3 - 7));
            assertThat(longest).hasSize(12_288);
            client.say("AUTH PLAIN", "334 ").say(longest, "501 5.5.2 this is no message of the mechanism");
            client.say("AUTH PLAIN " + longest, "501 5.5.2 this is no message of the mechanism");
            client.say("auth  plain " + RIGHT, "235 ");
        }
    }

    @Test
    void aResponseWithoutEndEndsTheConversation() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN", "334 ")
                    .say("a".repeat(13_000), "500 5.5.2 line too long")
                    .say("NOOP", "250 ");
            client.say("AUTH PLAIN " + "a".repeat(13_000), "500 5.5.2 line too long")
                    .say("NOOP", "250 ");
            client.say("NOOP " + "a".repeat(3_000), "500 5.5.2 line too long").say("NOOP", "250 ");
        }
    }

    @Test
    void aNameOfManyOctetsIsAskedOfNobody() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("AUTH LOGIN " + base64("a".repeat(1001)), "334 ").say(base64("x"), "501 5.5.2 ");
            client.say("AUTH LOGIN " + base64("a"), "334 ").say(base64("x".repeat(513)), "501 5.5.2 ");
            assertThat(smtpd.passwords.asked).isEmpty();
        }
    }

    @Test
    void thereIsATimeForIt() throws Exception {
        try (var smtpd = inTheClear()) {
            try (var client = smtpd.connect()) {
                client.expect("220 ").say("AUTH PLAIN " + RIGHT, "503 5.5.1 EHLO first");
                client.say("HELO client.example", "250 ").say("AUTH PLAIN " + RIGHT, "503 5.5.1 EHLO first");
            }
            try (var client = greeted(smtpd)) {
                client.say("MAIL FROM:<alice@example.org>", "250 ");
                client.say("AUTH PLAIN " + RIGHT, "503 5.5.1 not within a message");
                client.say("RSET", "250 ").say("AUTH PLAIN " + RIGHT, "235 ");
                client.say("AUTH PLAIN " + RIGHT, "503 5.5.1 logged in already");
            }
        }
    }

    @Test
    void whatWasSaidBeforeTlsCountsForNothing() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home, "servercert.pem", TestCertificate.pem(home, "rsa:2048"), "tcp.smtp", IN_THE_CLEAR);
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN " + RIGHT, "235 ").say("STARTTLS", "220 ").startTls();
            client.say("EHLO client.example", "250-").say("MAIL FROM:<alice@example.org>", "250 ");
            client.say("RCPT TO:<b@elsewhere.example>", "553 ");
        }
    }

    // ---- who has to, and as whom

    @Test
    void anotherSenderIsRefusedAfterALogin() throws Exception {
        try (var smtpd = inTheClear();
                var client = greeted(smtpd)) {
            client.say("MAIL FROM:<bob@example.org>", "250 ").say("RSET", "250 ");
            client.say("AUTH PLAIN " + RIGHT, "235 ");
            client.say(
                    "MAIL FROM:<bob@example.org>",
                    "553 5.7.1 that sender is no address of the account you logged in to [R37]");
            client.say("MAIL FROM:<alice-lists@example.org>", "250 ").say("RSET", "250 ");
            client.say("MAIL FROM:<>", "250 ").say("RSET", "250 ");
            smtpd.passwords.undecided = true;
            client.say("MAIL FROM:<alice@example.org>", "451 4.3.0 whose address");
            smtpd.awaitLog("(<bob@example.org> is not of the account \"alice\") rule own-sender");
        }
    }

    @Test
    @Covers("ldap:QL-086")
    void whereALoginIsRequiredNobodySendsWithout() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                home,
                "tcp.smtp",
                "127.0.0.1:allow,SMTPAUTH=\"\",AUTHREQUIRED=\"\"\n"
                        + "127.0.0.2:allow,AUTHREQUIRED=\"\",AUTHORIZED=\"\"\n:allow\n")) {
            try (var client = greeted(smtpd)) {
                client.say("MAIL FROM:<alice@example.org>", "530 5.7.0 log in first [R36]");
                client.say("AUTH PLAIN " + RIGHT, "235 ").say("MAIL FROM:<alice@example.org>", "250 ");
            }
            try (var client = Dialogue.from("127.0.0.2", smtpd.port())) {
                client.envelope();
            }
            try (var client = Dialogue.from("127.0.0.3", smtpd.port())) {
                client.envelope();
            }
        }
    }

    @Test
    void theWholeHostMayRequireALogin() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "authrequired", "1\n");
                var client = greeted(smtpd)) {
            client.say("MAIL FROM:<alice@example.org>", "530 5.7.0 log in first [R36]");
        }
    }

    @Test
    void theProgramThatTakesTheMessageLearnsWhoHasLoggedIn() throws Exception {
        Path program = home.resolve("filter");
        Files.writeString(program, "#!/bin/sh\necho \"$SMTPAUTHUSER\" >>'" + home + "/user'\nexit 31\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        String rule = "127.:allow,SMTPAUTH=\"\",QMAILQUEUE=\"" + program + "\"\n";
        try (var smtpd = SmtpdOnLoopback.start(home, "tcp.smtp", rule);
                var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ").say("x\r\n.", "554 5.3.0");
            client.say("AUTH PLAIN " + RIGHT, "235 ").say("MAIL FROM:<alice@example.org>", "250 ");
            client.say("RCPT TO:<bob@example.org>", "250 ").say("DATA", "354 ");
            client.say("From: alice@example.org\r\n\r\nx\r\n.", "554 5.3.0");
            assertThat(home.resolve("user")).hasContent("\nalice\n");
        }
    }

    @Test
    void theClientIsNamedWhereItIsNotToBeHidden() throws Exception {
        try (var smtpd = inTheClear("hideusers", "0\n");
                var client = greeted(smtpd)) {
            client.say("AUTH PLAIN " + RIGHT, "235 ").say("MAIL FROM:<alice@example.org>", "250 ");
            client.say("RCPT TO:<b@elsewhere.example>", "250 ").say("DATA", "354 ");
            client.say("From: alice@example.org\r\n\r\ny\r\n.", "250 ");
            assertThat(smtpd.queue.messages.getLast().received())
                    .contains("from client.example ([127.0.0.1])")
                    .contains(" with ESMTPA id ");
        }
    }
}

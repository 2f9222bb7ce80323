package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.listen.Budgets;
import carteiro.listen.ClientBudget;
import carteiro.testkit.Await;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What conversations hold together: no client can take what the others need, and no use what another needs. */
class BudgetsTest {
    private static final String GREEDY = "127.0.0.2";
    private static final String OTHER = "127.0.0.3";
    private static final long PLENTY = 1L << 40;

    @TempDir
    Path home;

    private static String pem = "";

    private final List<Dialogue> open = new ArrayList<>();

    @BeforeAll
    static void certificate(@TempDir Path folder) throws Exception {
        pem = TestCertificate.pem(folder, "ec");
    }

    @AfterEach
    void close() throws Exception {
        for (Dialogue each : open) {
            each.close();
        }
    }

    private static Budgets plenty() {
        return budgets(PLENTY, PLENTY, PLENTY, PLENTY);
    }

    private static Budgets budgets(long tls, long recipients, long messages, long text) {
        return new Budgets(
                new ClientBudget(tls),
                new ClientBudget(recipients),
                new ClientBudget(messages),
                new ClientBudget(text));
    }

    private Dialogue from(String client, SmtpdOnLoopback smtpd) throws Exception {
        var dialogue = Dialogue.from(client, smtpd.port());
        open.add(dialogue);
        return dialogue;
    }

    private void allIsGivenBack(SmtpdOnLoopback smtpd, Budgets budgets) throws Exception {
        close();
        Await.until(() -> smtpd.running.status().contains("sessions=0"), "sessions are left");
        assertThat(budgets.tls().taken()).isZero();
        assertThat(budgets.recipients().taken()).isZero();
        assertThat(budgets.messages().taken()).isZero();
        assertThat(budgets.text().taken()).isZero();
    }

    @Test
    void nobodyElseIsRefusedForTheTlsSessionsOfOneClient() throws Exception {
        Budgets budgets = budgets(6 * Budgets.TLS, PLENTY, PLENTY, PLENTY);
        try (var smtpd = SmtpdOnLoopback.start(home, budgets, "servercert.pem", pem)) {
            for (int i = 0; i < 3; i++) {
                from(GREEDY, smtpd)
                        .expect("220 ")
                        .say("STARTTLS", "220 ")
                        .startTls()
                        .say("NOOP", "250 ");
            }
            from(GREEDY, smtpd).expect("220 ").say("STARTTLS", "454 4.7.0");
            from(OTHER, smtpd).expect("220 ").say("STARTTLS", "220 ").startTls().say("MAIL FROM:<>", "250 ");
            from(OTHER, smtpd).envelope(); // and TLS takes nothing from recipients
            from(GREEDY, smtpd).envelope();
            allIsGivenBack(smtpd, budgets);
        }
    }

    @Test
    void nobodyElseIsRefusedForTheRecipientsOfOneClient() throws Exception {
        Budgets budgets = budgets(PLENTY, 6 * (Budgets.RECIPIENT + "alice@example.org".length()), PLENTY, PLENTY);
        try (var smtpd = SmtpdOnLoopback.start(home, budgets)) {
            var greedy = from(GREEDY, smtpd).envelope();
            from(GREEDY, smtpd).envelope();
            greedy.say("RCPT TO:<alice@example.org>", "250 ").say("RCPT TO:<alice@example.org>", "452 4.3.1");
            from(OTHER, smtpd).envelope().say("DATA", "354 ").say("x\r\n.", "250 ok");
            greedy.say("DATA", "354 ").say("x\r\n.", "250 ok"); // those it has
            greedy.say("MAIL FROM:<>", "250 ").say("RCPT TO:<alice@example.org>", "250 ");
            greedy.say("RSET", "250 ").say("MAIL FROM:<>", "250 ").say("RCPT TO:<alice@example.org>", "250 ");
            allIsGivenBack(smtpd, budgets);
        }
    }

    @Test
    void aClientThatIdlesAfterItsMessageHoldsNothing() throws Exception {
        Budgets budgets = budgets(PLENTY, PLENTY, PLENTY, PLENTY);
        try (var smtpd = SmtpdOnLoopback.start(home, budgets)) {
            for (boolean chunked : new boolean[] {false, true}) {
                var client = from(GREEDY, smtpd).envelope();
                assertThat(budgets.recipients().taken()).isPositive();
                if (chunked) {
                    client.say("BDAT 3 LAST\r\nx", "250 ok");
                } else {
                    client.say("DATA", "354 ").say("x\r\n.", "250 ok");
                }
                assertThat(budgets.recipients().taken()).isZero();
                assertThat(budgets.messages().taken()).isZero();
                assertThat(budgets.text().taken()).isZero();
            }
        }
    }

    @Test
    void nobodyElseIsRefusedForTheMessagesOfOneClient() throws Exception {
        Budgets budgets = budgets(PLENTY, PLENTY, 6 * Budgets.MESSAGE, PLENTY);
        try (var smtpd = SmtpdOnLoopback.start(home, budgets)) {
            from(GREEDY, smtpd).envelope().say("DATA", "354 ");
            from(GREEDY, smtpd).envelope().say("BDAT 3\r\nx", "250 ");
            from(GREEDY, smtpd).envelope().say("DATA", "354 ");
            from(GREEDY, smtpd).envelope().say("DATA", "452 4.3.1").say("NOOP", "250 ");
            from(GREEDY, smtpd).envelope().say("BDAT 3\r\nx", "452 4.3.1").say("NOOP", "250 ");
            from(OTHER, smtpd).envelope().say("DATA", "354 ").say("x\r\n.", "250 ok");
            allIsGivenBack(smtpd, budgets);
        }
    }

    @Test
    void aBugWhileAMessageIsBegunGivesItsBuffersBack() throws Exception {
        Budgets budgets = plenty();
        try (var smtpd = SmtpdOnLoopback.start(home, budgets)) {
            smtpd.queue.breakOnOpen = true;
            from(GREEDY, smtpd).envelope().say("DATA", "421 4.3.0").expectClosed();
            allIsGivenBack(smtpd, budgets);
        }
    }

    /** Else a larger one would be refused for now, for ever. */
    @Test
    void whatOneClientMayHaveUnderWayIsTheLimitOfAMessageWhateverDatabytesSays() throws Exception {
        Budgets budgets = budgets(PLENTY, PLENTY, PLENTY, 8 * Budgets.TEXT_STEP);
        long most = 4 * Budgets.TEXT_STEP;
        String line = "x".repeat(511) + "\r\n"; // 512 octets as they are kept
        try (var smtpd = SmtpdOnLoopback.start(home, budgets, "databytes", "0\n")) {
            var client = from(GREEDY, smtpd).expect("220 ");
            assertThat(client.send("EHLO x\r\n").reply()).contains("250-SIZE " + most + "\n");
            client.say("MAIL FROM:<> SIZE=" + (most + 1), "552 5.3.4").say("MAIL FROM:<> SIZE=" + most, "250 ");
            client.say("RCPT TO:<alice@example.org>", "250 ").say("DATA", "354 ");
            client.send(line.repeat((int) (most / 512))).say(".", "250 ok");
            client.say("MAIL FROM:<>", "250 ").say("RCPT TO:<alice@example.org>", "250 ");
            client.say("DATA", "354 ").send(line.repeat((int) (most / 512))).say("\r\n.", "552 5.3.4");
            allIsGivenBack(smtpd, budgets);
        }
    }

    @Test
    void nobodyElseIsRefusedForTheTextThatOneClientHasUnderWay() throws Exception {
        Budgets budgets = budgets(PLENTY, PLENTY, PLENTY, 8 * Budgets.TEXT_STEP);
        String threeSteps = ("x".repeat(510) + "\r\n").repeat(6144 - 10);
        try (var smtpd = SmtpdOnLoopback.start(home, budgets)) {
            from(GREEDY, smtpd).envelope().say("DATA", "354 ").send(threeSteps);
            from(GREEDY, smtpd).envelope().say("DATA", "354 ").send(threeSteps);
            Await.until(() -> budgets.text().taken() == 4 * Budgets.TEXT_STEP, "the text is not counted");
            from(GREEDY, smtpd).envelope().say("DATA", "354 ").say(threeSteps + ".", "452 4.3.1");
            from(GREEDY, smtpd).envelope().say("DATA", "354 ").say("small\r\n.", "250 ok");
            from(OTHER, smtpd).envelope().say("DATA", "354 ").say(threeSteps + ".", "250 ok");
            allIsGivenBack(smtpd, budgets);
        }
    }

    @Test
    void nobodyElseIsRefusedForTheConnectionsOfOneClient() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, plenty(), "concurrencyincoming", "5\n")) {
            for (int i = 0; i < 3; i++) {
                from(GREEDY, smtpd).expect("220 ");
            }
            from(GREEDY, smtpd).expect("421 4.7.0").expectClosed();
            from(OTHER, smtpd).expect("220 ");
        }
    }
}

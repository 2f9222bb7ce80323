package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is answered at RCPT is what becomes of the message: nothing is accepted to be bounced. */
class AcceptedAddressesTest {
    private static final String MESSAGE = "Subject: hello\n\nbody\n";

    private static String rcpt(CarteiroProcess carteiro, String address) throws Exception {
        try (var client = new SmtpClient(carteiro.smtp())) {
            client.say("MAIL FROM:<ann@example.net>");
            return client.say("RCPT TO:<" + address + ">");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "in a home that is closed to others, known extensions are taken and unknown ones refused in the dialogue")
    void closedHome(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.dotQmail("bob", ".qmail-list", "./Maildir/\n");
            Files.setPosixFilePermissions(carteiro.accountHome("bob"), PosixFilePermissions.fromString("rwx------"));
            carteiro.start();
            assertThat(rcpt(carteiro, "bob-other@example.org")).startsWith("550 5.1.1 ");
            assertThat(rcpt(carteiro, "bob@example.org")).startsWith("250 ");
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.net", List.of("bob-list@example.org"), MESSAGE))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            if (form == Form.SPLIT && CarteiroProcess.asRoot()) { // else lookup may look itself
                carteiro.control(Verb.STOP, "local");
                assertThat(rcpt(carteiro, "bob-list@example.org")).startsWith("451 4.3.0 ");
                assertThat(rcpt(carteiro, "bob-other@example.org")).startsWith("451 4.3.0 ");
                assertThat(rcpt(carteiro, "bob@example.org")).startsWith("250 ");
                assertThat(rcpt(carteiro, "nobody@example.org")).startsWith("550 5.1.1 ");
            }
        }
    }

    @Test
    @DisplayName("explain says, while nothing runs, the reply that a client then reads")
    void explained() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.dotQmail("bob", ".qmail-list", "./Maildir/\n");
            var said = new LinkedHashMap<String, String>();
            for (String recipient : List.of(
                    "bob@example.org",
                    "bob-list@example.org",
                    "bob-other@example.org",
                    "nobody@example.org",
                    "x@elsewhere.example")) {
                CarteiroProcess.Result explained = carteiro.attempt(
                        "", "carteiro.smtpd.ExplainPolicy", "--client=127.0.0.1", "--from=ann@example.net", recipient);
                assertThat(explained.exit())
                        .as(recipient)
                        .isEqualTo(
                                List.of("bob@example.org", "bob-list@example.org")
                                                .contains(recipient)
                                        ? 0
                                        : 100);
                said.put(recipient, explained.output());
            }
            assertThat(said.get("bob-list@example.org")).contains("file: ", "/.qmail-list decides");
            carteiro.start();
            for (var explained : said.entrySet()) {
                assertThat(explained.getValue()).contains("\n  " + rcpt(carteiro, explained.getKey()));
            }
        }
    }

    @Test
    @DisplayName("each recipient of a list with -owner-default sees a sender with its own address in it")
    @Covers("qmail:L33")
    void ownersOfLists() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            for (String name : List.of("-a", "-b", "-l-owner", "-l-owner-default")) {
                carteiro.dotQmail("bob", ".qmail" + name, "./Maildir/\n");
            }
            carteiro.dotQmail("bob", ".qmail-l", "&bob-a@example.org\n&bob-b@example.org\n");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.net", List.of("bob-l@example.org"), MESSAGE))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("bob", 2).stream()
                            .map(message -> message.lines()
                                    .filter(line -> line.startsWith("Return-Path: "))
                                    .findFirst()
                                    .orElseThrow()))
                    .containsExactlyInAnyOrder(
                            "Return-Path: <bob-l-owner-bob-a=example.org@example.org>",
                            "Return-Path: <bob-l-owner-bob-b=example.org@example.org>");
        }
    }
}

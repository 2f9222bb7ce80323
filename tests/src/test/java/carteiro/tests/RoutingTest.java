package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where an address goes is decided by lookup: what smtpd answers and what send does change together, or not at all. */
class RoutingTest {
    private static String rcpt(CarteiroProcess carteiro, String recipient) throws IOException {
        try (var client = new SmtpClient(carteiro.smtp())) {
            client.say("MAIL FROM:<ann@example.net>");
            return client.say("RCPT TO:<" + recipient + ">");
        }
    }

    private static void inject(CarteiroProcess carteiro, String recipients) throws Exception {
        carteiro.commandWithInput("To: " + recipients + "\n\nby inject\n", "carteiro.inject.QmailInject");
    }

    @ParameterizedTest
    @EnumSource
    @Covers({"qmail:C10", "qmail:C11", "qmail:C12"})
    void hupToSendChangesWhatSendDoesAndWhatSmtpdAnswersOrNeither(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.dotQmail("bob", ".qmail-default", "./Maildir/\n");
            carteiro.start();
            assertThat(rcpt(carteiro, "x@virtual.example")).startsWith("553 ");
            inject(carteiro, "x@virtual.example");
            carteiro.await("the first at the sink", () -> sink.messages().size() == 1);

            carteiro.control("virtualdomains", "virtual.example:bob");
            carteiro.control("percenthack", "virtual.example"); // as in qmail, not read by HUP
            assertThat(rcpt(carteiro, "x@virtual.example")).as("not before HUP").startsWith("553 ");
            assertThat(carteiro.control(Verb.RELOAD, "send").output())
                    .contains("settings read again; changed: virtualdomains")
                    .doesNotContain("percenthack");
            assertThat(rcpt(carteiro, "x@virtual.example")).startsWith("250 ");
            inject(carteiro, "x%far.example@virtual.example");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            carteiro.awaitLog("starting delivery \\d+: msg \\d+ to local bob-x_far.example@virtual.example");
            assertThat(sink.messages()).hasSize(1);

            Files.delete(carteiro.home().resolve("control/virtualdomains"));
            Files.createDirectory(carteiro.home().resolve("control/virtualdomains")); // unreadable, for root too
            carteiro.control("locals", "elsewhere.example");
            int from = carteiro.logSize();
            assertThat(carteiro.attempt(
                                    "",
                                    "carteiro.start.Start",
                                    "reload",
                                    "send",
                                    "--home",
                                    carteiro.home().toString())
                            .exit())
                    .isNotZero();
            carteiro.awaitLog(
                    "alert: unable to reread controls, the old ones stay: control/virtualdomains: cannot be read.*",
                    from);
            assertThat(rcpt(carteiro, "x@virtual.example")).startsWith("250 ");
            assertThat(rcpt(carteiro, "bob@example.org")).startsWith("250 ");
            assertThat(rcpt(carteiro, "bob@elsewhere.example")).startsWith("553 ");
            inject(carteiro, "y@virtual.example, bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 3)).hasSize(3);
            assertThat(sink.messages()).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void recipientsWhoseWayChangesWhileTheyWaitTakeTheNewOne(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            int many = 60; // more than a message keeps the addresses of
            carteiro.accounts("bob");
            carteiro.dotQmail("bob", ".qmail-default", "./Maildir/\n");
            carteiro.control("smtproutes", ":127.0.0.1:1");
            carteiro.start();
            inject(
                    carteiro,
                    IntStream.range(0, many)
                            .mapToObj(i -> "u" + i + (i % 2 == 0 ? "@moving.example" : "@far.example"))
                            .collect(Collectors.joining(", ")));
            carteiro.await(
                    "a deferral of each",
                    () -> carteiro.log().stream()
                                    .filter(line -> line.matches("delivery \\d+: deferral: .*"))
                                    .count()
                            >= many);
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("virtualdomains", "moving.example:bob");
            carteiro.control(Verb.RELOAD, "send");
            carteiro.control(Verb.RELOAD, "remote");
            carteiro.control(Verb.ALARM, "send");
            assertThat(carteiro.awaitMailbox("bob", many / 2)).hasSize(many / 2);
            carteiro.awaitLog("end msg \\d+");
            carteiro.await(
                    "the others at the sink",
                    () -> sink.messages().stream()
                                    .flatMap(message -> message.recipients().stream())
                                    .distinct()
                                    .count()
                            == many / 2);
            assertThat(sink.messages().stream()
                            .flatMap(message -> message.recipients().stream())
                            .collect(Collectors.toSet()))
                    .allMatch(recipient -> recipient.endsWith("@far.example"));
            assertThat(List.copyOf(carteiro.log())).noneMatch(line -> line.startsWith("bounce msg"));
        }
    }
}

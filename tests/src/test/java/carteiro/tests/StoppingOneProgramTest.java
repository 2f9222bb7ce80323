package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each program can be stopped and started alone; what the others do meanwhile. */
class StoppingOneProgramTest {
    private static final String MESSAGE = "Subject: hello\n\nbody\n";

    private static void send(CarteiroProcess carteiro, String recipient) throws IOException {
        try (var client = new SmtpClient(carteiro.smtp())) {
            assertThat(client.send("ann@example.net", List.of(recipient), MESSAGE))
                    .startsWith("250 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("smtpd down: nothing new by SMTP, all else flows")
    void smtpd(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            var address = carteiro.smtp();
            carteiro.control(Verb.STOP, "smtpd");
            assertThatThrownBy(() -> new SmtpClient(address).close()).isInstanceOf(IOException.class);
            carteiro.commandWithInput("To: bob@example.org\n\nby inject\n", "carteiro.inject.QmailInject");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            int from = carteiro.logSize();
            carteiro.control(Verb.START, "smtpd");
            carteiro.awaitLog("smtpd: listening on .*", from);
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 2)).hasSize(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a port that is in use at the start keeps no other program down, and is taken once it is free")
    void portInUse(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
                carteiro.control("smtpdlisten", "127.0.0.1:" + taken.getLocalPort());
                carteiro.launch();
                carteiro.awaitLog("alert: start: smtpd cannot start: .*; trying again in 1 s");
                assertThat(carteiro.log()).anyMatch(line -> line.contains("cannot listen on 127.0.0.1:"));
                carteiro.commandWithInput("To: bob@example.org\n\nby inject\n", "carteiro.inject.QmailInject");
                assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            }
            carteiro.awaitLog("smtpd: listening on .*");
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 2)).hasSize(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("send down: mail is received and kept")
    @Covers("qmail:A05")
    void send(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            carteiro.control(Verb.STOP, "send");
            for (int i = 0; i < 5; i++) {
                send(carteiro, "bob@example.org");
            }
            carteiro.commandWithInput("To: bob@example.org\n\nby inject\n", "carteiro.inject.QmailInject");
            assertThat(carteiro.mailbox("bob")).isEmpty();
            carteiro.control(Verb.START, "send");
            assertThat(carteiro.awaitMailbox("bob", 6)).hasSize(6);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("queue moved away and begun anew: what send knows of the old one meets no new message")
    void queueBegunAnew(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:1");
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            send(carteiro, "dora@far.example");
            carteiro.awaitLog("delivery \\d+: deferral: .*");
            carteiro.control(Verb.STOP, "queue");
            Files.move(carteiro.home().resolve("queue"), carteiro.home().resolve("queue.moved"));
            carteiro.control(Verb.START, "queue");
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(carteiro.command("carteiro.tools.QmailQread").output()).doesNotContain("dora@");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("remote down: mailboxes still fill, remote mail waits")
    void remote(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            carteiro.control(Verb.STOP, "remote");
            send(carteiro, "dora@far.example");
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(sink.messages()).isEmpty();
            carteiro.control(Verb.START, "remote");
            carteiro.await("the message at the sink", () -> sink.messages().size() == 1);
        }
    }

    @Test
    @DisplayName("remote dies during a delivery: it is deferred, the others go on, remote is started again")
    @Covers("qmail:A06")
    void aProgramThatDies() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(Form.SPLIT)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + silent.getLocalPort());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            send(carteiro, "dora@far.example");
            try (var _ = silent.accept()) {
                carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
                ProcessHandle send = carteiro.programs().get("send");
                int from = carteiro.logSize();
                carteiro.programs().get("remote").destroyForcibly();
                carteiro.awaitLog("delivery \\d+: deferral: .*", from);
                send(carteiro, "bob@example.org");
                assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
                carteiro.awaitLog("start: remote ready pid \\d+", from);
                carteiro.control(Verb.ALARM, "send");
                carteiro.await("the message at the sink", () -> sink.messages().size() == 1);
                assertThat(carteiro.programs().get("send")).isEqualTo(send);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("local down: remote mail leaves, mailboxes wait")
    void local(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            carteiro.control(Verb.STOP, "local");
            send(carteiro, "bob@example.org");
            send(carteiro, "dora@far.example");
            carteiro.await("the message at the sink", () -> sink.messages().size() == 1);
            assertThat(carteiro.mailbox("bob")).isEmpty();
            carteiro.control(Verb.START, "local");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("clean down: disk use grows, nothing else; started again, it catches up")
    void clean(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("cleanpause", "1");
            carteiro.start();
            carteiro.control(Verb.STOP, "clean");
            String large = "Subject: large\n\n" + ("x".repeat(99) + "\n").repeat(4000); // it has a file of its own
            try (var client = new SmtpClient(carteiro.smtp())) {
                for (int i = 0; i < 5; i++) {
                    assertThat(client.send("ann@example.net", List.of("bob@example.org"), large))
                            .startsWith("250 ");
                }
            }
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 6)).hasSize(6);
            carteiro.awaitEnds(6);
            assertThat(largeFiles(carteiro)).isEqualTo(5);
            carteiro.control(Verb.START, "clean");
            carteiro.await("an empty queue/large", () -> largeFiles(carteiro) == 0);
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 7)).hasSize(7);
        }
    }

    private static long largeFiles(CarteiroProcess carteiro) {
        try (Stream<Path> files = Files.list(carteiro.home().resolve("queue/large"))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("lookup down: what was taken is deferred, what comes waits, remote mail too; nothing bounces")
    void lookup(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            carteiro.control(Verb.STOP, "local");
            send(carteiro, "bob@example.org");
            carteiro.awaitLog("new msg \\d+"); // it is routed
            carteiro.control(Verb.STOP, "lookup");
            carteiro.control(Verb.START, "local");
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("MAIL FROM:<ann@example.net>");
                assertThat(client.say("RCPT TO:<bob@example.org>")).startsWith("451 ");
                assertThat(client.say("RCPT TO:<dora@far.example>")).startsWith("451 ");
            }
            carteiro.awaitLog("delivery \\d+: deferral: .*");
            carteiro.commandWithInput(
                    "To: bob@example.org, dora@far.example\n\nby inject\n", "carteiro.inject.QmailInject");
            carteiro.awaitLog("alert: oh no! lost lookup .*; what needs it waits until it is back.*");
            assertThat(carteiro.log().stream().filter(line -> line.startsWith("new msg")))
                    .hasSize(1);
            assertThat(carteiro.mailbox("bob")).isEmpty();
            assertThat(sink.messages()).isEmpty();
            carteiro.control(Verb.START, "lookup");
            carteiro.awaitLog("send: lookup answers again; what waited for it goes on");
            carteiro.await("the message at the sink", () -> sink.messages().size() == 1);
            carteiro.control(Verb.ALARM, "send");
            assertThat(carteiro.awaitMailbox("bob", 2)).hasSize(2);
            assertThat(carteiro.log()).noneMatch(line -> line.startsWith("bounce msg"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("queue down: smtpd answers 4xx, local mail waits in the spool; back again, all is as before")
    void queue(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            carteiro.control(Verb.STOP, "local");
            send(carteiro, "bob@example.org");
            carteiro.control(Verb.STOP, "queue");
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("MAIL FROM:<ann@example.net>");
                client.say("RCPT TO:<bob@example.org>");
                String reply = client.say("DATA");
                if (reply.startsWith("354")) {
                    reply = client.say("Subject: x\r\n\r\nbody\r\n.");
                }
                assertThat(reply).startsWith("4");
            }
            assertThat(carteiro.attempt("To: bob@example.org\n\nbody\n", "carteiro.inject.QmailInject")
                            .exit())
                    .as("left in the spool")
                    .isZero();
            carteiro.control(Verb.START, "queue");
            carteiro.control(Verb.START, "local");
            assertThat(carteiro.awaitMailbox("bob", 2)).hasSize(2);
            send(carteiro, "bob@example.org");
            assertThat(carteiro.awaitMailbox("bob", 3)).hasSize(3);
        }
    }
}

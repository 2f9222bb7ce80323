package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Result;
import carteiro.tests.CarteiroProcess.Verb;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages that wait are looked at, removed, given up by hand (docs/programs/queue.md). */
class WithdrawalTest {
    private static final String QUEUE = "carteiro.queuetool.QueueCommand";

    /** Mail of bob's for another host that is down, and that is deferred; its numbers. */
    private static List<String> deferred(CarteiroProcess carteiro, String... recipients) throws Exception {
        for (String recipient : recipients) {
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send(
                                "bob@example.org", List.of(recipient), "Subject: to " + recipient + "\n\nthe text\n"))
                        .startsWith("250 ");
            }
        }
        carteiro.await(
                "deferrals",
                () -> carteiro.log().stream()
                                .filter(line -> line.matches("delivery \\d+: deferral: .*"))
                                .count()
                        >= recipients.length);
        return List.of(recipients).stream()
                .map(recipient -> carteiro.awaitLog(
                        "starting delivery \\d+: msg \\d+ to remote " + recipient.replace(".", "\\.")))
                .map(line -> line.replaceAll(".*: msg (\\d+) to .*", "$1"))
                .toList();
    }

    private static CarteiroProcess started(Form form, int farPort) throws Exception {
        var carteiro = CarteiroProcess.prepare(form);
        carteiro.accounts("bob");
        carteiro.control("smtproutes", "far.example:127.0.0.1:" + farPort);
        carteiro.control("rcpthosts", "example.org\nfar.example");
        return carteiro.start();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "while everything runs: one is shown, one removed, one given up with a reason, and the rest is delivered")
    void running(Form form) throws Exception {
        int port;
        try (var sink = SmtpSink.start()) {
            port = sink.port();
        }
        try (var carteiro = started(form, port)) {
            List<String> numbers = deferred(carteiro, "a@far.example", "b@far.example", "c@far.example");

            String shown = carteiro.command(QUEUE, "show", numbers.get(0)).output();
            assertThat(shown)
                    .contains("message " + numbers.get(0) + "\n", "sender: <bob@example.org>\n")
                    .containsPattern("recipient: <a@far\\.example>: tried again from .* on: .*SMTP connection.*\n")
                    .contains("  | Subject: to a@far.example\n")
                    .doesNotContain("the text");
            assertThat(carteiro.command(QUEUE, "show", "--message", numbers.get(0))
                            .output())
                    .endsWith("Subject: to a@far.example\n\nthe text\n");

            assertThat(carteiro.command(QUEUE, "remove", numbers.get(0)).output())
                    .isEqualTo("message " + numbers.get(0) + ": removed\n");
            assertThat(carteiro.command(QUEUE, "bounce", "--because", "no such project", "#" + numbers.get(1))
                            .output())
                    .isEqualTo("message " + numbers.get(1) + ": given up, its sender is told\n");

            List<String> bounces = carteiro.awaitMailbox("bob", 1);
            assertThat(bounces.getFirst())
                    .contains(
                            "Subject: failure notice\n",
                            "<b@far.example>:\nno such project\nI'm not going to try again; the administrator of this host"
                                    + " has given this message up.\n\n",
                            "Subject: to b@far.example\n");
            carteiro.awaitLog("removed msg " + numbers.get(0) + ": recipients 1 by \\S+");
            carteiro.awaitLog("gave up msg " + numbers.get(1) + ": recipients 1 by \\S+: no such project");
            carteiro.awaitLog("end msg " + numbers.get(0));

            Result again = carteiro.attempt("", QUEUE, "remove", numbers.get(0), "4711");
            assertThat(again.exit()).isEqualTo(1);
            assertThat(again.output())
                    .contains(
                            "message " + numbers.get(0) + ": does not wait in this queue\n",
                            "message 4711: does not wait in this queue\n");
            assertThat(carteiro.command("carteiro.tools.QmailQread").output())
                    .contains("c@far.example")
                    .doesNotContain("a@far.example", "b@far.example");
            String trace = carteiro.commandWithInput(
                            String.join("\n", carteiro.log()) + "\n", "carteiro.tools.Trace", "a@far.example", "-")
                    .output();
            assertThat(trace).contains("removed msg " + numbers.get(0)).doesNotContain("still waiting");
            assertThat(carteiro.mailbox("bob")).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "what was removed stays away, what was not is delivered, when the host is back; also by a list of numbers")
    void hostComesBack(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = started(form, sink.port())) {
            carteiro.control(Verb.STOP, "remote");
            for (String recipient : List.of("a@far.example", "b@far.example", "c@far.example")) {
                try (var client = new SmtpClient(carteiro.smtp())) {
                    client.send("bob@example.org", List.of(recipient), "Subject: x\n\nbody\n");
                }
            }
            carteiro.await("all three in the queue", () -> qread(carteiro).split("#", -1).length == 4);
            String numbers = Pattern.compile("(#\\d+) .*\\n\\tremote\\t[ab]@")
                    .matcher(qread(carteiro))
                    .results()
                    .map(found -> found.group(1) + "\n")
                    .collect(Collectors.joining());
            Result result = carteiro.commandWithInput(numbers, QUEUE, "remove", "-");
            assertThat(result.output().lines()).hasSize(2);
            carteiro.control(Verb.START, "remote");
            carteiro.await("one message at the sink", () -> !sink.messages().isEmpty());
            carteiro.awaitEnds(3);
            assertThat(sink.messages()).hasSize(1);
            assertThat(sink.messages().getFirst().recipients()).containsExactly("c@far.example");
            assertThat(carteiro.mailbox("bob")).isEmpty();
        }
    }

    private static String qread(CarteiroProcess carteiro) {
        try {
            return carteiro.command("carteiro.tools.QmailQread").output();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("with queue and send stopped it is written into the queue; with send alone stopped it is refused")
    void stopped(Form form) throws Exception {
        int port;
        try (var sink = SmtpSink.start()) {
            port = sink.port();
        }
        try (var carteiro = started(form, port)) {
            List<String> numbers = deferred(carteiro, "a@far.example", "b@far.example");
            carteiro.control(Verb.STOP, "send");
            Result refused = carteiro.attempt("", QUEUE, "remove", numbers.get(0));
            assertThat(refused.exit()).isEqualTo(111);
            assertThat(refused.output()).contains("queue runs and send does not", "start send, or stop queue too");
            carteiro.control(Verb.STOP, "queue");
            assertThat(carteiro.command(QUEUE, "remove", numbers.get(0)).output())
                    .endsWith("message " + numbers.get(0) + ": removed\n");
            assertThat(carteiro.command(QUEUE, "bounce", numbers.get(1)).output())
                    .endsWith("message " + numbers.get(1) + ": given up, its sender is told\n");
            assertThat(carteiro.attempt("", QUEUE, "bounce", numbers.get(0), numbers.get(1))
                            .output())
                    .contains(
                            "message " + numbers.get(0) + ": does not wait in this queue\n",
                            "message " + numbers.get(1) + ": nothing of it was left to be tried: ");
            assertThat(carteiro.command(QUEUE, "show", numbers.get(1)).output())
                    .contains("recipient: <b@far.example>: failed, the bounce is to come: <b@far.example>:");
            carteiro.control(Verb.START, "queue");
            carteiro.control(Verb.START, "send");
            assertThat(carteiro.awaitMailbox("bob", 1).getFirst())
                    .contains("<b@far.example>:\nI'm not going to try again; the administrator of this host has given");
            carteiro.awaitLog("end msg " + numbers.get(1));
            assertThat(qread(carteiro)).doesNotContain("far.example");
        }
    }
}

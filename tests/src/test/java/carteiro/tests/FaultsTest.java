package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.tests.CarteiroProcess.Form;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bad input and bad days, against the whole product: a clear reply, nothing lost, nothing left running. */
class FaultsTest {
    private static final String MESSAGE = "Subject: hello\n\nbody\n";

    @Test
    @DisplayName("5,000 idle connections leave room for those who work, and go away without a trace")
    void idleConnections() throws Exception {
        int idle = 5_000;
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.control("concurrencyincoming", "6000");
            carteiro.control("concurrencyperclient", "6000");
            carteiro.start();
            InetSocketAddress smtp = carteiro.smtp();
            var connections = new ArrayList<Socket>();
            try {
                for (int i = 0; i < idle; i++) {
                    var socket = new Socket();
                    socket.connect(smtp, 10_000);
                    connections.add(socket);
                }
                for (Socket socket : connections) {
                    socket.setSoTimeout(60_000);
                    assertThat(socket.getInputStream().read()).isEqualTo('2');
                }
                try (var client = new SmtpClient(smtp)) {
                    assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                            .startsWith("250 ");
                }
                assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            } finally {
                for (Socket socket : connections) {
                    socket.close();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("clients that vanish at every step leave nothing in the queue and nothing running")
    void vanishing(Form form) throws Exception {
        List<String> dialogue = List.of(
                "EHLO x\r\n",
                "MAIL FROM:<ann@example.net>\r\n",
                "RCPT TO:<bob@example.org>\r\n",
                "DATA\r\n",
                "Subject: x\r\n\r\nbo",
                "dy\r\n",
                ".");
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            for (int steps = 0; steps <= dialogue.size(); steps++) {
                try (var socket = new Socket()) {
                    socket.connect(carteiro.smtp(), 10_000);
                    socket.setSoTimeout(10_000);
                    socket.getInputStream().read();
                    OutputStream out = socket.getOutputStream();
                    for (String step : dialogue.subList(0, steps)) {
                        out.write(step.getBytes(StandardCharsets.US_ASCII));
                        out.flush();
                    }
                    if (steps % 2 == 1) {
                        socket.setSoLinger(true, 0); // a reset, not a farewell
                    }
                }
            }
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(carteiro.log().stream().filter(line -> line.startsWith("new msg")))
                    .hasSize(1);
            assertThat(carteiro.log()).noneMatch(line -> line.contains("bug"));
        }
    }

    @Test
    @DisplayName("a full disk under the queue: 452 in the dialogue; with room again, all flows and nothing was lost")
    void fullDisk() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can mount a small file system");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            Path queue = carteiro.home().resolve("queue");
            var mounted = CarteiroProcess.run(
                    List.of("mount", "-t", "tmpfs", "-o", "size=160m", "carteiro-test", queue.toString()),
                    Map.of(),
                    "");
            assumeTrue(mounted.exit() == 0, "SKIPPED: no small file system can be mounted here: " + mounted.output());
            try {
                carteiro.start();
                try (var client = new SmtpClient(carteiro.smtp())) {
                    assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                            .startsWith("250 ");
                    Path ballast = queue.resolve("ballast");
                    CarteiroProcess.run(List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=1M"), Map.of(), "");
                    int accepted = 1;
                    String reply = "";
                    for (int i = 0; i < 200 && !reply.startsWith("452"); i++) {
                        reply = oneTransaction(client);
                        accepted += reply.startsWith("250") ? 1 : 0;
                    }
                    assertThat(reply).startsWith("452 4.3.1");
                    Files.delete(ballast);
                    carteiro.await("mail is accepted again", () -> {
                        try {
                            return oneTransaction(client).startsWith("250");
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                    assertThat(carteiro.awaitMailbox("bob", accepted + 1)).hasSize(accepted + 1);
                }
                carteiro.stop();
            } finally {
                if (carteiro.process() != null && carteiro.process().isAlive()) {
                    carteiro.killAll();
                }
                CarteiroProcess.run(List.of("umount", queue.toString()), Map.of(), "");
            }
        }
    }

    /** One message; the reply to whatever step was refused, or to the last. */
    private static String oneTransaction(SmtpClient client) throws java.io.IOException {
        client.say("RSET");
        for (String step : List.of("MAIL FROM:<ann@example.net>", "RCPT TO:<bob@example.org>", "DATA")) {
            String reply = client.say(step);
            if (!reply.startsWith("2") && !reply.startsWith("3")) {
                return reply;
            }
        }
        return client.say("Subject: x\r\n\r\n" + ("x".repeat(70) + "\r\n").repeat(800) + ".");
    }

    @Test
    @DisplayName("an unreadable control file is named, with the rest of the mistakes, and nothing starts")
    void badControlFiles() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            Files.createDirectory(
                    carteiro.home().resolve("control/databytes")); // not even root can read that as a file
            carteiro.control("timeoutsmtpd", "0");
            var command = new ArrayList<>(CarteiroProcess.java());
            command.addAll(List.of(
                    "carteiro.start.Start", "run", "--home", carteiro.home().toString()));
            var result = CarteiroProcess.run(command, Map.of(), "");
            assertThat(result.exit()).isEqualTo(111);
            assertThat(result.output()).contains("control/databytes: cannot be read");
        }
    }
}

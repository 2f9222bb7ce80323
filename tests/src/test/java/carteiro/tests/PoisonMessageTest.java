package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A message that ends local whenever it is delivered. Its delivery is a program that waits, and the test ends local meanwhile. */
@Timeout(300)
class PoisonMessageTest {
    private static final int TIMES = 3;

    @Test
    @DisplayName("a message that ends its program three times is parked and reported; the others flow")
    void isParked() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT)) {
            carteiro.accounts("bob", "eve");
            carteiro.dotQmail("eve", ".qmail", "|echo >> began; exec sleep 20\n");
            carteiro.start();
            send(carteiro, "eve@example.org");
            for (int times = 1; times <= TIMES; times++) {
                int wanted = times;
                carteiro.await("delivery " + times, () -> began(carteiro) == wanted);
                carteiro.programs().get("local").destroyForcibly();
                send(carteiro, "bob@example.org");
            }
            carteiro.awaitLog("alert: msg \\d+ broke local 3 times and is parked until .*local was lost: .*");
            assertThat(carteiro.awaitMailbox("bob", TIMES)).hasSize(TIMES);
            assertThat(carteiro.command("carteiro.tools.QmailQread").output()).contains("eve@example.org");
        }
    }

    private static void send(CarteiroProcess carteiro, String recipient) throws IOException {
        try (var client = new SmtpClient(carteiro.smtp())) {
            assertThat(client.send("ann@example.net", List.of(recipient), "Subject: one\n\nbody\n"))
                    .startsWith("250 ");
        }
    }

    private static long began(CarteiroProcess carteiro) {
        Path began = carteiro.accountHome("eve").resolve("began");
        try {
            return Files.exists(began) ? Files.size(began) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

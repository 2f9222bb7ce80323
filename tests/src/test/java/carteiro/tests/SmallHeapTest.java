package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.SocketWires;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** More recipients than a heap holds the addresses of. */
@Timeout(280)
class SmallHeapTest {
    private static final byte[] BODY = "Subject: to all\n\nhello\n".getBytes(StandardCharsets.US_ASCII);
    private static final int MESSAGES = 40;

    @ParameterizedTest
    @EnumSource
    @DisplayName("40 messages of 1,000 recipients and one of 10,000 are delivered with a heap of 40 MiB")
    void allAreDelivered(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form).heap(40)) {
            carteiro.control("concurrencylocal", "0"); // first all of them wait
            Path trash = carteiro.home().resolve("alias/.qmail-default");
            Files.writeString(trash, "#\n");
            CarteiroProcess.own(trash);
            carteiro.start();
            try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                    var wires = new SocketWires(new Installation(carteiro.home()), log)) {
                for (int i = 0; i < MESSAGES; i++) {
                    submit(wires, 1_000);
                }
                submit(wires, 10_000);
                carteiro.await("send has taken them", () -> waiting(wires) == MESSAGES + 1 && unseen(wires) == 0);
                carteiro.control("concurrencylocal", "50");
                assertThat(carteiro.control(Verb.RESTART, "send").exit()).isZero();
                while (waiting(wires) != 0) {
                    long left = recipients(wires);
                    carteiro.await("more of " + left + " to be delivered", () -> {
                        long now = recipients(wires);
                        return now >= 0 && now < left || waiting(wires) == 0;
                    });
                }
            }
            assertThat(carteiro.process().isAlive()).isTrue();
            assertThat(carteiro.log())
                    .noneMatch(line -> line.contains("OutOfMemoryError") || line.contains("bug, please report"));
        }
    }

    private static void submit(SocketWires wires, int recipients) throws IOException {
        var list = new AddressList.AddressListBuilder();
        IntStream.range(0, recipients).forEach(i -> list.add(new Address("somebody" + i + "@example.org")));
        try (var submission = wires.enqueue().open()) {
            submission.write(BODY, 0, BODY.length);
            Receipt receipt = submission.commit(new Envelope(
                    new Address("ann@example.net"),
                    list.build(),
                    Envelope.BodyType.SEVEN_BIT,
                    Envelope.AddressForm.ASCII,
                    0));
            assertThat(receipt).isInstanceOf(Receipt.Accepted.class);
        }
    }

    private static long waiting(SocketWires wires) {
        try {
            return wires.inspection().counts().messages();
        } catch (IOException e) {
            return -1; // it is being started again
        }
    }

    private static long recipients(SocketWires wires) {
        try {
            return wires.inspection().counts().recipients();
        } catch (IOException e) {
            return -1;
        }
    }

    private static long unseen(SocketWires wires) {
        try {
            return wires.inspection().counts().unseen();
        } catch (IOException e) {
            return -1;
        }
    }
}

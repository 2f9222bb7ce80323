package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** send as a whole, from what waits in the queue to what it reports. */
class SendTest {
    @TempDir
    Path home;

    @Test
    void oneMessageGoesItsWay() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK)).start();
            long number = host.queue.put("ann@example.org", "Subject: x\n\nhello\n", "bob@host.example.org");
            host.queue.awaitEmpty();
            host.lines.await("end msg " + number);
            assertThat(host.lines.all())
                    .containsExactly(
                            "status: local 0/10 remote 0/20",
                            "new msg " + number,
                            "info msg " + number + ": bytes 18 from <ann@example.org> qp " + number + " uid 7",
                            "starting delivery 1: msg " + number + " to local bob@host.example.org",
                            "status: local 1/10 remote 0/20",
                            "delivery 1: success: did_1+0+0/",
                            "status: local 0/10 remote 0/20",
                            "end msg " + number);
        }
    }

    @Test
    void failureComesBackAsABounce() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(delivery -> Installed.always(
                            delivery.recipients().getFirst().octets().startsWith("no") ? Installed.NEVER : Installed.OK)
                    .deliver(delivery));
            host.start();
            long number = host.queue.put("ann@host.example.org", "Subject: x\n\nhello\n", "no@host.example.org");
            host.queue.awaitEmpty();
            host.lines.await("bounce msg " + number + " qp " + (number + 1));
            host.lines.await("end msg " + (number + 1));
            assertThat(host.queue.bounces.getFirst().text)
                    .contains("<no@host.example.org>:\nNo such mailbox. (#5.1.1)\n\n---");
        }
    }
}

package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.protocol.Enqueue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PostmasterNoticesTest {
    private static final PostmasterNotices.NoticeAddresses BETWEEN = new PostmasterNotices.NoticeAddresses(
            new Address("MAILER-DAEMON@mail.example.org"), new Address("postmaster@mail.example.org"));

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<String> sent = new ArrayList<>();
    private final List<Envelope> envelopes = new ArrayList<>();
    private Instant now = Instant.ofEpochSecond(1_800_000_000);
    private boolean queueIsDown;

    private final PostmasterNotices notices = new PostmasterNotices(
            () -> {
                if (queueIsDown) {
                    throw new IOException("queue is not running");
                }
                return new KeptSubmission();
            },
            log,
            () -> now,
            Runnable::run,
            71,
            Optional.of(BETWEEN));

    @AfterEach
    void end() {
        log.close();
    }

    private final class KeptSubmission implements Enqueue.Submission {
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();

        @Override
        public void write(byte[] octets, int from, int length) {
            text.write(octets, from, length);
        }

        @Override
        public Enqueue.Receipt commit(Envelope envelope, String fields) {
            sent.add(Octets.text(text.toByteArray()));
            envelopes.add(envelope);
            return new Enqueue.Receipt.Accepted(1);
        }

        @Override
        public void close() {}
    }

    private void over(String account) {
        notices.tell(new LookupEvent.AccountOverLimit(account, "100 messages an hour", 60));
    }

    @Test
    void thePostmasterIsToldOnceADayOfAnAccount() {
        over("ann");
        over("ANN");
        notices.tell(new LookupEvent.SendingUnusual("ann", 10, 1000));
        notices.tell(new LookupEvent.LoginFailed("ann", "192.0.2.1", "wrong password"));
        over("bob\r\nBcc: all@example.org");
        assertThat(sent).hasSize(3);
        assertThat(sent.getFirst())
                .startsWith("Received: (qmail ")
                .contains(
                        "\nFrom: MAILER-DAEMON@mail.example.org\nTo: postmaster@mail.example.org\n"
                                + "Subject: account ann is over its limit\n",
                        "\nAuto-Submitted: auto-generated\n",
                        "    warning: lookup: account \"ann\" may send no more for 60 s: its limit is 100 messages an hour\n");
        assertThat(sent.getLast()).doesNotContain("\nBcc:").doesNotContain("\r");
        assertThat(envelopes.getFirst().sender()).isEqualTo(Address.NULL);
        assertThat(envelopes.getFirst().addresses()).containsExactly(BETWEEN.to());
        now = now.plusSeconds(86_400);
        over("ann");
        assertThat(sent).hasSize(4);
    }

    @Test
    void nobodyFillsTheMailbox() {
        for (int i = 0; i < 200; i++) {
            over("account" + i);
        }
        assertThat(sent).hasSize(PostmasterNotices.MOST);
        notices.use(Optional.empty());
        now = now.plusSeconds(86_400);
        over("ann");
        assertThat(sent).hasSize(PostmasterNotices.MOST);
    }

    @Test
    void withoutAQueueTheLogHasALine() {
        queueIsDown = true;
        over("ann");
        log.close();
        assertThat(logged.toString(StandardCharsets.UTF_8))
                .contains("warning: lookup: the postmaster could not be told by mail (queue is not running)");
    }
}

package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Waiting.WaitingSession;
import carteiro.segments.FileDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages of many recipients are told, and read again, some recipients at a time. */
class ManyRecipientsTest {
    private static final int SEGMENT = 1 << 20;
    private static final byte[] HELLO = "Subject: hello\n\nhello\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private Queue queue;

    @BeforeEach
    void open() throws IOException {
        var settings = new QueueSettings(32 << 20, 0);
        queue = new Queue(new FileDisk(folder), () -> settings, log, Sample.EARLY, SEGMENT);
    }

    @AfterEach
    void close() throws IOException {
        queue.close();
        log.close();
    }

    private static List<Address> addresses(int count) {
        var builder = new AddressList.AddressListBuilder();
        IntStream.range(0, count).forEach(i -> builder.add(new Address("user" + i + "@d" + i % 10 + ".example")));
        return builder.build();
    }

    private long accept(List<Address> recipients) throws IOException {
        Receipt receipt = Sample.submit(
                queue.enqueue(),
                HELLO,
                new Envelope(new Address("ann@example.org"), recipients, BodyType.SEVEN_BIT, AddressForm.ASCII, 71));
        return ((Receipt.Accepted) receipt).message();
    }

    private static List<Address> all(WaitingSession session, WaitingMessage message) throws IOException {
        var all = new ArrayList<>(message.envelope().addresses());
        while (all.size() < message.recipients()) {
            Page page = session.recipients(message.message(), all.size());
            assertThat(page.recipients()).isNotEmpty();
            all.addAll(page.addresses());
        }
        return all;
    }

    @Test
    void theFirstAreToldWithTheMessageAndTheOthersOnDemandBeforeAndAfterARestart() throws Exception {
        List<Address> recipients = addresses(5000);
        WaitingMessage message;
        try (WaitingSession session = queue.waiting().open()) {
            accept(recipients); // while send is there
            message = session.next(10, Duration.ofSeconds(30)).getFirst();
            assertThat(message.recipients()).isEqualTo(5000);
            assertThat(message.envelope().addresses()).isEqualTo(recipients.subList(0, WaitingMessage.MOST_TOLD));
            assertThat(all(session, message)).isEqualTo(recipients);
            assertThat(session.recipients(message.message(), 4999).addresses()).containsExactly(recipients.getLast());
            assertThat(session.recipients(message.message(), 5000)).isEqualTo(Page.NONE);
            assertThat(session.recipients(message.message() + 1, 0)).isEqualTo(Page.NONE);
            Page page = session.recipients(message.message(), 100);
            assertThat(page.recipients()).hasSize(Page.MOST);
            session.report(List.of(
                    new Report.RecipientDelivered(message.message(), 101),
                    new Report.RecipientsDeferred(
                            message.message(), List.of(4000), Instant.ofEpochSecond(2_000_000_000))));
            assertThat(session.recipients(message.message(), 100).states())
                    .startsWith(RecipientState.Due.NOW, new RecipientState.Done(), RecipientState.Due.NOW);
        }
        queue.close();
        open();
        try (WaitingSession session = queue.waiting().open()) {
            WaitingMessage again = session.next(10, Duration.ZERO).getFirst();
            assertThat(again.envelope()).isEqualTo(message.envelope());
            assertThat(all(session, again)).isEqualTo(recipients);
            assertThat(session.recipients(again.message(), 4000).states())
                    .startsWith(new RecipientState.Due(Instant.ofEpochSecond(2_000_000_000)), RecipientState.Due.NOW);
            assertThat(queue.inspection().recipients(again.message(), 4000))
                    .isEqualTo(session.recipients(again.message(), 4000));
        }
    }

    @Test
    void longAddressesEndAPageBeforeItsNumberIsReached() throws Exception {
        var builder = new AddressList.AddressListBuilder();
        IntStream.range(0, 300).forEach(i -> builder.add(new Address("x".repeat(Address.LIMIT - 4) + i)));
        List<Address> recipients = builder.build();
        accept(recipients);
        try (WaitingSession session = queue.waiting().open()) {
            WaitingMessage message = session.next(10, Duration.ZERO).getFirst();
            assertThat(message.envelope().addresses()).hasSize(WaitingMessage.MOST_OCTETS / (Address.LIMIT - 1));
            assertThat(session.recipients(message.message(), 0).recipients().size())
                    .isBetween(60, Page.MOST_OCTETS / (Address.LIMIT - 4));
            assertThat(all(session, message)).isEqualTo(recipients);
        }
    }

    @Test
    void failuresAreToldSomeAtATimeInTheirOrderAndOnlyTheLastOfEach() throws Exception {
        long number = accept(addresses(2500));
        String text = "no such user ".repeat(40);
        try (WaitingSession session = queue.waiting().open()) {
            var _ = session.next(10, Duration.ZERO);
            for (int from = 2400; from >= 0; from -= 100) {
                int first = from;
                session.report(IntStream.range(first, first + 100)
                        .mapToObj(i -> (Report) new Report.RecipientFailed(number, i, i + " " + text))
                        .toList());
            }
            session.report(List.of(new Report.RecipientFailed(number, 7, "7 again")));
            List<Failure> some = session.failures(number, -1);
            assertThat(some).hasSizeLessThan(Failure.PAGE);
            List<Failure> failures = session.failures(number);
            assertThat(failures).hasSize(2500);
            assertThat(failures.get(7)).isEqualTo(new Failure(7, "7 again"));
            for (int i = 0; i < failures.size(); i++) {
                assertThat(failures.get(i).recipient()).isEqualTo(i);
            }
        }
        queue.checkpoint();
        queue.close();
        open();
        try (WaitingSession session = queue.waiting().open()) {
            assertThat(session.failures(number)).hasSize(2500);
        }
    }

    @Test
    void aMessageOfManyRecipientsCanBeReadAndIsWrittenAgainWithItsStates() throws Exception {
        List<Address> recipients = addresses(20_000);
        for (int i = 0; i < 4; i++) {
            accept(recipients);
        }
        try (WaitingSession session = queue.waiting().open()) {
            List<WaitingMessage> all = Sample.drain(session);
            long kept = all.getLast().message();
            session.report(List.of(new Report.RecipientDelivered(kept, 19_999)));
            for (WaitingMessage message : all.subList(0, 3)) {
                session.report(List.of(new Report.MessageEnded(message.message())));
            }
            queue.checkpoint();
            queue.checkpoint();
            var _ = queue.cleaning().rewriteSparse();
            assertThat(session.recipients(kept, 19_998).states())
                    .containsExactly(RecipientState.Due.NOW, new RecipientState.Done());
            assertThat(all(session, all.getLast())).isEqualTo(recipients);
            try (var body = queue.messages().open(kept)) {
                assertThat(body.readAllBytes()).isEqualTo(HELLO);
            }
        }
    }
}

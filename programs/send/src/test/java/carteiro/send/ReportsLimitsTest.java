package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Waiting.WaitingSession;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reports that queue has not taken yet are bounded: at the limit no further delivery starts. */
class ReportsLimitsTest {
    private final ReportSender reports = new ReportSender(() -> {});

    /** A queue that is there; nobody runs the thread that tells it anything. */
    private static final class Idle implements WaitingSession {
        @Override
        public List<WaitingMessage> next(int most, Duration patience) {
            return List.of();
        }

        @Override
        public void report(List<Report> said) {}

        @Override
        public Page recipients(long message, int from) {
            return Page.NONE;
        }

        @Override
        public List<Failure> failures(long message, int after) {
            return List.of();
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void begin() throws Exception {
        assertThat(reports.hasCapacity()).as("queue is away").isFalse();
        reports.begin(new Idle());
        assertThat(reports.hasCapacity()).isTrue();
    }

    @Test
    void soManyOctetsOfParagraphsAreTheLimit() {
        int each = Report.PARAGRAPH_LIMIT;
        for (int octets = 0; octets < ReportSender.FULL_OCTETS - each; octets += each) {
            reports.add(new Report.RecipientFailed(1, octets / each, "x".repeat(each)));
        }
        reports.add(new Report.RecipientFailed(1, 9998, "x".repeat(each - 1)));
        assertThat(reports.hasCapacity()).as("one octet below").isTrue();
        reports.add(new Report.RecipientFailed(1, 9999, "x"));
        assertThat(reports.hasCapacity()).as("at the limit").isFalse();
    }

    @Test
    void soManyReportsAreTheLimit() {
        for (int i = 1; i < ReportSender.FULL; i++) {
            reports.add(new Report.RecipientDelivered(i, 0));
        }
        assertThat(reports.hasCapacity()).as("one below").isTrue();
        reports.add(new Report.RecipientDelivered(ReportSender.FULL, 0));
        assertThat(reports.hasCapacity()).as("at the limit").isFalse();
    }
}

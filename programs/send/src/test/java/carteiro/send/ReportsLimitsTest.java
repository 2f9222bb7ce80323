package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.Session;
import carteiro.protocol.Waiting.WaitingMessage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reports that queue has not taken yet are bounded: at the limit no further delivery starts. */
class ReportsLimitsTest {
    private final Reports reports = new Reports(() -> {});

    /** A queue that is there; nobody runs the thread that tells it anything. */
    private static final class Idle implements Session {
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
        assertThat(reports.keepUp()).as("queue is away").isFalse();
        reports.begin(new Idle());
        assertThat(reports.keepUp()).isTrue();
    }

    @Test
    void soManyOctetsOfParagraphsAreTheLimit() {
        int each = Report.PARAGRAPH_LIMIT;
        for (int octets = 0; octets < Reports.FULL_OCTETS - each; octets += each) {
            reports.add(new Report.Failed(1, octets / each, "x".repeat(each)));
        }
        reports.add(new Report.Failed(1, 9998, "x".repeat(each - 1)));
        assertThat(reports.keepUp()).as("one octet below").isTrue();
        reports.add(new Report.Failed(1, 9999, "x"));
        assertThat(reports.keepUp()).as("at the limit").isFalse();
    }

    @Test
    void soManyReportsAreTheLimit() {
        for (int i = 1; i < Reports.FULL; i++) {
            reports.add(new Report.Done(i, 0));
        }
        assertThat(reports.keepUp()).as("one below").isTrue();
        reports.add(new Report.Done(Reports.FULL, 0));
        assertThat(reports.keepUp()).as("at the limit").isFalse();
    }
}

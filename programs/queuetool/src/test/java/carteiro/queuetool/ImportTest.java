package carteiro.queuetool;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Inspection;
import carteiro.protocol.StoppedQueue;
import carteiro.protocol.Waiting;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Archives that are no export. */
class ImportTest {
    private static final Instant ARRIVED = Instant.parse("2025-11-20T10:00:00.123Z");

    /** A queue into which nothing may come. */
    private static final class ClosedToAll
            implements StoppedQueue, Waiting, Waiting.WaitingSession, Enqueue.Submission {
        @Override
        public Enqueue.Submission enqueue(LongSupplier birth) {
            return this;
        }

        @Override
        public void write(byte[] octets, int from, int length) {}

        @Override
        public Enqueue.Receipt commit(Envelope envelope, String fields) {
            throw new AssertionError("something was imported");
        }

        @Override
        public Waiting waiting() {
            return this;
        }

        @Override
        public Waiting.WaitingSession open() {
            return this;
        }

        @Override
        public List<WaitingMessage> next(int most, Duration patience) {
            return List.of();
        }

        @Override
        public void report(List<Report> reports) {
            throw new AssertionError("there is nothing to report");
        }

        @Override
        public Page recipients(long message, int from) {
            return Page.NONE;
        }

        @Override
        public List<Failure> failures(long message, int after) {
            return List.of();
        }

        @Override
        public Inspection inspection() {
            throw new AssertionError("nobody asks");
        }

        @Override
        public void beginImport() {}

        @Override
        public void endImport(String sum) {
            throw new AssertionError("nothing was whole");
        }

        @Override
        public void undoImport() {}

        @Override
        public void close() {}
    }

    private static void imported(byte[] archive) throws IOException {
        new Import(new ClosedToAll(), new ByteArrayInputStream(archive), Clock.systemUTC()).run();
    }

    @Test
    void whatIsNoExportIsRefusedByName() throws IOException {
        var archive = new ByteArrayOutputStream();
        var tar = new TarWriter(archive);
        tar.begin("../../etc/passwd", 0, ARRIVED);
        tar.finish();
        assertThatThrownBy(() -> imported(archive.toByteArray()))
                .hasMessageContaining("\"../../etc/passwd\" is no name in an export")
                .hasMessageEndingWith("; nothing was imported");
        byte[] link = archive.toByteArray();
        link[156] = '2'; // a symbolic link
        Arrays.fill(link, 148, 156, (byte) ' ');
        byte[] sum = String.format(
                        java.util.Locale.ROOT, "%06o\0 ", TarWriter.sum(Arrays.copyOf(link, TarWriter.BLOCK)))
                .getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(sum, 0, link, 148, sum.length);
        assertThatThrownBy(() -> imported(link))
                .hasMessageContaining("\"../../etc/passwd\" is of a kind (\"2\") that an export does not have");
        archive.reset();
        tar = new TarWriter(archive);
        tar.begin("1.eml", 0, ARRIVED);
        tar.begin("1.json", ExportedEnvelope.LIMIT + 1L, ARRIVED);
        assertThatThrownBy(() -> imported(archive.toByteArray()))
                .hasMessageContaining("1.json has 134217729 octets, over 134217728");
    }
}

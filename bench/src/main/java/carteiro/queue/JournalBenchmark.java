package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.segments.FileDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Messages of 4 KiB into a queue on the disk (the folder of {@code -Dcarteiro.bench.folder}, else /var/tmp), each
 * answered when it is synced. Together they share a sync.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class JournalBenchmark {
    private static final Envelope ENVELOPE = new Envelope(
            new Address("sender@client.example"),
            List.of(new Address("bob@example.org")),
            BodyType.EIGHT_BIT_MIME,
            AddressForm.ASCII,
            71);

    private final byte[] text = new byte[4096];
    private final Path folder;
    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final Queue queue;

    /** Opens a queue. */
    public JournalBenchmark() {
        try {
            folder = Files.createTempDirectory(
                    Path.of(System.getProperty("carteiro.bench.folder", "/var/tmp")), "journal-");
            var settings = new QueueSettings(32 << 20, 128 << 20);
            queue = new Queue(new FileDisk(folder), () -> settings, log, Clock.systemUTC(), Journal.SEGMENT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        queue.startMaintenance();
    }

    /** Removes it. */
    @TearDown
    public void remove() throws IOException {
        queue.close();
        log.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private Receipt append() throws IOException {
        try (var submission = queue.enqueue().open()) {
            submission.write(text, 0, text.length);
            Receipt receipt = submission.commit(ENVELOPE);
            if (!(receipt instanceof Receipt.Accepted)) {
                throw new IOException(receipt.toString());
            }
            return receipt;
        }
    }

    /** One after the other: a sync each. */
    @Benchmark
    @Threads(1)
    public Receipt alone() throws IOException {
        return append();
    }

    /** From fifty threads. */
    @Benchmark
    @Threads(50)
    public Receipt fiftyTogether() throws IOException {
        return append();
    }
}

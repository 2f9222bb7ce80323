package carteiro.maildir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Messages of 4 KiB into one Maildir on the disk (the folder of {@code -Dcarteiro.bench.folder}, else /var/tmp), file and
 * folder synced. What is written together shares the file system's own syncs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class MaildirBenchmark {
    private static final byte[] HEADER =
            "Return-Path: <a@b.example>\nDelivered-To: c@d.example\n".getBytes(StandardCharsets.US_ASCII);

    private final Maildir maildir = new Maildir(MaildirNames.ofThisHost(), new DirectorySync(), Clock.systemUTC());
    private final MessageOctets message = new MessageOctets.InMemory(new byte[4096]);
    private final Path folder;
    private Path box;
    private int boxes;

    /** Makes a folder. */
    public MaildirBenchmark() {
        try {
            folder = Files.createTempDirectory(
                    Path.of(System.getProperty("carteiro.bench.folder", "/var/tmp")), "maildir-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        box = folder;
    }

    /** Makes a new Maildir. bench/steps removes them all at the end: removing some would hold up the next ones. */
    @Setup(Level.Iteration)
    public void another() throws IOException {
        box = folder.resolve("box" + boxes++);
        for (String name : new String[] {"new", "cur", "tmp"}) {
            Files.createDirectories(box.resolve(name));
        }
    }

    /** One after the other. */
    @Benchmark
    @Threads(1)
    public Maildir.MaildirResult alone() throws IOException {
        return maildir.deliver(box, HEADER, message);
    }

    /** From twenty threads. */
    @Benchmark
    @Threads(20)
    public Maildir.MaildirResult twentyTogether() throws IOException {
        return maildir.deliver(box, HEADER, message);
    }
}

package carteiro.smtpd;

import carteiro.wire.Line;
import carteiro.wire.LineReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The commands of one message, from octets to values; the figure is for one command. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DialogueBenchmark {
    private static final int COMMANDS = 4;
    private static final byte[] DIALOGUE = """
            EHLO mail.client.example
            MAIL FROM:<news-2026-11=bob=example.org@client.example> SIZE=4321 BODY=8BITMIME
            RCPT TO:<bob@example.org>
            DATA
            """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);

    /** Reads the lines and understands each. */
    @Benchmark
    @OperationsPerInvocation(COMMANDS)
    public void command(Blackhole hole) throws IOException {
        var lines = new LineReader(new ByteArrayInputStream(DIALOGUE), 2048);
        for (int i = 0; i < COMMANDS; i++) {
            if (lines.next() instanceof Line.Text(var text)) {
                hole.consume(SmtpCommand.parse(text));
            }
        }
    }
}

package carteiro.send;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Wires.Channel;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The due times of a million deferred messages: the first is taken and comes back with a later one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DueBenchmark {
    private static final int WAITING = 1_000_000;
    private static final int SPREAD = 100_000; // seconds

    private final DueHeap due = new DueHeap(Channel.REMOTE);
    private final Random random = new Random(1);

    /** Fills the heap. */
    public DueBenchmark() {
        var route = new Route.ToRemote(new Address("bob@far.example"));
        var envelope = new Envelope(
                new Address("sender@client.example"),
                List.of(new Address("bob@far.example")),
                BodyType.EIGHT_BIT_MIME,
                AddressForm.ASCII,
                71);
        for (int i = 0; i < WAITING; i++) {
            var state = new RecipientState.Due(Instant.ofEpochSecond(1 + random.nextInt(SPREAD)));
            due.add(new ScheduledMessage(
                    new WaitingMessage(i + 1, Instant.EPOCH, 512, envelope, List.of(state)), List.of(route)));
        }
    }

    /** One message. */
    @Benchmark
    public @Nullable Object takeAndPutBack() {
        long now = due.firstDue();
        ScheduledMessage first = due.take(now);
        if (first != null) {
            first.due(Channel.REMOTE, now + 1 + random.nextInt(SPREAD));
            due.add(first);
        }
        return first;
    }
}

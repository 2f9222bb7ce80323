package carteiro.queue;

import carteiro.segments.FileDisk;
import carteiro.segments.Index;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Segments;
import java.nio.file.Path;
import java.util.List;
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

/** The index of queue with a million messages in it. */
@State(Scope.Thread)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class IndexBenchmark {
    private static final int WAITING = 1_000_000;
    private static final int LENGTH = 4240;

    private final Index index = new Index(new Segments(new FileDisk(Path.of("."))));
    private long oldest = 1;
    private long newest;

    /** Fills it. */
    public IndexBenchmark() {
        while (newest < WAITING) {
            put();
        }
    }

    private void put() {
        newest++;
        long offset = newest * LENGTH;
        var place = new SegmentPosition((int) (offset / Journal.SEGMENT) + 1, (int) (offset % Journal.SEGMENT));
        index.put(new IndexEntry(newest, place, LENGTH, 4096, newest, 1, 0, new int[] {Index.UNTRIED}, List.of()));
    }

    /** A message comes, and the oldest ends. */
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.NANOSECONDS)
    public Index.@Nullable RemovedMessage insertAndEnd() {
        put();
        return index.ended(oldest++);
    }

    /** All numbers in their order: what send is presented with when its session begins. */
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public long[] scan() {
        return index.numbers();
    }
}

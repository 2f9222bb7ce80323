package carteiro.segments;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.segments.Index.FailedAt;
import carteiro.segments.Index.IndexEntry;
import carteiro.testkit.ModelDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The index against a plain map. */
class IndexTest {
    private final Segments segments = new Segments(new FileDisk(new ModelDisk().root()));
    private final Index index = new Index(segments);

    private static IndexEntry entry(long message, int recipients, Random random) {
        return new IndexEntry(
                message,
                new SegmentPosition(1 + random.nextInt(5), 8 * random.nextInt(1000)),
                8 * (1 + random.nextInt(100)),
                random.nextLong(Index.LARGEST),
                random.nextLong(),
                recipients,
                random.nextInt(10) == 0 ? message + 7 : 0,
                new int[] {Index.UNTRIED},
                List.of());
    }

    /** What the index should say of a message. */
    private static final class Model {
        IndexEntry entry;
        final int[] states;
        final TreeMap<Integer, FailedAt> failures = new TreeMap<>();

        Model(IndexEntry entry) {
            this.entry = entry;
            this.states = new int[entry.recipients()];
        }

        boolean isOpen(int recipient) {
            return states[recipient] != Index.DONE && states[recipient] != Index.BOUNCE;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomHistoryGivesWhatAPlainMapGives(long seed) {
        var random = new Random(seed);
        var model = new TreeMap<Long, Model>();
        long next = 1;
        for (int step = 0; step < 60_000; step++) {
            boolean shrinking = step / 10_000 % 2 == 1;
            int what = random.nextInt(10);
            if (model.isEmpty() || what < (shrinking ? 1 : 5)) {
                IndexEntry entry = entry(next++, random.nextInt(4), random);
                index.put(entry);
                model.put(entry.message(), new Model(entry));
                continue;
            }
            Long message = model.ceilingKey(random.nextLong(next) + 1);
            message = message == null ? model.firstKey() : message;
            Model known = Objects.requireNonNull(model.get(message));
            int recipients = known.entry.recipients();
            int recipient = random.nextInt(-1, recipients + 1);
            boolean exists = recipient >= 0 && recipient < recipients;
            switch (what % 5) {
                case 0 -> {
                    assertThat(index.done(message, recipient)).isEqualTo(exists);
                    if (exists) {
                        known.states[recipient] = Index.DONE;
                    }
                }
                case 1 -> {
                    var at = new FailedAt(recipient, new SegmentPosition(random.nextInt(1, 6), 8), 48);
                    assertThat(index.failed(message, recipient, at.place(), at.length()))
                            .isEqualTo(exists);
                    if (exists) {
                        known.states[recipient] = Index.BOUNCE;
                        known.failures.put(recipient, at);
                    }
                }
                case 2 -> {
                    int due = random.nextInt(1, 1_000_000);
                    assertThat(index.deferred(message, List.of(recipient), due)).isTrue();
                    if (exists && known.isOpen(recipient)) {
                        known.states[recipient] = due;
                    }
                }
                case 3 -> {
                    var place = new SegmentPosition(random.nextInt(1, 6), 16);
                    assertThat(index.move(message, place, 80)).isTrue();
                    IndexEntry old = known.entry;
                    known.entry = new IndexEntry(
                            old.message(),
                            place,
                            80,
                            old.octets(),
                            old.birth(),
                            recipients,
                            old.file(),
                            old.states(),
                            old.failures());
                }
                default -> {
                    assertThat(index.ended(message)).isEqualTo(new Index.RemovedMessage(known.entry.file()));
                    assertThat(index.ended(message)).isNull();
                    model.remove(message);
                }
            }
        }
        compare(model);
        for (long message : new ArrayList<>(model.keySet())) {
            index.ended(message);
        }
        assertThat(index.counts()).isEqualTo(new Index.IndexCounts(0, 0, 0, 0));
        assertThat(segments.missing()).isEmpty(); // nothing refers to any segment any more
        assertThat(index.files()).isEmpty();
    }

    private void compare(SortedMap<Long, Model> model) {
        assertThat(index.numbers())
                .containsExactly(
                        model.keySet().stream().mapToLong(Long::longValue).toArray());
        long open = 0;
        long octets = 0;
        for (Model known : model.values()) {
            IndexEntry entry = Objects.requireNonNull(index.entry(known.entry.message()));
            assertThat(entry.place()).isEqualTo(known.entry.place());
            assertThat(entry.length()).isEqualTo(known.entry.length());
            assertThat(entry.octets()).isEqualTo(known.entry.octets());
            assertThat(entry.birth()).isEqualTo(known.entry.birth());
            assertThat(entry.file()).isEqualTo(known.entry.file());
            for (int i = 0; i < known.states.length; i++) {
                assertThat(entry.state(i)).isEqualTo(known.states[i]);
                open += known.isOpen(i) ? 1 : 0;
            }
            assertThat(entry.failures()).containsExactlyInAnyOrderElementsOf(known.failures.values());
            octets += entry.octets();
        }
        assertThat(index.counts()).isEqualTo(new Index.IndexCounts(model.size(), 0, open, octets));
        for (int segment = 1; segment <= 5; segment++) {
            int number = segment;
            long[] expected = model.values().stream()
                    .filter(known -> known.entry.place().segment() == number
                            || known.failures.values().stream()
                                    .anyMatch(at -> at.place().segment() == number))
                    .mapToLong(known -> known.entry.message())
                    .toArray();
            assertThat(index.needing(segment)).containsExactlyInAnyOrder(expected);
        }
    }

    @Test
    void checkpointGivesBackEverything() throws Exception {
        var disk = new FileDisk(new ModelDisk().root());
        disk.makeFolder(Checkpoint.FOLDER);
        var random = new Random(5);
        for (long message = 1; message <= 9000; message++) {
            index.put(entry(message, (int) (message % 5), random));
            for (int recipient = 0; recipient < message % 5; recipient++) {
                if (random.nextInt(3) == 0) {
                    index.failed(message, recipient, new SegmentPosition(3, 8), 48);
                } else if (random.nextInt(3) == 0) {
                    index.deferred(message, List.of(recipient), random.nextInt());
                }
            }
            if (message % 3 == 0) {
                index.ended(message);
            }
        }
        index.put(entry(9001, 100_000, random)); // more than a block
        for (int recipient = 0; recipient < 100_000; recipient += 50) {
            index.failed(9001, recipient, new SegmentPosition(4, 8), 48);
        }
        var checkpoint = new Checkpoint(7, new SegmentPosition(5, 800), 9002, 33);
        checkpoint.write(disk, index, () -> {});
        var read = new Index(new Segments(new FileDisk(new ModelDisk().root())));
        assertThat(Checkpoint.read(disk, 7, read::put)).isEqualTo(checkpoint);
        assertThat(read.numbers()).isEqualTo(index.numbers());
        assertThat(read.counts()).isEqualTo(index.counts());
        for (long message : index.numbers()) {
            IndexEntry one = Objects.requireNonNull(read.entry(message));
            IndexEntry other = Objects.requireNonNull(index.entry(message));
            assertThat(one.states()).isEqualTo(other.states());
            assertThat(one.failures()).isEqualTo(other.failures());
            assertThat(List.of(one.place(), one.length(), one.octets(), one.birth(), one.recipients(), one.file()))
                    .isEqualTo(List.of(
                            other.place(),
                            other.length(),
                            other.octets(),
                            other.birth(),
                            other.recipients(),
                            other.file()));
        }
    }

    @Test
    void aMessageTakesLittleMemory() {
        System.gc();
        long before = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        var random = new Random(1);
        for (long message = 1; message <= 200_000; message++) {
            index.put(new IndexEntry(
                    message,
                    new SegmentPosition(1, 8),
                    8,
                    1000,
                    random.nextLong(),
                    1,
                    0,
                    new int[] {Index.UNTRIED},
                    List.of()));
        }
        System.gc();
        long after = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        assertThat((after - before) / 200_000).isLessThanOrEqualTo(100);
        assertThat(index.counts().messages()).isEqualTo(200_000);
    }

    @Test
    void theMemoryOfABurstIsGivenBack() {
        for (long message = 1; message <= 100_000; message++) {
            index.put(entry(message, 1, new Random(message)));
        }
        int most = index.parts();
        for (long message = 2; message <= 100_000; message++) {
            index.ended(message);
        }
        assertThat(most).isGreaterThan(20);
        assertThat(index.parts()).isEqualTo(1);
        assertThat(index.entry(1)).isNotNull();
    }

    private static IndexEntry of(long message, int recipients) {
        return new IndexEntry(
                message, new SegmentPosition(1, 8), 8, 0, 0, recipients, 0, new int[] {Index.UNTRIED}, List.of());
    }

    @Test
    void whatFailsTakesNoMoreMemoryThanWasCounted() {
        index.put(of(1, 1000));
        long before = index.memory();
        assertThat(before).isGreaterThan(28_000);
        for (int recipient = 999; recipient >= 0; recipient--) {
            index.failed(1, recipient, new SegmentPosition(3, 8), 48);
        }
        assertThat(index.memory()).isEqualTo(before);
        assertThat(index.failures(1, 41, 2)).extracting(FailedAt::recipient).containsExactly(42, 43);
        index.failed(1, 42, new SegmentPosition(4, 8), 48);
        assertThat(index.failures(1, 41, 1)).extracting(FailedAt::place).containsExactly(new SegmentPosition(4, 8));
        assertThat(index.failures(1, -1, 2000))
                .extracting(FailedAt::recipient)
                .isSorted()
                .hasSize(1000);
        assertThat(index.failures(1, 999, 10)).isEmpty();
        index.put(of(2, 1));
        before = index.memory();
        index.failed(2, 0, new SegmentPosition(3, 8), 48);
        index.failed(2, 0, new SegmentPosition(3, 8), 48);
        assertThat(index.memory() - before).isEqualTo(56);
        long told = index.memoryOfSend();
        index.move(1, new SegmentPosition(5, 8), 4096);
        assertThat(index.memoryOfSend()).isGreaterThan(told);
        index.ended(1);
        index.ended(2);
        assertThat(index.memory()).isZero();
        assertThat(index.memoryOfSend()).isZero();
    }
}

package carteiro.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.ModelDisk.Fate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a power failure may leave of a file, removed or not. */
class ModelDiskTest {
    private static final String ABSENT = "absent";
    private static final int DRAWS = 400;

    private final ModelDisk disk = new ModelDisk();
    private final Path file = disk.root().resolve("file");

    private static String sectors(char... each) {
        var text = new StringBuilder();
        for (char one : each) {
            text.repeat(one, ModelDisk.SECTOR);
        }
        return text.toString();
    }

    private FileChannel write(Path path, String octets) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channel.write(ByteBuffer.wrap(octets.getBytes(StandardCharsets.ISO_8859_1)), 0);
        return channel;
    }

    private void forceRoot() throws IOException {
        try (var root = FileChannel.open(disk.root())) {
            root.force(true);
        }
    }

    /** The file has two sectors of a that last. */
    private void lasting() throws IOException {
        try (var channel = write(file, sectors('a', 'a'))) {
            channel.force(true);
        }
        forceRoot();
    }

    private Set<String> outcomes(String name) throws IOException {
        Set<String> outcomes = new HashSet<>();
        for (Fate fate : disk.fates(DRAWS, new Random(1))) {
            ModelDisk left = disk.after(fate);
            Path path = left.root().resolve(name);
            outcomes.add(
                    Files.exists(path) ? new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1) : ABSENT);
        }
        return outcomes;
    }

    private static final String[] KEPT_LOST_OR_TORN = {
        sectors('a', 'a'), sectors('b', 'b'), sectors('a', 'b'), sectors('b', 'a')
    };

    @Test
    void whatWasNotForcedIsKeptLostOrTorn() throws Exception {
        lasting();
        write(file, sectors('b', 'b')).close();
        assertThat(outcomes("file")).containsExactlyInAnyOrder(KEPT_LOST_OR_TORN);
    }

    @Test
    void aFileThatWasRemovedComesBackWithOctetsKeptLostOrTornUntilItsFolderIsForced() throws Exception {
        lasting();
        write(file, sectors('b', 'b')).close();
        Files.delete(file);
        assertThat(outcomes("file"))
                .contains(ABSENT)
                .contains(KEPT_LOST_OR_TORN)
                .hasSize(5);

        forceRoot();
        assertThat(outcomes("file")).containsExactly(ABSENT);
    }

    @Test
    void aFileThatWasReplacedComesBackSo() throws Exception {
        lasting();
        write(file, sectors('b', 'b')).close();
        Path other = disk.root().resolve("other");
        try (var channel = write(other, "other")) {
            channel.force(true);
        }
        Files.move(other, file);
        assertThat(outcomes("file"))
                .contains("other")
                .contains(KEPT_LOST_OR_TORN)
                .hasSize(5);

        forceRoot();
        assertThat(outcomes("file")).containsExactly("other");
    }

    @Test
    void aNameThatCameAndWentUnsyncedMayBeThereAfterAll() throws Exception {
        write(file, sectors('b')).close();
        Files.delete(file);
        assertThat(outcomes("file")).contains(ABSENT, "", sectors('b'));

        forceRoot();
        assertThat(outcomes("file")).containsExactly(ABSENT);
    }

    @Test
    void whatAForceLeftOutComesAndGoesAlsoWhenTheNameIsGone() throws Exception {
        lasting();
        try (var channel = write(file, sectors('b', 'b'))) {
            disk.fail(0, 1);
            assertThatThrownBy(() -> channel.force(true)).isInstanceOf(IOException.class);
            channel.force(true);
        }
        Files.delete(file);
        assertThat(outcomes("file")).contains(ABSENT).contains(KEPT_LOST_OR_TORN);
    }

    @Test
    void whatWasForcedLastsWithoutItsName() throws Exception {
        lasting();
        try (var channel = write(file, sectors('b', 'b'))) {
            channel.force(true);
        }
        Files.delete(file);
        assertThat(outcomes("file")).containsExactlyInAnyOrder(ABSENT, sectors('b', 'b'));
    }
}

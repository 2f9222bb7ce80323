package carteiro.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.Covers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class CdbTest {
    @TempDir
    Path folder;

    record Sample(String name, List<Map.Entry<String, String>> records, byte[] octets) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Sample> samples() throws IOException {
        var samples = new ArrayList<Sample>();
        JsonNode colinmarc = json("colinmarc-test.json");
        samples.add(sample("cdbmake", colinmarc));
        json("tinycdb.json").get("sets").properties().forEach(set -> samples.add(sample(set.getKey(), set.getValue())));
        return samples.stream();
    }

    @ParameterizedTest
    @MethodSource("samples")
    @Covers("qmail:C15")
    void readsWhatOthersWrote(Sample sample) throws IOException {
        Cdb cdb = Cdb.open(Files.write(folder.resolve("cdb"), sample.octets));
        var expected = new LinkedHashMap<String, String>();
        sample.records.forEach(record -> expected.putIfAbsent(record.getKey(), record.getValue()));
        for (var entry : expected.entrySet()) {
            assertThat(cdb.first(entry.getKey())).contains(entry.getValue());
        }
        assertThat(cdb.first("no such key at all")).isEmpty();
        assertThat(records(cdb)).isEqualTo(sample.records);
    }

    @ParameterizedTest
    @MethodSource("samples")
    @Covers("qmail:C15")
    void writesOctetForOctetWhatOthersWrite(Sample sample) throws IOException {
        assertThat(Files.readAllBytes(write(sample.records))).isEqualTo(sample.octets);
    }

    @Test
    @Covers("qmail:C15")
    void tinycdbReadsWhatWeWroteAndTheReverse() throws Exception {
        Path tool = Path.of("/usr/bin/cdb");
        Assumptions.assumeTrue(Files.isExecutable(tool), "needs the command cdb (Debian: tinycdb)");
        var records = new ArrayList<Map.Entry<String, String>>();
        var random = new Random(7);
        for (int i = 0; i < 5000; i++) {
            records.add(Map.entry("key" + random.nextInt(4000), "value" + i));
        }
        Path ours = write(records);
        Process dump = new ProcessBuilder(tool.toString(), "-d", ours.toString()).start();
        byte[] dumped = dump.getInputStream().readAllBytes();
        assertThat(dump.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(dump.exitValue()).isZero();

        Path theirs = folder.resolve("theirs");
        Process make = new ProcessBuilder(tool.toString(), "-c", theirs.toString()).start();
        try (var input = make.getOutputStream()) {
            input.write(dumped);
        }
        assertThat(make.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(make.exitValue()).isZero();
        assertThat(theirs).hasSameBinaryContentAs(ours);
        assertThat(records(Cdb.open(theirs))).isEqualTo(records);
    }

    @Test
    void aFileAboveTheLimitForCopyingIsMappedAndReadsTheSame() throws IOException {
        var records = new ArrayList<Map.Entry<String, String>>();
        for (int i = 0; i < 30_000; i++) {
            records.add(Map.entry("k" + i, "v".repeat(20) + i));
        }
        Path file = write(records);
        assertThat(Files.size(file)).isGreaterThan(Cdb.COPIED);
        Cdb cdb = Cdb.open(file);
        for (var record : records) {
            assertThat(cdb.first(record.getKey())).contains(record.getValue());
        }
        assertThat(cdb.first("k30000")).isEmpty();
    }

    @Test
    void damagedFilesAreReportedAndNeverEndInAnotherWay() throws IOException {
        var records = new ArrayList<Map.Entry<String, String>>();
        for (int i = 0; i < 20; i++) {
            records.add(Map.entry("key" + i, "value" + i));
        }
        byte[] good = Files.readAllBytes(write(records));
        long seed = 42;
        var random = new Random(seed);
        int reported = 0;
        for (int round = 0; round < 3000; round++) {
            byte[] bad = good.clone();
            for (int i = random.nextInt(40); i >= 0; i--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            Path file = Files.write(folder.resolve("bad"), bad);
            try {
                Cdb cdb = Cdb.open(file);
                for (var record : records) {
                    cdb.first(record.getKey());
                }
                records(cdb);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("is damaged");
                reported++;
            }
        }
        assertThat(reported).isGreaterThan(100);
    }

    @Test
    void whatIsTooShortIsNoCdb() throws IOException {
        Path file = Files.write(folder.resolve("short"), new byte[100]);
        assertThatThrownBy(() -> Cdb.open(file)).hasMessageContaining("is no cdb");
        assertThatThrownBy(() -> Cdb.open(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void withoutCommitTheOldFileStaysAndNothingIsLeft() throws IOException {
        Path target = write(List.of(Map.entry("a", "old")));
        try (var writer = new CdbWriter(target, folder.resolve("tmp"))) {
            writer.add("a", "new");
        }
        assertThat(Cdb.open(target).first("a")).contains("old");
        assertThat(folder.resolve("tmp")).doesNotExist();
    }

    @Test
    void aReplacedFileIsSeenAndSoIsARemovedOne() throws IOException {
        Path place = folder.resolve("place");
        var file = new CdbFile(place, Duration.ZERO);
        assertThat(file.now()).isEmpty();
        Files.move(write(List.of(Map.entry("a", "1"))), place);
        Cdb first = file.now().orElseThrow();
        assertThat(first.first("a")).contains("1");
        assertThat(file.now().orElseThrow()).isSameAs(first);
        Files.move(write(List.of(Map.entry("a", "2"))), place, StandardCopyOption.REPLACE_EXISTING);
        assertThat(file.now().orElseThrow().first("a")).contains("2");
        assertThat(first.first("a")).as("what was opened goes on").contains("1");
        Files.delete(place);
        assertThat(file.now()).isEmpty();
        Files.write(place, new byte[5]);
        assertThatThrownBy(file::now).isInstanceOf(IOException.class);
    }

    private Path write(List<Map.Entry<String, String>> records) throws IOException {
        Path target = folder.resolve("written");
        try (var writer = new CdbWriter(target, folder.resolve("written.tmp"))) {
            for (var record : records) {
                writer.add(record.getKey(), record.getValue());
            }
            writer.commit();
        }
        return target;
    }

    private static List<Map.Entry<String, String>> records(Cdb cdb) throws IOException {
        var records = new ArrayList<Map.Entry<String, String>>();
        cdb.forEach((key, data) -> records.add(Map.entry(key, data)));
        return records;
    }

    private static Sample sample(String name, JsonNode node) {
        var records = new ArrayList<Map.Entry<String, String>>();
        for (JsonNode record : node.get("records_base64")) {
            records.add(Map.entry(octets(record.get(0)), octets(record.get(1))));
        }
        return new Sample(
                name, records, Base64.getDecoder().decode(node.get("cdb_base64").asText()));
    }

    private static String octets(JsonNode base64) {
        return new String(Base64.getDecoder().decode(base64.asText()), ISO_8859_1);
    }

    private static JsonNode json(String name) throws IOException {
        try (InputStream in = CdbTest.class.getResourceAsStream("/cdb/" + name)) {
            return new ObjectMapper().readTree(in);
        }
    }
}

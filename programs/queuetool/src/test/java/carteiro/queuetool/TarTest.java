package carteiro.queuetool;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.segments.Index;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Archives: what is written is read back, and any octets are read or refused. */
class TarTest {
    private static final Instant ARRIVED = Instant.parse("2025-11-20T10:00:00.123Z");

    @Test
    void anyOctetsAreReadOrRefused() throws IOException {
        var random = new Random(7);
        var valid = new ByteArrayOutputStream();
        var tar = new TarWriter(valid);
        tar.begin("a", 3, ARRIVED);
        tar.write(new byte[3], 0, 3);
        tar.begin("b", 1L << 40 - 1, ARRIVED);
        for (int i = 0; i < 20_000; i++) {
            byte[] octets = valid.toByteArray();
            for (int n = random.nextInt(8); n >= 0; n--) {
                octets[random.nextInt(octets.length)] = (byte) random.nextInt();
            }
            if (i % 2 == 0) { // a right sum, so that the rest is looked at
                Arrays.fill(octets, 148, 156, (byte) ' ');
                byte[] sum = String.format(java.util.Locale.ROOT, "%06o\0 ", TarWriter.sum(octets))
                        .getBytes(StandardCharsets.US_ASCII);
                System.arraycopy(sum, 0, octets, 148, sum.length);
            }
            try {
                var reader = new TarReader(new ByteArrayInputStream(octets));
                for (TarReader.TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
                    assertThat(entry.size()).isNotNegative();
                }
            } catch (TarReader.MalformedArchiveException e) {
                assertThat(e.getMessage()).startsWith("octet ");
            }
        }
    }

    @Test
    void sizeOfMoreThanEightGibibytesIsWrittenAndRead() throws IOException {
        var octets = new ByteArrayOutputStream();
        new TarWriter(octets).begin("000000000001.eml", Index.LARGEST, ARRIVED);
        assertThat(new TarReader(new ByteArrayInputStream(octets.toByteArray())).next())
                .isEqualTo(new TarReader.TarEntry("000000000001.eml", Index.LARGEST));
    }
}

package carteiro.segments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The header of a record, octet by octet. */
class FramingTest {
    @Test
    void headerIsLaidOutAsThePageSays() {
        var buffer = ByteBuffer.allocate(Framing.HEADER);
        var header = new Framing.RecordHeader(
                Framing.RecordKind.FAILED, 0x01020304, 0x05060708, 9, 10, 0x1122334455667788L, 16);
        Framing.put(buffer, header, new SegmentPosition(3, 800));
        assertThat(HexFormat.of().formatHex(buffer.array()))
                .matches("43510204[0-9a-f]{8}01020304050607080000000900" + "00000a11223344556677880000001000000000");
        assertThat(Framing.read(buffer, 0, new SegmentPosition(3, 800))).isEqualTo(header);
        assertThat(Framing.read(buffer, 0, new SegmentPosition(4, 800))).isNull();
        assertThat(Framing.read(buffer, 0, new SegmentPosition(3, 808))).isNull();
        for (int octet = 0; octet < Framing.HEADER; octet++) {
            buffer.put(octet, (byte) (buffer.get(octet) ^ 4));
            assertThat(Framing.read(buffer, 0, new SegmentPosition(3, 800)))
                    .as("octet " + octet)
                    .isNull();
            buffer.put(octet, (byte) (buffer.get(octet) ^ 4));
        }
    }

    @ParameterizedTest(name = "version {0}")
    @CsvSource({"0, false", "1, true", "2, true", "3, false", "127, false", "-1, false"})
    void ofTheVersionsOnlyTheFirstTwoAreRead(int version, boolean read) {
        var place = new SegmentPosition(3, 800);
        var header = new Framing.RecordHeader(version, Framing.RecordKind.ACCEPTED, 8, 9, 10, 11, 457, 16);
        var buffer = ByteBuffer.allocate(Framing.HEADER);
        Framing.put(buffer, header, place);
        assertThat(Framing.read(buffer, 0, place)).isEqualTo(read ? header : null);
    }
}

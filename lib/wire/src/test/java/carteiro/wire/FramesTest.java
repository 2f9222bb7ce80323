package carteiro.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {
    private static FrameReader read(String octets, int limit) throws IOException {
        return FrameReader.receive(new ByteArrayInputStream(octets.getBytes(StandardCharsets.ISO_8859_1)), limit);
    }

    @Test
    void whatIsPutComesBackInOrder() throws Exception {
        var out = new ByteArrayOutputStream();
        new FrameWriter().put("a,b:c\n\u00ff").put(-42).put("").send(out);
        FrameReader frame = read(out.toString(StandardCharsets.ISO_8859_1), 100);
        assertThat(frame.text(100)).isEqualTo("a,b:c\n\u00ff");
        assertThat(frame.number(-42, 0)).isEqualTo(-42);
        assertThat(frame.text(0)).isEmpty();
        frame.end();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "3:ab,", "3:abcd", ":,", "9999999999:", "-1:,", "12", "3abc,", "0x3:abc,"})
    void whatIsNoNetstringIsMalformed(String octets) {
        assertThatThrownBy(() -> read(octets, 1000)).isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void theEndBeforeAFrameIsTheEnd() {
        assertThatThrownBy(() -> read("", 1000)).isInstanceOf(EOFException.class);
    }

    @Test
    void theLimitPassesAndOneMoreDoesNot() throws Exception {
        assertThat(read("5:2:ab,,", 5).text(2)).isEqualTo("ab");
        assertThatThrownBy(() -> read("5:2:ab,,", 4)).isInstanceOf(MalformedFrameException.class);
        assertThatThrownBy(() -> read("5:2:ab,,", 5).text(1)).isInstanceOf(MalformedFrameException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4:2:a,,", "5:9:ab,,", "2:ab,", "4::ab,,", "6:2:abc,,", "13:999999999:a,,"})
    void whatIsNoFieldIsMalformed(String octets) {
        assertThatThrownBy(() -> read(octets, 1000).text(1000)).isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void numbersHaveARange() throws Exception {
        assertThat(read("4:1:7,,", 10).number(0, 7)).isEqualTo(7);
        assertThatThrownBy(() -> read("4:1:7,,", 10).number(0, 6)).isInstanceOf(MalformedFrameException.class);
        assertThatThrownBy(() -> read("4:1:x,,", 10).number(0, 6)).isInstanceOf(MalformedFrameException.class);
        assertThatThrownBy(() -> read("23:19:9999999999999999999,,", 30).number(0, Long.MAX_VALUE))
                .isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void randomOctetsAreAFrameOrMalformedAndNothingElse() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] octets = new byte[random.nextInt(24)];
            for (int j = 0; j < octets.length; j++) {
                octets[j] = (byte)
                        (random.nextInt(4) == 0 ? random.nextInt(256) : "0123456789:,".charAt(random.nextInt(12)));
            }
            try {
                FrameReader frame = FrameReader.receive(new ByteArrayInputStream(octets), 1000);
                while (frame.more()) {
                    frame.octets(10);
                }
            } catch (MalformedFrameException | EOFException e) {
                // as agreed
            } catch (IOException | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void aNestedFrameHasItsOwnEnd() throws Exception {
        var out = new ByteArrayOutputStream();
        new FrameWriter()
                .put(new FrameWriter().put("a").putTagged(7, "new"))
                .put("b")
                .send(out);
        FrameReader frame = read(out.toString(StandardCharsets.ISO_8859_1), 100);
        FrameReader nested = frame.nested(100);
        assertThat(nested.text(1)).isEqualTo("a");
        nested.end();
        assertThat(frame.text(1)).isEqualTo("b");
        frame.end();
        assertThatThrownBy(() -> nested.text(1)).isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void aTaggedFieldIsTakenByItsTagOrPassedOver() throws Exception {
        TaggedFields tagged = read("25:1:a,3:1=x,6:7=more,3:12=,,", 100, 1).tagged();
        assertThat(tagged.take(7, 4)).isEqualTo("more");
        assertThat(tagged.take(8, 4)).isEmpty();
        assertThat(tagged.take(12, 4)).isEmpty();
        tagged.end();
        read("11:1:a,4:7=ab,,", 100, 1).end();
    }

    @Test
    void aTaggedFieldThatMustNotBePassedOverEndsTheFrameUnlessItIsTaken() throws Exception {
        assertThatThrownBy(() -> read("10:1:a,3:7!x,,", 100, 1).end())
                .isInstanceOf(MalformedFrameException.class)
                .hasMessageContaining("field with tag 7 must not be passed over");
        TaggedFields known = read("10:1:a,3:7!x,,", 100, 1).tagged();
        assertThat(known.take(7, 1)).isEqualTo("x");
        known.end();
        assertThatThrownBy(() -> read("10:1:a,3:7=x,,", 100, 1).tagged().take(7, 0))
                .isInstanceOf(MalformedFrameException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1:x,",
                "2:=x,",
                "3:0=x,",
                "4:01=x,",
                "7:10000=x,",
                "3:-1=,",
                "1:7,",
                "2:7x,",
                "0:,",
                "3:7=a,3:7=b,",
                "3:7=a,3:6=b,"
            })
    void whatHasNoTagOrNotInOrderIsMalformed(String fields) {
        assertThatThrownBy(() -> read((fields.length() + 4) + ":1:a," + fields + ",", 100, 1)
                        .end())
                .isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void taggedFieldsAreBounded() {
        var frame = new FrameWriter();
        for (int tag = 1; tag <= TaggedFields.MOST + 1; tag++) {
            frame.putTagged(tag, "");
        }
        var out = new ByteArrayOutputStream();
        assertThatThrownBy(() -> {
                    frame.send(out);
                    read(out.toString(StandardCharsets.ISO_8859_1), 10_000).end();
                })
                .isInstanceOf(MalformedFrameException.class)
                .hasMessageContaining("too many");
    }

    /** A frame of which so many fields have been read. */
    private static FrameReader read(String octets, int limit, int fields) throws IOException {
        FrameReader frame = read(octets, limit);
        for (int i = 0; i < fields; i++) {
            frame.text(limit);
        }
        return frame;
    }
}

package carteiro.wire;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.wire.TextDecoder.DecoderState;
import carteiro.wire.TextDecoder.TransferForm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text as it travels becomes text as it is kept, whatever the blocks. */
class TextDecoderTest {
    /** What one text became. */
    private record Decoded(String text, DecoderState state, String rest) {}

    private static byte[] bytes(String octets) {
        return octets.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Gives octets in pieces of random size. */
    private static InputStream inPieces(String octets, Random random) {
        return new InputStream() {
            private final InputStream whole = new ByteArrayInputStream(bytes(octets));

            @Override
            public int read() {
                throw new AssertionError("octets are not read one by one");
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                return whole.read(into, from, Math.min(length, 1 + random.nextInt(4)));
            }
        };
    }

    private static Decoded decode(TransferForm form, String sent, Random random) throws IOException {
        var reader = new LineReader(inPieces(sent, random), 100);
        var decoder = new TextDecoder(form);
        var text = new StringBuilder();
        LineReader.Sink sink =
                (octets, from, length) -> text.append(new String(octets, from, length, StandardCharsets.ISO_8859_1));
        if (form == TransferForm.DOTTED) {
            reader.text(decoder, sink);
        } else {
            reader.text(decoder, sent.length(), sink);
            decoder.end();
        }
        int rest = 0;
        while (reader.drop(1)) {
            rest++;
        }
        return new Decoded(text.toString(), decoder.state(), sent.substring(sent.length() - rest));
    }

    /** The same, said in the plainest way. */
    private static Decoded asTheRfcSays(TransferForm form, String sent) {
        var text = new StringBuilder();
        int at = 0;
        boolean lineStart = true;
        while (at < sent.length()) {
            if (form == TransferForm.DOTTED && lineStart && sent.startsWith(".\r\n", at)) {
                return new Decoded(text.toString(), DecoderState.ENDED, sent.substring(at + 3));
            }
            if (form == TransferForm.DOTTED && lineStart && sent.charAt(at) == '.') {
                at++;
                lineStart = false;
                continue;
            }
            if (sent.startsWith("\r\n", at)) {
                text.append('\n');
                at += 2;
                lineStart = true;
                continue;
            }
            if (sent.charAt(at) == '\n') {
                return new Decoded(text.toString(), DecoderState.BARE_LF, sent.substring(at + 1));
            }
            if (sent.charAt(at) == '\r') {
                if (at + 1 == sent.length()) {
                    return new Decoded(
                            text.toString(),
                            form == TransferForm.DOTTED ? DecoderState.OPEN : DecoderState.BARE_CR,
                            "");
                }
                return new Decoded(text.toString(), DecoderState.BARE_CR, sent.substring(at + 2));
            }
            text.append(sent.charAt(at++));
            lineStart = false;
        }
        return new Decoded(text.toString(), form == TransferForm.DOTTED ? DecoderState.OPEN : DecoderState.ENDED, "");
    }

    @Test
    void everyBlockSizeGivesWhatTheRfcSays() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String often = "\r\n\r\n\r\n..ab";
        for (int i = 0; i < 30_000; i++) {
            var sent = new StringBuilder();
            for (int j = random.nextInt(24); j > 0; j--) {
                switch (random.nextInt(5)) {
                    case 0 -> sent.append("\r\n");
                    case 1 -> sent.append("x\r\n.");
                    case 2 -> sent.append((char) random.nextInt(1, 256));
                    default -> sent.append(often.charAt(random.nextInt(often.length())));
                }
            }
            for (TransferForm form : TransferForm.values()) {
                Decoded decoded = decode(form, sent.toString(), random);
                Decoded expected = asTheRfcSays(form, sent.toString());
                assertThat(decoded.text() + decoded.state())
                        .as(
                                "seed %d, %s of %s",
                                seed, form, sent.toString().replace("\r", "\\r").replace("\n", "\\n"))
                        .isEqualTo(expected.text() + expected.state());
                if (expected.state() == DecoderState.ENDED) {
                    assertThat(decoded.rest())
                            .as(
                                    "seed %d, %s of %s",
                                    seed,
                                    form,
                                    sent.toString().replace("\r", "\\r").replace("\n", "\\n"))
                            .isEqualTo(expected.rest());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"'a\r\n.\r\n',3", "'abc\r\nabcd\r\n.\r\n',6", "'..bcd\r\n.\r\n',6", "'abc',5", "'.\r\n',2"})
    void theLongestLineIsCountedWithItsEndAndWithoutADoubledDot(String sent, long longest) {
        var decoder = new TextDecoder(TransferForm.DOTTED);
        byte[] octets = bytes(sent);
        decoder.decode(octets, 0, octets.length);
        assertThat(decoder.longestLine()).isEqualTo(longest);
    }

    @Test
    void aNulIsKeptAndSeen() {
        var decoder = new TextDecoder(TransferForm.DOTTED);
        byte[] octets = bytes("a\0b\r\n.\r\n");
        assertThat(decoder.decode(octets, 0, octets.length)).isEqualTo(4);
        assertThat(decoder.sawNul()).isTrue();
        assertThat(octets).startsWith('a', 0, 'b', '\n');
    }
}

package carteiro.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.testkit.Covers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyReaderTest {
    private static ReplyReader reader(String octets) {
        return new ReplyReader(new ByteArrayInputStream(Octets.bytes(octets)));
    }

    @ParameterizedTest(name = "{0}")
    @Covers("qmail:X16")
    @CsvSource(delimiter = '|', textBlock = """
            250 ok\\r\\n                          | 250 | 250 ok/
            250 ok\\n                             | 250 | 250 ok/
            250\\r\\n                             | 250 | 250/
            250-one\\r\\n250-two\\r\\n250 three\\r\\n | 250 | 250-one/250-two/250 three/
            550-one\\r\\n250 two\\r\\n             | 550 | 550-one/250 two/
            550-one\\r\\n\\r\\n                    | 550 | 550-one//
            550-one\\r\\nwell then\\r\\n           | 550 | 550-one/well then/
            250 a\\0b\\r\\n                       | 250 | 250 a?b/
            """)
    void theCodeIsThatOfTheFirstLine(String octets, int code, String text) throws IOException {
        SmtpReply reply = reader(
                        octets.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0"))
                .read();
        assertThat(reply.code()).isEqualTo(code);
        assertThat(reply.text().replace('\n', '/')).isEqualTo(text);
        assertThat(reply.cut()).isEqualTo(SmtpReply.Completeness.WHOLE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\r\n", "ok\r\n", "25 ok\r\n", "150 ok\r\n", "600 ok\r\n", "2500 ok\r\n", "-250 ok\r\n", " 250\n"
            })
    void whatIsNoReplyIsSaidToBeNone(String octets) {
        assertThatThrownBy(() -> reader(octets).read()).isInstanceOf(MalformedReplyException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "25", "250 ok", "250-one\r\n", "250-one\r\n250"})
    void aConnectionThatEndsBeforeTheReplyIsAnEnd(String octets) {
        assertThatThrownBy(() -> reader(octets).read()).isInstanceOf(EOFException.class);
    }

    @Test
    @Covers("qmail:X16")
    void fiveThousandOctetsAreKeptAndTheRestIsReadAndMarked() throws IOException {
        String whole = "250-" + "x".repeat(993) + "\r\n"; // 998 kept of each, with its LF
        SmtpReply fits =
                reader(whole.repeat(4) + "250 " + "y".repeat(1003) + "\r\n").read();
        assertThat(fits.cut()).isEqualTo(SmtpReply.Completeness.WHOLE);
        assertThat(fits.text()).hasSize(ReplyReader.KEPT);

        var long1 = reader("250 " + "y".repeat(6000) + "\r\n221 bye\r\n");
        SmtpReply cut = long1.read();
        assertThat(cut.cut()).isEqualTo(SmtpReply.Completeness.CUT);
        assertThat(cut.lines().getFirst()).hasSize(ReplyReader.KEPT);
        assertThat(cut.text()).endsWith("[the rest of this reply was cut]\n");
        assertThat(long1.read().code()).isEqualTo(221);

        var lines = reader("250-line\r\n".repeat(100_000) + "250 last\r\n221 bye\r\n");
        SmtpReply many = lines.read();
        assertThat(many.cut()).isEqualTo(SmtpReply.Completeness.CUT);
        assertThat(many.text().length()).isLessThan(ReplyReader.KEPT + 100);
        assertThat(lines.read().code()).isEqualTo(221);
    }

    @Test
    void aReplyMayComeOctetByOctet() throws IOException {
        var drip = new InputStream() {
            private final byte[] octets = Octets.bytes("250-a\r\n250 b\r\n");
            private int at;

            @Override
            public int read() {
                return at < octets.length ? octets[at++] : -1;
            }

            @Override
            public int read(byte[] into, int from, int length) {
                int c = read();
                if (c < 0) {
                    return -1;
                }
                into[from] = (byte) c;
                return 1;
            }
        };
        assertThat(new ReplyReader(drip).read().text()).isEqualTo("250-a\n250 b\n");
    }

    @Test
    void whatWasNotAskedForIsNoticed() throws IOException {
        ReplyReader reader = reader("250 ok\r\n250 ok\r\n");
        reader.read();
        assertThat(reader.hasMore()).isTrue();
        reader.read();
        assertThat(reader.hasMore()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            250 2.1.5 ok        | 2.1.5
            550 5.7.1           | 5.7.1
            550-5.1.1 a         | 5.1.1
            550 5.1.1000 a      | none
            550 4.1.1 a         | none
            354 3.0.0 go        | none
            550 5.1 a           | none
            550 5.1.x a         | none
            550 user unknown    | none
            550                 | none
            """)
    void theEnhancedStatusIsReadWhenItFitsTheCode(String line, String status) throws IOException {
        SmtpReply reply = reader(line + "\n250 .\n").read();
        assertThat(reply.status().map(Status::toString).orElse(null)).isEqualTo(status);
    }

    @Test
    void randomOctetsNeverThrowAnythingButAnIoException() {
        var random = new Random(42);
        for (int i = 0; i < 5000; i++) {
            byte[] octets = new byte[random.nextInt(60)];
            random.nextBytes(octets);
            if (random.nextBoolean()) {
                System.arraycopy(Octets.bytes("250-"), 0, octets, 0, Math.min(4, octets.length));
            }
            try {
                new ReplyReader(new ByteArrayInputStream(octets)).read();
            } catch (IOException e) {
                assertThat(e).isInstanceOfAny(EOFException.class, MalformedReplyException.class);
            }
        }
    }

    static Stream<Map.Entry<String, JsonNode>> realReplies() throws IOException {
        try (InputStream in = ReplyReaderTest.class.getResourceAsStream("/smtp/mailkit-server-replies.json")) {
            return new ObjectMapper().readTree(in).get("replies").properties().stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("realReplies")
    void repliesOfRealServersAreRead(Map.Entry<String, JsonNode> stored) throws IOException {
        String octets = stored.getValue().asText().replace("\n", "\r\n");
        ReplyReader reader = reader(octets);
        var read = new StringBuilder();
        int replies = 0;
        do {
            SmtpReply reply = reader.read();
            read.append(reply.text());
            replies++;
        } while (reader.hasMore());
        assertThat(read.toString()).isEqualTo(stored.getValue().asText());
        assertThat(replies).isEqualTo(stored.getKey().startsWith("pipelined") ? 2 : 1);
    }

    @Test
    void aReplyEndsAtTheLimitWhateverItIsMadeOf() throws IOException {
        String line = "250-" + "x".repeat(58) + "\r\n"; // 64 octets
        String most = line.repeat(ReplyReader.LIMIT / 64 - 1) + "250 " + "x".repeat(58) + "\r\n";
        ReplyReader reader = reader(most + "220 next\r\n");
        SmtpReply whole = reader.read();
        assertThat(whole.code()).isEqualTo(250);
        assertThat(whole.text().length()).isLessThan(ReplyReader.KEPT + 100);
        assertThat(reader.read().code()).isEqualTo(220);
        assertThatThrownBy(() -> reader(line + most).read())
                .isInstanceOf(MalformedReplyException.class)
                .hasMessageContaining("over 1048576 octets");
        assertThatThrownBy(() -> reader(most.replace("\r\n", "xx") + "x").read())
                .isInstanceOf(MalformedReplyException.class);
    }

    @Test
    void aReplyWithoutEndNeverFillsTheMemory() {
        var endless = new InputStream() {
            private long served;

            @Override
            public int read() {
                return "250-\n".charAt((int) (served++ % 5));
            }

            @Override
            public int read(byte[] octets, int from, int length) {
                for (int i = 0; i < length; i++) {
                    octets[from + i] = (byte) read();
                }
                return length;
            }
        };
        assertThatThrownBy(() -> new ReplyReader(endless).read()).isInstanceOf(MalformedReplyException.class);
        assertThat(endless.served).isLessThan(2L * ReplyReader.LIMIT);
    }
}

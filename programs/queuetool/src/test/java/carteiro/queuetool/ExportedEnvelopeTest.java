package carteiro.queuetool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Recipient;
import carteiro.segments.Index;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Envelopes in an archive: what is written is read back, and what is not what the page says is refused. */
class ExportedEnvelopeTest {
    private static final Instant ARRIVED = Instant.parse("2025-11-20T10:00:00.123Z");
    private static final Instant DUE = Instant.ofEpochSecond(2_000_000_000);
    private static final String SUM = "0".repeat(64);

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', quoteCharacter = '\u0001', textBlock = """
            []                                                            | it is no JSON object
            {"export":3}                                                  | export 3, and this program knows 1 to 2
            {"export":2}                                                  | fields are missing: arrived, attributes, message
            {"export":1,"surprise":1}                                     | unknown field "surprise"
            {"export":1}                                                  | fields are missing: arrived, body
            {"export":1,"export":1}                                       | Duplicate field 'export'
            {"message":-1}                                                | "message" is no number from 0 to
            {"message":1e3}                                               | "message" is no number from 0 to
            {"message":99999999999999999999999}                           | Number value length (23) exceeds the maximum
            {"arrived":"yesterday"}                                       | Text 'yesterday' could not be parsed
            {"arrived":"1969-12-31T23:59:59Z"}                            | before 1970 or after 2106
            {"sha256":"../../etc/passwd"}                                 | "sha256" is no sum in hex
            {"sender":"a\\u0000b"}                                        | address holds a NUL
            {"sender":"\\u20ac"}                                          | a character that is no octet
            {"body":"BINARYMIME"}                                         | "body" is neither 7BIT nor 8BITMIME
            {"smtputf8":"yes"}                                            | "smtputf8" is neither true nor false
            {"recipients":{}}                                             | "recipients" is no array
            {"recipients":[[[[[[1]]]]]]}                                  | a recipient is no object
            {"recipients":[{"state":"due"}]}                              | a recipient has no address
            {"recipients":[{"address":"a","state":"gone"}]}               | the state of recipient <a> is none
            {"recipients":[{"address":"a","state":"bounce"}]}             | the state of recipient <a> is none
            {"recipients":[{"address":"a","state":"done","at":"1970-01-02T00:00:00Z"}]} | the state of recipient <a> is
            {"recipients":[{"address":"a","mode":"due"}]}                 | unknown field "mode" of a recipient
            {"export":1                                                   | Unexpected end-of-input
            """)
    void envelopeThatIsNotWhatThePageSaysIsRefused(String json, String why) {
        assertThatThrownBy(() -> ExportedEnvelope.read(json.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(ExportedEnvelope.MalformedExportException.class)
                .hasMessageContaining(why);
    }

    @Test
    void envelopeComesBackAsItWas() throws IOException {
        var all = new StringBuilder();
        for (char c = 0; c < 256; c++) {
            all.append(c);
        }
        var envelope = new ExportedEnvelope(
                Long.MAX_VALUE,
                ARRIVED,
                Index.LARGEST,
                SUM,
                Address.NULL,
                Attributes.NONE,
                List.of(
                        new ExportedEnvelope.ExportedRecipient(
                                new Recipient(new Address(all.substring(1)), Attributes.NONE),
                                new ExportedEnvelope.ExportedState.AwaitingDelivery(Instant.EPOCH)),
                        new ExportedEnvelope.ExportedRecipient(
                                new Recipient(new Address("b@x"), Attributes.NONE),
                                new ExportedEnvelope.ExportedState.AwaitingDelivery(DUE)),
                        new ExportedEnvelope.ExportedRecipient(
                                new Recipient(new Address("c@x"), Attributes.NONE),
                                new ExportedEnvelope.ExportedState.AlreadyDelivered()),
                        new ExportedEnvelope.ExportedRecipient(
                                new Recipient(new Address("d@x"), Attributes.NONE),
                                new ExportedEnvelope.ExportedState.AwaitingBounce(all.toString()))));
        assertThat(new String(envelope.json(ExportedEnvelope.VERSION), StandardCharsets.ISO_8859_1))
                .matches("[ -\u007f\n]+");
        assertThat(ExportedEnvelope.read(envelope.json(ExportedEnvelope.VERSION)))
                .isEqualTo(envelope);
    }

    @Test
    void attributesInAnImportAreNotTrusted() throws Exception {
        String whole = """
                {"export":2,"message":1,"arrived":"2025-11-20T10:00:00Z","octets":0,"sha256":"SUM","sender":"","recipients":[],
                "attributes":[ATTRIBUTES]}
                """.replace("SUM", "0".repeat(64));
        String good = "{\"tag\":3,\"name\":\"anything\",\"marks\":1,\"value\":\"71\"}";
        assertThat(read(whole.replace("ATTRIBUTES", good)).attributes().get(Attribute.UID))
                .isEqualTo(71);
        assertThat(read(whole.replace("ATTRIBUTES", "")).attributes()).isEqualTo(Attributes.NONE);
        for (String bad : List.of(
                good.replace("71", "x"),
                good.replace("\"marks\":1", "\"marks\":8"),
                good.replace("\"tag\":3", "\"tag\":0"),
                good.replace("\"tag\":3", "\"tag\":65536"),
                good.replace("\"tag\":3,", ""),
                good.replace("name", "nome"),
                good.replace("71", "\u0100"),
                good.replace("71", "7".repeat(5000)),
                "3",
                "[]")) {
            assertThatThrownBy(() -> read(whole.replace("ATTRIBUTES", bad)))
                    .as(bad)
                    .isInstanceOf(ExportedEnvelope.MalformedExportException.class);
        }
        assertThatThrownBy(() -> read(whole.replace("ATTRIBUTES", good).replace("\"export\"", "\"uid\":1,\"export\"")))
                .hasMessageContaining("two formats");
        assertThatThrownBy(() -> read(whole.replace("\"attributes\":[ATTRIBUTES]", "\"uid\":1")))
                .hasMessageContaining("fields are missing: attributes");
    }

    private static ExportedEnvelope read(String json) throws IOException {
        return ExportedEnvelope.read(json.replace("\n", "").getBytes(StandardCharsets.UTF_8));
    }
}

package carteiro.queue;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.protocol.Waiting.Report;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What an export says of one message beside its octets, as JSON (docs/protocols/export.md). Addresses and reports are octet
 * strings: one character, U+0000 to U+00FF, an octet.
 *
 * @param message its number in the queue it comes from
 * @param arrived when it was accepted
 * @param octets its size
 * @param sha256 of its octets, in hex
 * @param recipients in the order of the envelope
 */
record ExportedEnvelope(
        long message,
        Instant arrived,
        long octets,
        String sha256,
        Address sender,
        BodyType body,
        AddressForm form,
        int uid,
        List<ExportedRecipient> recipients) {
    /** The format that is written, and the only one that is read. */
    static final int VERSION = 1;

    /** The most octets of one envelope. */
    static final int LIMIT = 128 << 20;

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(4)
                    .maxStringLength(Report.PARAGRAPH_LIMIT)
                    .maxNameLength(100)
                    .maxNumberLength(20)
                    .maxDocumentLength(LIMIT)
                    .build())
            .streamWriteConstraints(
                    StreamWriteConstraints.builder().maxNestingDepth(4).build())
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    /** Copies the list. */
    ExportedEnvelope {
        recipients = List.copyOf(recipients);
    }

    /** One recipient and how far it is. */
    record ExportedRecipient(Address address, ExportedState state) {}

    /** How far a recipient is. */
    sealed interface ExportedState {
        /** To be tried, not before that moment; {@link Instant#EPOCH} if it never was. */
        record AwaitingDelivery(Instant at) implements ExportedState {}

        /** Failed; what the bounce will say. */
        record AwaitingBounce(String report) implements ExportedState {}

        /** Delivered. */
        record AlreadyDelivered() implements ExportedState {}
    }

    /** It is not what the page says. */
    static final class MalformedExportException extends IOException {
        private static final long serialVersionUID = 1L;

        MalformedExportException(String message) {
            super(message);
        }
    }

    /** The recipients that are not delivered. */
    List<ExportedRecipient> open() {
        return recipients.stream()
                .filter(recipient -> !(recipient.state() instanceof ExportedState.AlreadyDelivered))
                .toList();
    }

    /** The envelope for those that are not delivered. */
    Envelope envelope() {
        return new Envelope(
                sender, open().stream().map(ExportedRecipient::address).toList(), body, form, uid);
    }

    /** As JSON in ASCII, with a line end. */
    byte[] json() throws IOException {
        var octets = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(octets)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeNumberField("export", VERSION);
            json.writeNumberField("message", message);
            json.writeStringField("arrived", arrived.toString());
            json.writeNumberField("octets", this.octets);
            json.writeStringField("sha256", sha256);
            json.writeStringField("sender", sender.octets());
            json.writeStringField("body", body == BodyType.EIGHT_BIT_MIME ? "8BITMIME" : "7BIT");
            json.writeBooleanField("smtputf8", form == AddressForm.SMTPUTF8);
            json.writeNumberField("uid", uid);
            json.writeArrayFieldStart("recipients");
            for (ExportedRecipient recipient : recipients) {
                json.writeStartObject();
                json.writeStringField("address", recipient.address().octets());
                switch (recipient.state()) {
                    case ExportedState.AwaitingDelivery(Instant at) -> {
                        json.writeStringField("state", "due");
                        if (!at.equals(Instant.EPOCH)) {
                            json.writeStringField("at", at.toString());
                        }
                    }
                    case ExportedState.AwaitingBounce(String report) -> {
                        json.writeStringField("state", "bounce");
                        json.writeStringField("report", report);
                    }
                    case ExportedState.AlreadyDelivered() -> json.writeStringField("state", "done");
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        octets.write('\n');
        return octets.toByteArray();
    }

    /** What stands at the end of an export. */
    record ExportEnd(long messages, String sha256) {
        byte[] json() throws IOException {
            var octets = new ByteArrayOutputStream();
            try (JsonGenerator json = JSON.createGenerator(octets)) {
                json.writeStartObject();
                json.writeNumberField("export", VERSION);
                json.writeNumberField("messages", messages);
                json.writeStringField("sha256", sha256);
                json.writeEndObject();
            }
            octets.write('\n');
            return octets.toByteArray();
        }

        static ExportEnd read(byte[] octets) throws IOException {
            return whole(octets, json -> {
                var fields = new Fields(Set.of("export", "messages", "sha256"));
                long messages = 0;
                String sum = "";
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    switch (fields.next(json)) {
                        case "export" -> version(json);
                        case "messages" -> messages = number(json, Long.MAX_VALUE);
                        default -> sum = sum(json);
                    }
                }
                fields.complete();
                return new ExportEnd(messages, sum);
            });
        }
    }

    private interface JsonDecoder<T> {
        T from(JsonParser json) throws IOException;
    }

    private static <T> T whole(byte[] octets, JsonDecoder<T> reading) throws MalformedExportException {
        try (JsonParser json = JSON.createParser(octets)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedExportException("it is no JSON object");
            }
            T read = reading.from(json);
            if (json.nextToken() != null) {
                throw new MalformedExportException("something follows the JSON object");
            }
            return read;
        } catch (JsonProcessingException e) {
            throw new MalformedExportException("it is no JSON that is read here: " + e.getOriginalMessage()
                    + (e.getLocation() == null
                            ? ""
                            : " (line " + e.getLocation().getLineNr() + ")"));
        } catch (MalformedExportException e) {
            throw e;
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            throw new MalformedExportException(String.valueOf(e.getMessage()));
        }
    }

    /** The fields of an object: none unknown, none missing. */
    private static final class Fields {
        private final Set<String> wanted;
        private final Set<String> missing;
        private String now = "";

        Fields(Set<String> wanted) {
            this.wanted = wanted;
            this.missing = new HashSet<>(wanted);
        }

        /** The name of the field that begins; the parser then stands at its value. */
        String next(JsonParser json) throws IOException {
            now = json.currentName();
            if (!wanted.contains(now)) {
                throw new MalformedExportException(
                        "unknown field \"" + now + "\": it was written by a newer Carteiro, or by hand");
            }
            json.nextToken();
            missing.remove(now);
            return now;
        }

        void complete() throws MalformedExportException {
            if (!missing.isEmpty()) {
                throw new MalformedExportException("fields are missing: "
                        + String.join(", ", missing.stream().sorted().toList()));
            }
        }
    }

    private static void version(JsonParser json) throws IOException {
        long version = number(json, Integer.MAX_VALUE);
        if (version != VERSION) {
            throw new MalformedExportException("export " + version + ", and this program knows " + VERSION);
        }
    }

    private static long number(JsonParser json, long most) throws IOException {
        if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
                || !(json.getLongValue() >= 0 && json.getLongValue() <= most)) {
            throw new MalformedExportException("\"" + json.currentName() + "\" is no number from 0 to " + most);
        }
        return json.getLongValue();
    }

    private static String text(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw new MalformedExportException("\"" + json.currentName() + "\" is no string");
        }
        return json.getText();
    }

    private static String sum(JsonParser json) throws IOException {
        String sum = text(json);
        if (!sum.matches("[0-9a-f]{64}")) {
            throw new MalformedExportException("\"sha256\" is no sum in hex");
        }
        return sum;
    }

    /**
     * Reads one.
     *
     * @throws MalformedExportException if it is anything else
     */
    static ExportedEnvelope read(byte[] octets) throws MalformedExportException {
        return whole(octets, json -> {
            var fields = new Fields(Set.of(
                    "export",
                    "message",
                    "arrived",
                    "octets",
                    "sha256",
                    "sender",
                    "body",
                    "smtputf8",
                    "uid",
                    "recipients"));
            long message = 0;
            Instant arrived = Instant.EPOCH;
            long size = 0;
            String sum = "";
            Address sender = Address.NULL;
            BodyType body = BodyType.SEVEN_BIT;
            AddressForm form = AddressForm.ASCII;
            int uid = -1;
            List<ExportedRecipient> recipients = List.of();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                switch (fields.next(json)) {
                    case "export" -> version(json);
                    case "message" -> message = number(json, Long.MAX_VALUE);
                    case "arrived" -> arrived = instant(json);
                    case "octets" -> size = number(json, Index.LARGEST);
                    case "sha256" -> sum = sum(json);
                    case "sender" -> sender = new Address(text(json));
                    case "body" -> body = body(text(json));
                    case "smtputf8" -> form = bool(json) ? AddressForm.SMTPUTF8 : AddressForm.ASCII;
                    case "uid" -> uid = json.getIntValue();
                    default -> recipients = recipients(json);
                }
            }
            fields.complete();
            return new ExportedEnvelope(message, arrived, size, sum, sender, body, form, uid, recipients);
        });
    }

    private static Instant instant(JsonParser json) throws IOException {
        Instant instant = Instant.parse(text(json));
        if (instant.isBefore(Instant.EPOCH) || instant.getEpochSecond() > 0xffff_ff00L) {
            throw new MalformedExportException("\"" + json.currentName() + "\" is before 1970 or after 2106");
        }
        return instant;
    }

    private static boolean bool(JsonParser json) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw new MalformedExportException("\"" + json.currentName() + "\" is neither true nor false");
        };
    }

    private static BodyType body(String text) throws MalformedExportException {
        return switch (text) {
            case "7BIT" -> BodyType.SEVEN_BIT;
            case "8BITMIME" -> BodyType.EIGHT_BIT_MIME;
            default -> throw new MalformedExportException("\"body\" is neither 7BIT nor 8BITMIME");
        };
    }

    private static List<ExportedRecipient> recipients(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new MalformedExportException("\"recipients\" is no array");
        }
        var recipients = new ArrayList<ExportedRecipient>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.START_OBJECT) {
                throw new MalformedExportException("a recipient is no object");
            }
            if (recipients.size() == Envelope.MOST_RECIPIENTS) {
                throw new MalformedExportException("more than " + Envelope.MOST_RECIPIENTS + " recipients");
            }
            recipients.add(recipient(json));
        }
        return recipients;
    }

    private static ExportedRecipient recipient(JsonParser json) throws IOException {
        Address address = null;
        String state = "";
        Instant at = null;
        String report = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            json.nextToken();
            switch (field) {
                case "address" -> address = new Address(text(json));
                case "state" -> state = text(json);
                case "at" -> at = instant(json);
                case "report" -> report = text(json);
                default -> throw new MalformedExportException("unknown field \"" + field + "\" of a recipient");
            }
        }
        if (address == null) {
            throw new MalformedExportException("a recipient has no address");
        }
        if (state.equals("due") && report == null) {
            return new ExportedRecipient(address, new ExportedState.AwaitingDelivery(at == null ? Instant.EPOCH : at));
        }
        if (state.equals("bounce") && at == null && report != null && Octets.areOctets(report)) {
            return new ExportedRecipient(address, new ExportedState.AwaitingBounce(report));
        }
        if (state.equals("done") && at == null && report == null) {
            return new ExportedRecipient(address, new ExportedState.AlreadyDelivered());
        }
        throw new MalformedExportException("the state of recipient " + address + " is none");
    }
}

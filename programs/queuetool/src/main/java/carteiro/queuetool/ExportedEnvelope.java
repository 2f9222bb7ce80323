package carteiro.queuetool;

import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Recipient;
import carteiro.mail.RecipientList;
import carteiro.protocol.Waiting.Report;
import carteiro.segments.Index;
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
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an export says of one message beside its octets, as JSON (docs/protocols/export.md). Addresses and reports are octet
 * strings: one character, U+0000 to U+00FF, an octet.
 *
 * @param message its number in the queue it comes from
 * @param arrived when it was accepted
 * @param octets its size
 * @param sha256 of its octets, in hex
 * @param attributes those of the message
 * @param recipients in the order of the envelope
 */
record ExportedEnvelope(
        long message,
        Instant arrived,
        long octets,
        String sha256,
        Address sender,
        Attributes attributes,
        List<ExportedRecipient> recipients) {
    /** The newest format that is written, and that is read. */
    static final int VERSION = 2;

    /** The earlier one: of attributes it has body type, form and uid alone. */
    static final int FIRST_VERSION = 1;

    private static final Set<String> ATTRIBUTES_OF_FIRST_VERSION = Set.of("body", "smtputf8", "uid");
    private static final Set<String> ATTRIBUTES = Set.of("body", "smtputf8", "uid", "attributes");

    private static final List<Attribute<?>> OF_FIRST_VERSION = List.of(Attribute.BODY, Attribute.FORM, Attribute.UID);

    /** The most octets of one envelope. */
    static final int LIMIT = 128 << 20;

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(5)
                    .maxStringLength(Report.PARAGRAPH_LIMIT)
                    .maxNameLength(100)
                    .maxNumberLength(20)
                    .maxDocumentLength(LIMIT)
                    .build())
            .streamWriteConstraints(
                    StreamWriteConstraints.builder().maxNestingDepth(5).build())
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    /** Copies the list. */
    ExportedEnvelope {
        recipients = List.copyOf(recipients);
    }

    /** One recipient and how far it is. */
    record ExportedRecipient(Recipient recipient, ExportedState state) {
        Address address() {
            return recipient.address();
        }
    }

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
        var addresses = new ArrayList<Address>();
        var attributed = new TreeMap<Integer, Attributes>();
        for (ExportedRecipient open : open()) {
            attributed.put(addresses.size(), open.recipient().attributes());
            addresses.add(open.address());
        }
        return new Envelope(sender, RecipientList.of(addresses, attributed), attributes);
    }

    /** The names of attributes that a format has no place for, each once. */
    Set<String> lostIn(int format) {
        var lost = new TreeSet<String>();
        if (format == FIRST_VERSION) {
            Attributes left = attributes;
            for (Attribute<?> kept : OF_FIRST_VERSION) {
                left = left.get(kept) == null ? left : left.without(kept);
            }
            left.describe((name, _) -> lost.add(name));
            recipients.forEach(one -> one.recipient().attributes().describe((name, _) -> lost.add(name)));
        }
        return lost;
    }

    /**
     * As JSON in ASCII, with a line end.
     *
     * @param format {@link #VERSION} or {@link #FIRST_VERSION}
     */
    byte[] json(int format) throws IOException {
        var octets = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(octets)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeNumberField("export", format);
            json.writeNumberField("message", message);
            json.writeStringField("arrived", arrived.toString());
            json.writeNumberField("octets", this.octets);
            json.writeStringField("sha256", sha256);
            json.writeStringField("sender", sender.octets());
            if (format == FIRST_VERSION) {
                json.writeStringField(
                        "body",
                        attributes.get(Attribute.BODY, BodyType.SEVEN_BIT).keyword());
                json.writeBooleanField("smtputf8", attributes.get(Attribute.FORM) == AddressForm.SMTPUTF8);
                json.writeNumberField("uid", attributes.get(Attribute.UID, Envelope.NO_UID));
            } else {
                write(json, attributes);
            }
            json.writeArrayFieldStart("recipients");
            for (ExportedRecipient recipient : recipients) {
                json.writeStartObject();
                json.writeStringField("address", recipient.address().octets());
                if (format != FIRST_VERSION
                        && !recipient.recipient().attributes().isEmpty()) {
                    write(json, recipient.recipient().attributes());
                }
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

    /** The names are for people, and passed over by whoever reads. */
    private static void write(JsonGenerator json, Attributes attributes) throws IOException {
        var all = new ArrayList<ExportedAttribute>();
        attributes.forEach((tag, marks, value) -> all.add(new ExportedAttribute(tag, marks, value)));
        json.writeArrayFieldStart("attributes");
        for (ExportedAttribute one : all) {
            json.writeStartObject();
            json.writeNumberField("tag", one.tag());
            json.writeStringField("name", Attributes.name(one.tag()));
            json.writeNumberField("marks", one.marks());
            json.writeStringField("value", one.value());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private record ExportedAttribute(int tag, int marks, String value) {}

    /** What stands at the end of an export. */
    record ExportEnd(long messages, String sha256) {
        byte[] json(int format) throws IOException {
            var octets = new ByteArrayOutputStream();
            try (JsonGenerator json = JSON.createGenerator(octets)) {
                json.writeStartObject();
                json.writeNumberField("export", format);
                json.writeNumberField("messages", messages);
                json.writeStringField("sha256", sha256);
                json.writeEndObject();
            }
            octets.write('\n');
            return octets.toByteArray();
        }

        static ExportEnd read(byte[] octets) throws IOException {
            return whole(octets, json -> {
                var fields = new Fields(Set.of("export", "messages", "sha256"), Set.of());
                long messages = 0;
                String sum = "";
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    switch (fields.next(json)) {
                        case "export" -> {
                            int _ = version(json);
                        }
                        case "messages" -> messages = number(json, Long.MAX_VALUE);
                        default -> sum = sum(json);
                    }
                }
                fields.complete(Set.of());
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
        private final Set<String> seen = new HashSet<>();
        private final Set<String> others;

        /**
         * @param wanted in any case
         * @param others that may be there
         */
        Fields(Set<String> wanted, Set<String> others) {
            this.wanted = wanted;
            this.others = others;
        }

        /** The name of the field that begins; the parser then stands at its value. */
        String next(JsonParser json) throws IOException {
            String now = json.currentName();
            if (!wanted.contains(now) && !others.contains(now)) {
                throw new MalformedExportException(
                        "unknown field \"" + now + "\": it was written by a newer Carteiro, or by hand");
            }
            json.nextToken();
            seen.add(now);
            return now;
        }

        /** @param alsoWanted those of the others that must be there, and no further one */
        void complete(Set<String> alsoWanted) throws MalformedExportException {
            var missing = new TreeSet<>(wanted);
            missing.addAll(alsoWanted);
            missing.removeAll(seen);
            if (!missing.isEmpty()) {
                throw new MalformedExportException("fields are missing: " + String.join(", ", missing));
            }
            seen.removeAll(wanted);
            if (!alsoWanted.isEmpty() && !alsoWanted.containsAll(seen)) {
                throw new MalformedExportException("fields of two formats in one envelope");
            }
        }
    }

    private static int version(JsonParser json) throws IOException {
        long version = number(json, Integer.MAX_VALUE);
        if (version < FIRST_VERSION || version > VERSION) {
            throw new MalformedExportException(
                    "export " + version + ", and this program knows " + FIRST_VERSION + " to " + VERSION);
        }
        return (int) version;
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
            var fields = new Fields(
                    Set.of("export", "message", "arrived", "octets", "sha256", "sender", "recipients"), ATTRIBUTES);
            int version = VERSION;
            long message = 0;
            Instant arrived = Instant.EPOCH;
            long size = 0;
            String sum = "";
            Address sender = Address.NULL;
            Attributes attributes = Attributes.NONE;
            List<ExportedRecipient> recipients = List.of();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                switch (fields.next(json)) {
                    case "export" -> version = version(json);
                    case "message" -> message = number(json, Long.MAX_VALUE);
                    case "arrived" -> arrived = instant(json);
                    case "octets" -> size = number(json, Index.LARGEST);
                    case "sha256" -> sum = sum(json);
                    case "sender" -> sender = new Address(text(json));
                    case "body" -> attributes = attributes.with(Attribute.BODY, body(text(json)));
                    case "smtputf8" ->
                        attributes = bool(json)
                                ? attributes.with(Attribute.FORM, AddressForm.SMTPUTF8)
                                : attributes.without(Attribute.FORM);
                    case "uid" -> attributes = uid(attributes, json);
                    case "attributes" -> attributes = attributes(json);
                    default -> recipients = recipients(json);
                }
            }
            fields.complete(version == FIRST_VERSION ? ATTRIBUTES_OF_FIRST_VERSION : Set.of("attributes"));
            if (version == FIRST_VERSION
                    && recipients.stream()
                            .anyMatch(one -> !one.recipient().attributes().isEmpty())) {
                throw new MalformedExportException("a recipient has attributes, which export 1 has no place for");
            }
            return new ExportedEnvelope(message, arrived, size, sum, sender, attributes, recipients);
        });
    }

    private static BodyType body(String text) throws MalformedExportException {
        try {
            return BodyType.of(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedExportException("\"body\" is neither 7BIT nor 8BITMIME");
        }
    }

    private static Attributes uid(Attributes attributes, JsonParser json) throws IOException {
        int uid = json.getIntValue();
        return uid == Envelope.NO_UID ? attributes : attributes.with(Attribute.UID, uid);
    }

    private static Attributes attributes(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new MalformedExportException("\"attributes\" is no array");
        }
        Attributes attributes = Attributes.NONE;
        int last = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.START_OBJECT) {
                throw new MalformedExportException("an attribute is no object");
            }
            var fields = new Fields(Set.of("tag", "marks", "value"), Set.of("name"));
            int tag = 0;
            int marks = 0;
            String value = "";
            while (json.nextToken() != JsonToken.END_OBJECT) {
                switch (fields.next(json)) {
                    case "tag" -> tag = (int) number(json, Attributes.MOST_TAG);
                    case "marks" -> marks = (int) number(json, 255);
                    case "value" -> value = octets(json);
                    default -> text(json);
                }
            }
            fields.complete(Set.of());
            if (tag <= last) {
                throw new MalformedExportException("attribute " + tag + " is not in the order of the tags");
            }
            last = tag;
            attributes = attributes.with(tag, marks, value);
        }
        attributes.checkAgain();
        attributes.checkValues();
        return attributes;
    }

    private static String octets(JsonParser json) throws IOException {
        String text = text(json);
        if (!Octets.areOctets(text)) {
            throw new MalformedExportException("\"" + json.currentName() + "\" has characters above U+00FF");
        }
        return text;
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
        Attributes attributes = Attributes.NONE;
        String state = "";
        Instant at = null;
        String report = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            json.nextToken();
            switch (field) {
                case "address" -> address = new Address(text(json));
                case "attributes" -> attributes = attributes(json);
                case "state" -> state = text(json);
                case "at" -> at = instant(json);
                case "report" -> report = text(json);
                default -> throw new MalformedExportException("unknown field \"" + field + "\" of a recipient");
            }
        }
        if (address == null) {
            throw new MalformedExportException("a recipient has no address");
        }
        var recipient = new Recipient(address, attributes);
        if (state.equals("due") && report == null) {
            return new ExportedRecipient(
                    recipient, new ExportedState.AwaitingDelivery(at == null ? Instant.EPOCH : at));
        }
        if (state.equals("bounce") && at == null && report != null && Octets.areOctets(report)) {
            return new ExportedRecipient(recipient, new ExportedState.AwaitingBounce(report));
        }
        if (state.equals("done") && at == null && report == null) {
            return new ExportedRecipient(recipient, new ExportedState.AlreadyDelivered());
        }
        throw new MalformedExportException("the state of recipient " + address + " is none");
    }
}

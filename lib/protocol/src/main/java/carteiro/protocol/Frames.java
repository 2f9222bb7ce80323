package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.RecipientList.RecipientListBuilder;
import carteiro.mail.Status;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.util.ArrayList;
import java.util.List;

/** Values of mail as fields of frames. */
final class Frames {
    /** The largest frame but that of an envelope on its way in: reports, and pages of what waits. */
    static final int LIMIT = 8 << 20;

    /** A list of more addresses than this is kept in the form that takes few octets. */
    private static final int MANY = 32;

    /** The most octets of a report or a reason. */
    static final int REPORT_LIMIT = 64 * 1024;

    /** The most octets of a frame that has few and short fields; a newer build may have added some. */
    static final int SHORT = 1024;

    /** Puts one item of a list. */
    interface ItemWriter<T> {
        void into(FrameWriter frame, T item);
    }

    /** Reads one item of a list. */
    interface ItemReader<T> {
        T from(FrameReader frame) throws MalformedFrameException;
    }

    private Frames() {}

    static void put(FrameWriter frame, Status status) {
        frame.put(status.toString());
    }

    static Status status(FrameReader frame) throws MalformedFrameException {
        try {
            return Status.parse(frame.text(12));
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException(String.valueOf(e.getMessage()));
        }
    }

    static Address address(FrameReader frame) throws MalformedFrameException {
        try {
            return new Address(frame.text(Address.LIMIT));
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException(String.valueOf(e.getMessage()));
        }
    }

    static void putAddresses(FrameWriter frame, List<Address> addresses) {
        frame.put(addresses.size());
        for (Address address : addresses) {
            frame.put(address.octets());
        }
    }

    static List<Address> addresses(FrameReader frame, int most) throws MalformedFrameException {
        int count = (int) frame.number(0, most);
        if (count > MANY) {
            var many = new AddressList.AddressListBuilder();
            for (int i = 0; i < count; i++) {
                many.add(address(frame));
            }
            return many.build();
        }
        var addresses = new ArrayList<Address>(count);
        for (int i = 0; i < count; i++) {
            addresses.add(address(frame));
        }
        return addresses;
    }

    /** A list whose items are frames of their own, so that each may get further fields. */
    static <T> void put(FrameWriter frame, List<T> items, ItemWriter<T> writer) {
        frame.put(items.size());
        for (T item : items) {
            var nested = new FrameWriter();
            writer.into(nested, item);
            frame.put(nested);
        }
    }

    static <T> List<T> items(FrameReader frame, int most, ItemReader<T> reader) throws MalformedFrameException {
        int count = (int) frame.number(0, most);
        var items = new ArrayList<T>(Math.min(count, MANY));
        for (int i = 0; i < count; i++) {
            FrameReader nested = frame.nested(Integer.MAX_VALUE);
            items.add(reader.from(nested));
            nested.end();
        }
        return List.copyOf(items);
    }

    /** A list of texts that will never be more than that. */
    static void putTexts(FrameWriter frame, List<String> texts) {
        frame.put(texts.size());
        texts.forEach(frame::put);
    }

    static List<String> texts(FrameReader frame, int most, int limit) throws MalformedFrameException {
        int count = (int) frame.number(0, most);
        var texts = new ArrayList<String>(Math.min(count, MANY));
        for (int i = 0; i < count; i++) {
            texts.add(frame.text(limit));
        }
        return List.copyOf(texts);
    }

    /** A constant by its name. */
    static <E extends Enum<E>> E constant(FrameReader frame, Class<E> type) throws MalformedFrameException {
        String name = frame.text(40);
        try {
            return Enum.valueOf(type, name);
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException("unknown word: " + name);
        }
    }

    static void put(FrameWriter frame, Attributes attributes) {
        byte[] octets = attributes.octets();
        frame.put(octets, 0, octets.length);
    }

    static Attributes attributes(FrameReader frame) throws MalformedFrameException {
        try {
            return Attributes.of(frame.octets(Attributes.MOST_OCTETS));
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException(String.valueOf(e.getMessage()));
        }
    }

    /** The addresses; then how many have attributes, and of each of these its index and what they are. */
    static void put(FrameWriter frame, RecipientList recipients) {
        putAddresses(frame, recipients.addresses());
        frame.put(recipients.attributed());
        recipients.forEachAttributed((index, attributes) -> put(frame.put(index), attributes));
    }

    static RecipientList recipients(FrameReader frame, int most) throws MalformedFrameException {
        List<Address> addresses = addresses(frame, most);
        int attributed = (int) frame.number(0, addresses.size());
        var recipients = new RecipientListBuilder(addresses);
        try {
            for (int i = 0; i < attributed; i++) {
                recipients.add((int) frame.number(0, addresses.size() - 1L), attributes(frame));
            }
        } catch (IllegalArgumentException e) {
            throw new MalformedFrameException(String.valueOf(e.getMessage()));
        }
        return recipients.build();
    }

    static void put(FrameWriter frame, Envelope envelope) {
        frame.put(envelope.sender().octets());
        put(frame, envelope.attributes());
        put(frame, envelope.recipients());
    }

    static Envelope envelope(FrameReader frame) throws MalformedFrameException {
        Address sender = address(frame);
        Attributes attributes = attributes(frame);
        return new Envelope(sender, recipients(frame, Envelope.MOST_RECIPIENTS), attributes);
    }

    static void put(FrameWriter frame, Outcome outcome) {
        frame.put(
                switch (outcome) {
                    case Outcome.Delivered _ -> "K";
                    case Outcome.Deferred _ -> "Z";
                    case Outcome.Failed _ -> "D";
                });
        put(frame, outcome.status());
        String report = outcome.report();
        frame.put(report.length() > REPORT_LIMIT ? report.substring(0, REPORT_LIMIT) : report);
    }

    static Outcome outcome(FrameReader frame) throws MalformedFrameException {
        String letter = frame.text(1);
        Status status = status(frame);
        String report = frame.text(REPORT_LIMIT);
        return switch (letter) {
            case "K" -> new Outcome.Delivered(status, report);
            case "Z" -> new Outcome.Deferred(status, report);
            case "D" -> new Outcome.Failed(status, report);
            default -> throw new MalformedFrameException("no outcome: " + letter);
        };
    }

    static String cut(String text) {
        return text.length() > REPORT_LIMIT ? text.substring(0, REPORT_LIMIT) : text;
    }
}

package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Outcome;
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

    /** The greatest id of a user; the next one, 4294967295, stands for none. */
    static final long GREATEST_ID = 0xffff_fffeL;

    private static final int NO_ID = -1;

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

    static void put(FrameWriter frame, List<Address> addresses) {
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

    static void put(FrameWriter frame, BodyType body, AddressForm form) {
        frame.put(body.name());
        frame.put(form.name());
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

    static BodyType body(FrameReader frame) throws MalformedFrameException {
        return constant(frame, BodyType.class);
    }

    static AddressForm form(FrameReader frame) throws MalformedFrameException {
        return constant(frame, AddressForm.class);
    }

    static void put(FrameWriter frame, Envelope envelope) {
        frame.put(envelope.sender().octets());
        put(frame, envelope.addresses());
        put(frame, envelope.body(), envelope.form());
        frame.put(envelope.uid() == NO_ID ? NO_ID : Integer.toUnsignedLong(envelope.uid()));
    }

    static Envelope envelope(FrameReader frame) throws MalformedFrameException {
        Address sender = address(frame);
        List<Address> recipients = addresses(frame, Envelope.MOST_RECIPIENTS);
        return new Envelope(sender, recipients, body(frame), form(frame), (int) frame.number(NO_ID, GREATEST_ID));
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

package carteiro.log;

import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * How an event looks as a line: declared once, beside its fields, for who writes it and for who reads it.
 *
 * {@snippet :
 * static final LineForm<DeliveryStarting> FORM = LineForm.<DeliveryStarting>begins("starting delivery ")
 *         .number(DeliveryStarting::delivery)
 *         .then(": msg ")
 *         .number(DeliveryStarting::message)
 *         .then(" to ")
 *         .word(DeliveryStarting::recipient)
 *         .readBy(line -> new DeliveryStarting(line.number(), line.number(), line.word()));
 * }
 *
 * What comes from outside is made safe as it is written ({@link LogText}) and is read back as it stands in the line; written again,
 * it is the same line.
 */
public final class LineForm<E> {
    /** As many digits as a long surely holds. */
    private static final int DIGITS = 18;

    private final String first;
    private final List<Part<E>> parts;
    private final Function<LineValues, E> maker;

    private LineForm(String first, List<Part<E>> parts, Function<LineValues, E> maker) {
        this.first = first;
        this.parts = List.copyOf(parts);
        this.maker = maker;
    }

    /** A value, and the words that follow it: none if the line ends with it. */
    private record Part<E>(Function<E, String> written, ValueKind kind, String next) {
        boolean isLast() {
            return next.isEmpty();
        }
    }

    private sealed interface ValueKind {
        /** Decimal digits, not negative. */
        record Digits() implements ValueKind {}

        /** No blank is written in it; may be empty. At the end of a line others' blanks are read with it. */
        record OneWord() implements ValueKind {}

        /** Blanks may be in it. */
        record Phrase() implements ValueKind {}

        /** A word, and if that is not all, these words and a phrase. */
        record WordAndPhrase(String between) implements ValueKind {}

        /** One of these words. */
        record OneOf(Map<String, ?> values) implements ValueKind {}
    }

    /** The values of a line that was read, in the order of its form. One thread. */
    public static final class LineValues {
        private final Iterator<Object> values;

        private LineValues(List<Object> values) {
            this.values = values.iterator();
        }

        /** The next one, a number. */
        public long number() {
            return (long) values.next();
        }

        /** The next one, a number; that the line holds another event if it is none of 31 bits. */
        public int count() {
            return Math.toIntExact((long) values.next());
        }

        /** The next one, a word or a phrase. */
        public String text() {
            return (String) values.next();
        }

        /** The next one, a word that is written {@code -} if it is empty. */
        public String textOrDash() {
            String text = text();
            return text.equals("-") ? "" : text;
        }

        /** The next one, a constant. */
        public <C> C constant(Class<C> type) {
            return type.cast(values.next());
        }
    }

    /** A form that begins with these words; may be empty. */
    public static <E> Builder<E> begins(String words) {
        return new Builder<>(words);
    }

    /** The line of an event. */
    public String line(E event) {
        var line = new StringBuilder(first);
        for (Part<E> part : parts) {
            line.append(part.written().apply(event)).append(part.next());
        }
        return line.toString();
    }

    /** The event of a line; empty if it is another's, or no event at all. */
    public Optional<E> read(String line) {
        if (!line.startsWith(first)) {
            return Optional.empty();
        }
        var values = new ArrayList<>(parts.size());
        int at = first.length();
        for (Part<E> part : parts) {
            int end = part.isLast() ? line.length() : line.indexOf(part.next(), at);
            if (end < 0 || !read(part, line.substring(at, end), values)) {
                return Optional.empty();
            }
            at = end + part.next().length();
        }
        if (at != line.length()) {
            return Optional.empty();
        }
        try {
            return Optional.of(maker.apply(new LineValues(values)));
        } catch (ArithmeticException | DateTimeException e) {
            return Optional.empty(); // a number or a time that the event cannot have
        }
    }

    private static boolean read(Part<?> part, String text, List<Object> values) {
        return switch (part.kind()) {
            case ValueKind.Digits _ -> {
                boolean digits = !text.isEmpty()
                        && text.length() <= DIGITS
                        && text.chars().allMatch(c -> c >= '0' && c <= '9');
                yield digits && values.add(Long.parseLong(text));
            }
            case ValueKind.OneWord _ -> (part.isLast() || text.indexOf(' ') < 0) && values.add(text);
            case ValueKind.Phrase _ -> values.add(text);
            case ValueKind.WordAndPhrase(String between) -> {
                int wordEnd = text.indexOf(between);
                String word = wordEnd < 0 ? text : text.substring(0, wordEnd);
                values.add(word);
                yield word.indexOf(' ') < 0
                        && values.add(wordEnd < 0 ? "" : text.substring(wordEnd + between.length()));
            }
            case ValueKind.OneOf(Map<String, ?> constants) -> {
                Object constant = constants.get(text);
                yield constant != null && values.add(constant);
            }
        };
    }

    /** Declares the parts of a line from its beginning to its end. */
    public static final class Builder<E> {
        private final String first;
        private final List<Part<E>> parts = new ArrayList<>();

        private Builder(String first) {
            this.first = first;
        }

        /** A number that is not negative. */
        public Builder<E> number(ToLongFunction<E> value) {
            return part(event -> Long.toString(value.applyAsLong(event)), new ValueKind.Digits());
        }

        /** Text from outside, as a word: {@link LogText#safe}. */
        public Builder<E> word(Function<E, String> value) {
            return part(event -> LogText.safe(value.apply(event)), new ValueKind.OneWord());
        }

        /** The same, {@code -} if it is empty. */
        public Builder<E> wordOrDash(Function<E, String> value) {
            return word(event -> {
                String text = value.apply(event);
                return text.isEmpty() ? "-" : text;
            });
        }

        /** Text with blanks: {@link LogText#sentence}; what follows it must not be in it. */
        public Builder<E> phrase(Function<E, String> value) {
            return part(event -> LogText.sentence(value.apply(event)), new ValueKind.Phrase());
        }

        /** A word from outside and, unless it is empty, a phrase behind these words, which no word holds. */
        public Builder<E> wordAndPhrase(Function<E, String> word, String between, Function<E, String> phrase) {
            return part(
                    event -> {
                        String text = phrase.apply(event);
                        return LogText.safe(word.apply(event))
                                + (text.isEmpty() ? "" : between + LogText.sentence(text));
                    },
                    new ValueKind.WordAndPhrase(between));
        }

        /** One of a few words of our own. */
        public Builder<E> oneOf(Function<E, String> value, List<String> words) {
            var values = new LinkedHashMap<String, String>();
            words.forEach(word -> values.put(word, word));
            return part(value, new ValueKind.OneOf(values));
        }

        /** A constant by its word. */
        public <C extends Enum<C>> Builder<E> constant(Function<E, C> value, Map<C, String> words) {
            var values = new LinkedHashMap<String, C>();
            words.forEach((constant, word) -> values.put(word, constant));
            return part(event -> String.valueOf(words.get(value.apply(event))), new ValueKind.OneOf(values));
        }

        /** A constant by its name in lower case, with hyphens. */
        public <C extends Enum<C>> Builder<E> constant(Function<E, C> value, Class<C> type) {
            var words = new LinkedHashMap<C, String>();
            for (C constant : type.getEnumConstants()) {
                words.put(constant, nameOf(constant));
            }
            return constant(value, words);
        }

        private Builder<E> part(Function<E, String> written, ValueKind kind) {
            parts.add(new Part<>(written, kind, ""));
            return this;
        }

        /** These words, behind a value. */
        public Builder<E> then(String words) {
            Part<E> before = parts.removeLast();
            parts.add(new Part<>(before.written(), before.kind(), before.next() + words));
            return this;
        }

        /** The end of the form: how an event is made of the values, in their order. */
        public LineForm<E> readBy(Function<LineValues, E> maker) {
            for (Part<E> part : parts.subList(0, Math.max(0, parts.size() - 1))) {
                if (part.isLast()) {
                    throw new IllegalStateException("nothing stands between two values of \"" + first + "\"...");
                }
            }
            return new LineForm<>(first, parts, maker);
        }
    }

    /** The name of a constant in lines and in JSON. */
    static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

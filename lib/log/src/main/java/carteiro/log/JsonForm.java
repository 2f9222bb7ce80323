package carteiro.log;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** An event as a JSON object in one line (RFC 8259): time, event, program, its fields in the order of its declaration, line. */
final class JsonForm {
    private static final ClassValue<Shape> SHAPES = new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> type) {
            EventName name = type.getAnnotation(EventName.class);
            RecordComponent[] components = type.getRecordComponents();
            if (name == null || components == null) {
                throw new IllegalStateException(type + " is an event without a name, or no record");
            }
            List<RecordComponent> fields = Arrays.stream(components)
                    .filter(component -> !component.getName().equals("program")) // every event has that
                    .toList();
            for (RecordComponent field : fields) {
                field.getAccessor().setAccessible(true); // events are package-private records of the programs
            }
            return new Shape(name.value(), fields);
        }
    };

    private record Shape(String name, List<RecordComponent> fields) {}

    private JsonForm() {}

    /** @param line what {@link LogEvent#line} said */
    static String of(LogEvent event, Instant time, String line) {
        Shape shape = SHAPES.get(event.getClass());
        var json = new StringBuilder(256);
        json.append("{\"time\":\"").append(time).append('"');
        append(json, "event", shape.name());
        append(json, "program", event.program());
        for (RecordComponent field : shape.fields()) {
            append(json, field.getName(), value(event, field));
        }
        append(json, "line", line);
        return json.append('}').toString();
    }

    private static Object value(LogEvent event, RecordComponent field) {
        try {
            Object value = field.getAccessor().invoke(event);
            return value == null ? "" : value;
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("event " + event.getClass(), e);
        }
    }

    private static void append(StringBuilder json, String name, Object value) {
        json.append(",\"").append(name).append("\":");
        append(json, value);
    }

    /**
     * Numbers and booleans are such, a list is an array, a constant is its name in lower case with hyphens; all else is a text, of
     * octets or characters.
     */
    private static void append(StringBuilder json, Object value) {
        switch (value) {
            case Number number -> json.append(number);
            case Boolean truth -> json.append(truth);
            case Enum<?> constant -> appendText(json, LineForm.nameOf(constant));
            case List<?> list -> {
                json.append('[');
                for (int i = 0; i < list.size(); i++) {
                    json.append(i == 0 ? "" : ",");
                    append(json, list.get(i));
                }
                json.append(']');
            }
            default -> appendText(json, value.toString());
        }
    }

    private static void appendText(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < 32 || c > 126) {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}

package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.protocol.MessageEvent;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every event of the product: its name, its fields, and the page that says so. */
class EventsTest {
    private static final Instant NOW = Instant.parse("2026-11-30T10:00:00.5Z");
    /** Whose events those are that have the program as a field. */
    private static final Map<String, String> PROGRAMS =
            Map.of("note", "any", "message-accepted", String.join(" or ", MessageEvent.MessageAccepted.PROGRAMS));

    private static final Path PAGE = Path.of("..", "docs", "programs", "events.md");

    static Stream<Class<?>> events() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("carteiro").stream()
                        .filter(each -> each.isAssignableTo(LogEvent.class) && !each.isInterface())
                        .map(JavaClass::reflect);
    }

    @Test
    @DisplayName("no two events of the product have the same name")
    void names() {
        Map<String, List<Class<?>>> byName = events().collect(Collectors.groupingBy(
                each -> each.getAnnotation(EventName.class).value(), TreeMap::new, Collectors.toList()));
        assertThat(byName).hasSizeGreaterThan(70).allSatisfy((name, classes) -> {
            assertThat(name).matches("[a-z]+[0-9]?(-[a-z]+)*");
            assertThat(classes).hasSize(1);
        });
    }

    @ParameterizedTest
    @MethodSource("events")
    @DisplayName("what is written as JSON is read back: name, program, each field with its type, and the line")
    void isReadBack(Class<?> type) throws Exception {
        LogEvent event = sample(type);
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("time", NOW.toString());
        expected.put("event", type.getAnnotation(EventName.class).value());
        expected.put("program", event.program());
        for (RecordComponent field : type.getRecordComponents()) {
            if (!field.getName().equals("program")) {
                assertThat(field.getName()).isNotIn("time", "event", "line");
                field.getAccessor().setAccessible(true);
                expected.put(field.getName(), inJson(field.getAccessor().invoke(event)));
            }
        }
        expected.put("line", event.line());
        var out = new ByteArrayOutputStream();
        try (var log = new EventLog(out, EventLog.LogFormat.JSON, Clock.fixed(NOW, ZoneOffset.UTC))) {
            log.log(event);
        }
        String line = out.toString(StandardCharsets.US_ASCII);
        assertThat(line).endsWith("}\n").doesNotContain("\n{");
        assertThat(read(line)).containsExactlyEntriesOf(expected);
    }

    @Test
    @DisplayName("docs/programs/events.md names every event with its program and its fields, and no other")
    void page() throws Exception {
        var expected = new TreeMap<String, String>();
        for (Class<?> type : events().toList()) {
            String name = type.getAnnotation(EventName.class).value();
            String program = PROGRAMS.getOrDefault(name, sample(type).program());
            String fields = Arrays.stream(type.getRecordComponents())
                    .filter(field -> !field.getName().equals("program"))
                    .map(field -> "`" + field.getName() + "` " + word(field.getType()))
                    .collect(Collectors.joining(", "));
            expected.put(name, "| " + program + " | " + fields + " |");
        }
        var found = new TreeMap<String, String>();
        for (String row : Files.readAllLines(PAGE)) {
            if (row.startsWith("| `")) {
                String[] cells = row.split(" \\| ", -1);
                assertThat(cells).as(row).hasSize(4);
                assertThat(cells[3]).as(row).matches("\\S.* \\|");
                found.put(cells[0].substring(3, cells[0].length() - 1), "| " + cells[1] + " | " + cells[2] + " |");
            }
        }
        assertThat(found).containsExactlyEntriesOf(expected);
    }

    private static String word(Class<?> type) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(each -> String.valueOf(inJson(each)))
                    .collect(Collectors.joining(" or "));
        }
        return switch (type.getSimpleName()) {
            case "int", "long" -> "number";
            case "boolean" -> "true or false";
            case "Instant" -> "time";
            case "List" -> "texts";
            default -> "text";
        };
    }

    private static LogEvent sample(Class<?> type) throws Exception {
        RecordComponent[] components = type.getRecordComponents();
        assertThat(components).as(type + " is a record").isNotNull();
        Constructor<?> constructor = type.getDeclaredConstructor(
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        constructor.setAccessible(true);
        return (LogEvent) constructor.newInstance(
                Arrays.stream(components).map(EventsTest::value).toArray());
    }

    private static Object value(RecordComponent component) {
        Class<?> type = component.getType();
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        return switch (type.getSimpleName()) {
            case "int" -> 7;
            case "long" -> 1L << 40;
            case "boolean" -> true;
            case "Instant" -> NOW;
            case "List" -> List.of("one", "two \"and\" \u00e9");
            case "String" -> component.getName() + " \"x\\y\" \u00e9";
            default -> throw new AssertionError("a field of type " + type + ": say here how it is read back");
        };
    }

    private static Object inJson(Object value) {
        return switch (value) {
            case Integer number -> Long.valueOf(number);
            case Long number -> number;
            case Boolean truth -> truth;
            case List<?> list -> list;
            case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            default -> value.toString();
        };
    }

    private static Map<String, Object> read(String json) throws IOException {
        var fields = new LinkedHashMap<String, Object>();
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                fields.put(name, value(parser, parser.nextToken()));
            }
        }
        return fields;
    }

    private static Object value(JsonParser parser, JsonToken token) throws IOException {
        return switch (token) {
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
            case START_ARRAY -> {
                var list = new ArrayList<Object>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(parser.getText());
                }
                yield list;
            }
            default -> parser.getText();
        };
    }
}

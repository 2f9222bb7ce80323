package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MessageEventTest {
    private static final long SEED = 5321;
    private static final String ALPHABET = "ab9 <>:()-.;,%/\\\"@\n\t\0\u00e9\u00ffmsg from to client id";

    static Stream<Class<?>> events() {
        var found = new ArrayList<Class<?>>();
        Deque<Class<?>> waiting = new ArrayDeque<>(List.of(MessageEvent.class));
        while (!waiting.isEmpty()) {
            Class<?> type = waiting.remove();
            if (type.isInterface()) {
                waiting.addAll(Arrays.asList(type.getPermittedSubclasses()));
            } else if (!found.contains(type)) {
                found.add(type);
            }
        }
        return found.stream();
    }

    @Test
    @DisplayName("each event has its form in the list")
    void everyFormIsListed() {
        assertThat(events()).hasSameSizeAs(MessageEvent.FORMS).hasSizeGreaterThan(15);
    }

    @ParameterizedTest
    @MethodSource("events")
    @DisplayName(
            "whatever its values, an event is read back from its line as what it is, and is written again the same")
    void isReadBack(Class<?> type) throws Exception {
        var random = new Random(SEED);
        for (int i = 0; i < 2_000; i++) {
            MessageEvent event = drawn(type, random);
            String line = event.line();
            MessageEvent read = MessageEvent.read(line).orElseThrow(() -> new AssertionError("not read: " + line));
            assertThat(read).isInstanceOf(type);
            assertThat(read.line()).isEqualTo(line);
            assertThat(read.program()).isEqualTo(event.program());
            assertThat(MessageEvent.FORMS.stream()
                            .filter(form -> form.read(line).isPresent()))
                    .as(line)
                    .hasSize(1);
            for (RecordComponent field : type.getRecordComponents()) {
                if (field.getType() != String.class) {
                    assertThat(field.getAccessor().invoke(read))
                            .as(field.getName())
                            .isEqualTo(field.getAccessor().invoke(event));
                }
            }
        }
    }

    private static MessageEvent drawn(Class<?> type, Random random) throws Exception {
        RecordComponent[] fields = type.getRecordComponents();
        Constructor<?> constructor = type.getDeclaredConstructor(
                Arrays.stream(fields).map(RecordComponent::getType).toArray(Class<?>[]::new));
        return (MessageEvent) constructor.newInstance(
                Arrays.stream(fields).map(field -> value(field, random)).toArray());
    }

    private static Object value(RecordComponent field, Random random) {
        Class<?> type = field.getType();
        if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            return constants[random.nextInt(constants.length)];
        }
        if (field.getName().equals("program")) {
            return MessageEvent.MessageAccepted.PROGRAMS.get(random.nextInt(2));
        }
        return switch (type.getSimpleName()) {
            case "int" -> random.nextInt(Integer.MAX_VALUE);
            case "long" -> random.nextLong(1L << 59);
            case "Instant" -> Instant.ofEpochSecond(random.nextLong(1L << 35));
            case "String" -> text(random);
            default -> throw new AssertionError("a field of type " + type);
        };
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        for (int i = random.nextInt(20); i > 0; i--) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }
}

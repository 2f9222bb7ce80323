package carteiro.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineFormTest {
    private enum Colour {
        DARK_RED,
        BLUE
    }

    private record Sample(long number, int count, String word, Colour colour, String phrase) {}

    private static final LineForm<Sample> FORM = LineForm.<Sample>begins("sample ")
            .number(Sample::number)
            .then(" of ")
            .number(Sample::count)
            .then(": <")
            .wordOrDash(Sample::word)
            .then("> is ")
            .constant(Sample::colour, Colour.class)
            .then(" and ")
            .phrase(Sample::phrase)
            .readBy(line -> new Sample(
                    line.number(), line.count(), line.textOrDash(), line.constant(Colour.class), line.text()));

    @Test
    void whatIsWrittenIsRead() {
        var sample = new Sample(1L << 58, 7, "a>b", Colour.DARK_RED, "so it is: <x> and more");
        String line = "sample 288230376151711744 of 7: <a>b> is dark-red and so it is: <x> and more";
        assertThat(FORM.line(sample)).isEqualTo(line);
        assertThat(FORM.read(line)).contains(sample);
    }

    @Test
    void whatComesFromOutsideIsMadeSafeAndCannotPassForAnotherValue() {
        var hostile = new Sample(1, 2, "x> is blue and\nnew msg 3", Colour.DARK_RED, "y\nnew msg 4");
        String line = "sample 1 of 2: <x>_is_blue_and/new_msg_3> is dark-red and y/new msg 4";
        assertThat(FORM.line(hostile)).isEqualTo(line);
        assertThat(FORM.read(line))
                .contains(new Sample(1, 2, "x>_is_blue_and/new_msg_3", Colour.DARK_RED, "y/new msg 4"));
    }

    private record WithReason(String who, String why) {}

    private static final LineForm<WithReason> REASONED = LineForm.<WithReason>begins("by ")
            .wordAndPhrase(WithReason::who, ": ", WithReason::why)
            .readBy(line -> new WithReason(line.text(), line.text()));

    @Test
    void soAreAWordAndThePhraseBehindIt() {
        assertThat(REASONED.line(new WithReason("a b\nc", "d\nnew msg 3"))).isEqualTo("by a_b/c: d/new msg 3");
        assertThat(REASONED.line(new WithReason("a\n", ""))).isEqualTo("by a/");
        assertThat(REASONED.read("by a_b/c: d/new msg 3")).contains(new WithReason("a_b/c", "d/new msg 3"));
    }

    @Test
    void anEmptyWordIsADash() {
        var sample = new Sample(0, 0, "", Colour.BLUE, "");
        assertThat(FORM.line(sample)).isEqualTo("sample 0 of 0: <-> is blue and ");
        assertThat(FORM.read(FORM.line(sample))).contains(sample);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "sample ",
                "Sample 1 of 2: <x> is blue and y",
                "sample one of 2: <x> is blue and y",
                "sample -1 of 2: <x> is blue and y",
                "sample +1 of 2: <x> is blue and y",
                "sample \u0661 of 2: <x> is blue and y",
                "sample  of 2: <x> is blue and y",
                "sample 9223372036854775808 of 2: <x> is blue and y",
                "sample 1 of 2147483648: <x> is blue and y",
                "sample 1 of 2: <x y> is blue and y",
                "sample 1 of 2: <x> is BLUE and y",
                "sample 1 of 2: <x> is green and y",
                "sample 1 of 2: <x> is blue",
                " sample 1 of 2: <x> is blue and y"
            })
    void anotherLineIsNotRead(String line) {
        assertThat(FORM.read(line)).isEmpty();
    }

    @Test
    void nothingMayFollowTheLastWords() {
        LineForm<Long> form = LineForm.<Long>begins("lost ")
                .number(Long::longValue)
                .then(" lines")
                .then(" for ever")
                .readBy(LineForm.LineValues::number);
        assertThat(form.line(5L)).isEqualTo("lost 5 lines for ever");
        assertThat(form.read("lost 5 lines for ever")).contains(5L);
        assertThat(form.read("lost 5 lines for ever and a day")).isEmpty();
        assertThat(form.read("lost 5 lines")).isEmpty();
    }

    @Test
    void aFormWithoutValues() {
        LineForm<String> form = LineForm.<String>begins("the end").readBy(_ -> "end");
        assertThat(form.line("end")).isEqualTo("the end");
        assertThat(form.read("the end")).contains("end");
        assertThat(form.read("the end.")).isEmpty();
    }

    private record Order(String what, String by, String why) {}

    @Test
    void aWordWithAPhraseBehindItOrNone() {
        LineForm<Order> form = LineForm.<Order>begins("")
                .oneOf(Order::what, List.of("stop", "go"))
                .then(" by ")
                .wordAndPhrase(Order::by, ": ", Order::why)
                .readBy(line -> new Order(line.text(), line.text(), line.text()));
        assertThat(form.line(new Order("stop", "root", ""))).isEqualTo("stop by root");
        assertThat(form.read("stop by root")).contains(new Order("stop", "root", ""));
        assertThat(form.line(new Order("go", "a b", "why: not"))).isEqualTo("go by a_b: why: not");
        assertThat(form.read("go by a_b: why: not")).contains(new Order("go", "a_b", "why: not"));
        assertThat(form.read("wait by root")).isEmpty();
        assertThat(form.read("stop by the root")).isEmpty();
    }

    @Test
    void constantsMayHaveWordsOfTheirOwn() {
        Map<Colour, String> words = new EnumMap<>(Map.of(Colour.DARK_RED, "wine", Colour.BLUE, "sky"));
        LineForm<Colour> form = LineForm.<Colour>begins("as ")
                .constant(colour -> colour, words)
                .readBy(line -> line.constant(Colour.class));
        assertThat(form.line(Colour.BLUE)).isEqualTo("as sky");
        assertThat(form.read("as wine")).contains(Colour.DARK_RED);
        assertThat(form.read("as blue")).isEmpty();
    }

    @Test
    void aTimeThatIsNoneIsNotRead() {
        LineForm<Instant> form =
                LineForm.<Instant>begins("at ").word(Instant::toString).readBy(line -> Instant.parse(line.text()));
        assertThat(form.read("at 2026-12-01T10:00:00Z")).contains(Instant.parse("2026-12-01T10:00:00Z"));
        assertThat(form.read("at noon")).isEmpty();
    }

    @Test
    void twoValuesWithNothingBetweenAreRefused() {
        LineForm.Builder<Sample> form =
                LineForm.<Sample>begins("x ").word(Sample::word).number(Sample::number);
        assertThatThrownBy(() -> form.readBy(_ -> new Sample(0, 0, "", Colour.BLUE, "")))
                .hasMessageContaining("nothing stands between two values");
    }
}

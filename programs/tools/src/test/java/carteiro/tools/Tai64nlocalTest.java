package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Tai64nlocalTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            @400000000000000a00000000 x                      | 1970-01-01 01:00:00.000000000 x
            @400000006a64a41d075bcd15 end msg 457            | 2026-07-25 12:54:59.123456789 end msg 457
            no stamp @400000000000000a00000000               | no stamp @400000000000000a00000000
            @40000000 short                                  | @40000000 short
            @4000000000000000ffffffff nanoseconds            | @4000000000000000ffffffff nanoseconds
            @ffffffffffffffff00000000 far                    | @ffffffffffffffff00000000 far
            """)
    void stampsBecomeLocalTime(String line, String expected) {
        var result = new Tool()
                .reading(line + "\n" + line + "\n" + line)
                .run(call -> Tai64nlocal.run(call, ZoneId.of("Europe/Lisbon")));
        assertThat(result.out()).isEqualTo(expected + "\n" + expected + "\n" + expected);
    }
}

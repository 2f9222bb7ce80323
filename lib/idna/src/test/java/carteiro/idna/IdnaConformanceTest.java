package carteiro.idna;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Unicode's own test file for UTS 46, all of its lines, without the transitional columns. */
class IdnaConformanceTest {
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9A-Fa-f]{4})|x\\{([0-9A-Fa-f]+)})");

    /** Empty labels are the affair of the callers: a dot at either end has its meaning in control files and the DNS. */
    private static final Pattern EMPTY_LABELS = Pattern.compile("\\[(X4_2|A4_1|A4_2|, )*]");

    private static String unescaped(String field) {
        return field.equals("\"\"")
                ? ""
                : ESCAPE.matcher(field)
                        .replaceAll(match -> java.util.regex.Matcher.quoteReplacement(Character.toString(
                                Integer.parseInt(match.group(1) == null ? match.group(2) : match.group(1), 16))));
    }

    private static String or(String field, String otherwise) {
        return field.isEmpty() ? otherwise : unescaped(field);
    }

    @Test
    void everyLineOfIdnaTestV2() throws IOException {
        var wrong = new ArrayList<String>();
        int lines = 0;
        int right = 0;
        try (var in = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Objects.requireNonNull(getClass().getResourceAsStream("IdnaTestV2.txt.gz"))),
                StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] fields = line.replaceAll("#.*", "").split(";", -1);
                if (fields.length < 7) {
                    continue;
                }
                lines++;
                for (int i = 0; i < fields.length; i++) {
                    fields[i] = fields[i].strip();
                }
                String source = unescaped(fields[0]);
                if (source.contains("\u1e9e")) { // this file has it as "ss"; see DomainNameTest
                    continue;
                }
                String unicode = or(fields[1], source);
                String unicodeStatus = fields[2].isEmpty() ? "[]" : fields[2];
                String ascii = or(fields[3], unicode);
                String asciiStatus = fields[4].isEmpty() ? unicodeStatus : fields[4];
                Optional<List<String>> labels = Uts46.labels(source);
                boolean unicodeRight = EMPTY_LABELS.matcher(unicodeStatus).matches()
                        ? labels.map(each -> String.join(".", each)).equals(Optional.of(unicode))
                        : labels.isEmpty();
                Optional<String> encoded = labels.map(
                                all -> all.stream().map(DomainName::asciiLabel).collect(Collectors.joining(".")))
                        .filter(DomainName::fitsTheDns);
                boolean asciiRight = asciiStatus.equals("[]")
                        ? encoded.equals(Optional.of(ascii))
                        : encoded.isEmpty()
                                || ascii.endsWith(".")
                                        && EMPTY_LABELS.matcher(asciiStatus).matches();
                if (unicodeRight && asciiRight) {
                    right++;
                } else {
                    wrong.add(line + " => " + labels + " " + encoded);
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(lines).isGreaterThan(6000);
        assertThat(right).isGreaterThan(6000);
    }
}

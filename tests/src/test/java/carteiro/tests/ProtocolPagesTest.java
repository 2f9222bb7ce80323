package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The examples of docs/protocols. */
class ProtocolPagesTest {
    private static final Path PAGES = Path.of(System.getProperty("carteiro.root"), "docs/protocols");
    private static final Pattern EXAMPLE = Pattern.compile("\\+1↵([0-9]+):(#?)(.*),$", Pattern.MULTILINE);

    @Test
    @DisplayName("each frame in an example is one: netstrings of the lengths that stand there")
    void frames() throws Exception {
        int examples = 0;
        for (Path page : pages()) {
            for (Matcher found = EXAMPLE.matcher(Files.readString(page)); found.find(); examples++) {
                String fields = found.group(2) + found.group(3);
                assertThat(Octets.bytes(fields))
                        .as(page + ": " + found.group())
                        .hasSize(Integer.parseInt(found.group(1)));
                assertThat(netstrings(found.group(3)))
                        .as(page + ": " + found.group())
                        .isNotEmpty();
            }
        }
        assertThat(examples).isGreaterThan(10);
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            return files.filter(file -> file.toString().endsWith(".md")).toList();
        }
    }

    /** The fields; none if the text is not made of whole ones. */
    private static List<String> netstrings(String text) {
        var fields = new ArrayList<String>();
        for (int at = 0; at < text.length(); ) {
            int colon = text.indexOf(':', at);
            int end = colon < 0 ? -1 : colon + 1 + Integer.parseInt(text.substring(at, colon));
            if (end < 0 || end >= text.length() || text.charAt(end) != ',') {
                return List.of();
            }
            fields.add(text.substring(colon + 1, end));
            at = end + 1;
        }
        return fields;
    }
}

package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every message of the test data (src/test/resources/testdata/SOURCES.md) by SMTP to a Maildir and to another host: out
 * comes what went in, but for the fields an MTA adds. What SMTP forbids is refused.
 */
class RealMessagesTest {
    /** A further folder of messages to run through: {@code -Dcarteiro.testdata=DIR}. */
    private static final String FURTHER = System.getProperty("carteiro.testdata", "");

    /** A message and what SMTP says of it. */
    private record Sample(Path file, String text, Verdict verdict) {}

    private enum Verdict {
        LEGAL,
        BARE_CR_OR_LF,
        NUL,
        LONG_LINE
    }

    private static List<Sample> samples() throws IOException {
        var folders = new ArrayList<Path>();
        folders.add(Path.of(System.getProperty("carteiro.root"), "tests/src/test/resources/testdata"));
        if (!FURTHER.isEmpty()) {
            folders.add(Path.of(FURTHER));
        }
        var samples = new ArrayList<Sample>();
        for (Path folder : folders) {
            try (Stream<Path> walk = Files.walk(folder)) {
                for (Path file : walk.filter(Files::isRegularFile)
                        .filter(f -> !f.toString().matches(".*(\\.json|\\.md|/licences/[^/]*)"))
                        .sorted()
                        .toList()) {
                    samples.add(sample(file, Files.readString(file, StandardCharsets.ISO_8859_1)));
                }
            }
        }
        return samples;
    }

    /** A file whose lines end in CR LF throughout is the same message with LF. */
    private static Sample sample(Path file, String octets) {
        String text = octets.replace("\r\n", "\n");
        boolean mixed = text.length() != octets.length()
                && octets.chars().filter(c -> c == '\n').count() != octets.length() - text.length();
        if (mixed || text.indexOf('\r') >= 0) {
            return new Sample(file, octets, Verdict.BARE_CR_OR_LF);
        }
        String whole = text.endsWith("\n") || text.isEmpty() ? text : text + "\n";
        if (text.indexOf(0) >= 0) {
            return new Sample(file, whole, Verdict.NUL);
        }
        boolean longLine = Stream.of(whole.split("\n", -1)).anyMatch(line -> line.length() > 998);
        return new Sample(file, whole, longLine ? Verdict.LONG_LINE : Verdict.LEGAL);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "what SMTP allows arrives octet for octet, in a Maildir and at another host; what it forbids is refused")
    void everyMessage(Form form) throws Exception {
        List<Sample> samples = samples();
        Map<Verdict, Integer> seen = new HashMap<>();
        var problems = new ArrayList<String>();
        var sent = new HashMap<String, Sample>();
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("zelda"); // no message of the set was ever delivered to her: no loop is seen
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            for (Sample sample : samples) {
                seen.merge(sample.verdict(), 1, Integer::sum);
                String id = "sample" + sent.size() + "@client.example";
                List<String> recipients = List.of("zelda@example.org", "dora@far.example");
                try (var client = new SmtpClient(carteiro.smtp())) {
                    String reply = switch (sample.verdict()) {
                        case LEGAL -> client.send(id, recipients, sample.text());
                        case BARE_CR_OR_LF -> client.sendRaw(id, recipients, sample.text());
                        case NUL, LONG_LINE -> client.send(id, recipients, sample.text());
                    };
                    boolean accepted = reply.startsWith("250 ");
                    if (accepted != (sample.verdict() == Verdict.LEGAL)) {
                        problems.add(sample.file() + " (" + sample.verdict() + "): " + reply.strip());
                    } else if (accepted) {
                        sent.put(id, sample);
                    } else if (!reply.startsWith("5")) {
                        problems.add(sample.file() + " (" + sample.verdict() + "): " + reply.strip());
                    }
                }
            }
            System.out.println("real messages, " + form + ": " + seen);
            assertThat(problems).isEmpty();
            assertThat(sent).hasSizeGreaterThan(700);
            carteiro.await("all of them at the sink", () -> sink.messages().size() >= sent.size());
            for (SmtpSink.Message message : sink.messages()) {
                String expected = sent.get(message.sender()).text();
                if (!belowTheReceivedField(message.text()).equals(expected)) {
                    problems.add("changed on the way to the other host: "
                            + sent.get(message.sender()).file());
                }
            }
            for (String message : carteiro.awaitMailbox("zelda", sent.size())) {
                String sender = message.substring("Return-Path: <".length(), message.indexOf(">\n"));
                String stored = message.substring(message.indexOf('\n') + 1); // Return-Path
                stored = stored.substring(stored.indexOf('\n') + 1); // Delivered-To
                if (!belowTheReceivedField(stored).equals(sent.get(sender).text())) {
                    problems.add("changed on the way to the Maildir: "
                            + sent.get(sender).file());
                }
            }
            assertThat(problems).isEmpty();
        }
    }

    /** What stands below the one Received field that smtpd put on top. */
    private static String belowTheReceivedField(String message) {
        assertThat(message).startsWith("Received: from ");
        int at = message.indexOf('\n') + 1;
        assertThat(message.substring(at)).startsWith("  by ");
        at = message.indexOf('\n', at) + 1; // the field is two lines; a message may itself begin with a blank
        return message.substring(at);
    }
}

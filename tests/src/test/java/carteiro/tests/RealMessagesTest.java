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
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every message of the test data (src/test/resources/testdata/SOURCES.md) by SMTP to a Maildir and to another host: out
 * comes what went in, but for the fields an MTA adds. What SMTP forbids is refused.
 */
class RealMessagesTest {
    /** A folder with further sets ({@code messages}, {@code corpus}, ...) to run through: {@code -Dcarteiro.testdata=DIR}. */
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
            Stream.of("messages", "corpus", "bounces", "eai", "mbox")
                    .map(Path.of(FURTHER)::resolve)
                    .filter(Files::isDirectory)
                    .forEach(folders::add);
            assertThat(folders)
                    .as("-Dcarteiro.testdata=" + FURTHER + " has messages, corpus, bounces, eai or mbox")
                    .hasSizeGreaterThan(1);
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

    @ParameterizedTest
    @EnumSource
    @DisplayName("what SMTP allows arrives octet for octet at smtp-sink")
    void toSmtpSink(Form form) throws Exception {
        try (var sink = PostfixSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            Map<String, Sample> sent = relayed(carteiro, sink.port());
            carteiro.await("all of them at smtp-sink", () -> sink.arrived() >= sent.size());
            // its file is there before its reply: the last one is whole when remote has heard 250
            carteiro.await("no message left in the queue", () -> ended(carteiro) >= sent.size());
            compare(sent, sink.messages(), original -> original);
        }
    }

    @Test
    @DisplayName(
            "what SMTP allows arrives octet for octet in a Maildir of Postfix, but for its two changes in a header")
    void toPostfix() throws Exception {
        try (var postfix = PostfixPeer.start("far.example", 1);
                var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            Map<String, Sample> sent = relayed(carteiro, postfix.port());
            carteiro.await("all of them in Postfix's mailbox", () -> postfix.arrived() >= sent.size());
            compare(sent, postfix.mailbox(), RealMessagesTest::asPostfixKeepsIt);
        }
    }

    /** Sends all that SMTP allows for one recipient at the host with that port; by sender. */
    private static Map<String, Sample> relayed(CarteiroProcess carteiro, int port) throws Exception {
        carteiro.control("smtproutes", ":127.0.0.1:" + port);
        carteiro.control("rcpthosts", "far.example");
        carteiro.start();
        var sent = new HashMap<String, Sample>();
        try (var client = new SmtpClient(carteiro.smtp())) {
            for (Sample sample : samples()) {
                if (sample.verdict() == Verdict.LEGAL) {
                    String id = "sample" + sent.size() + "@client.example";
                    assertThat(client.send(id, List.of("dora@far.example"), sample.text()))
                            .as(sample.file().toString())
                            .startsWith("250 ");
                    sent.put(id, sample);
                }
            }
        }
        assertThat(sent).hasSizeGreaterThan(700);
        return sent;
    }

    private static long ended(CarteiroProcess carteiro) {
        return carteiro.log().stream().filter(line -> line.contains("end msg ")).count();
    }

    private static final Pattern SENDER = Pattern.compile("(?:Return-Path: |X-Mail-Args: )<([^>]*)>");

    /** Each arrived once, and is what was sent as that peer keeps it. */
    private static void compare(Map<String, Sample> sent, List<String> arrived, UnaryOperator<String> asKept) {
        var missing = new HashMap<>(sent);
        var problems = new ArrayList<String>();
        for (String message : arrived) {
            var sender = SENDER.matcher(message);
            assertThat(sender.find()).as(message).isTrue();
            Sample sample = missing.remove(sender.group(1));
            if (sample == null) {
                problems.add("arrived twice: " + sent.get(sender.group(1)));
            } else {
                String kept = belowOurReceivedField(message);
                String expected = asKept.apply(sample.text());
                if (!kept.equals(expected)) {
                    problems.add("changed on the way: " + sample.file() + ", from \"" + difference(expected, kept)
                            + "\" to \"" + difference(kept, expected) + "\"");
                }
            }
        }
        missing.values().forEach(sample -> problems.add("lost: " + sample.file()));
        assertThat(problems).isEmpty();
    }

    /** The first octets of one text that are not as in the other. */
    private static String difference(String text, String other) {
        int at = 0;
        while (at < Math.min(text.length(), other.length()) && text.charAt(at) == other.charAt(at)) {
            at++;
        }
        return text.substring(at, Math.min(text.length(), at + 60));
    }

    /** What stands below the Received field of smtpd, which is two lines; the peer put its own fields above. */
    private static String belowOurReceivedField(String message) {
        int by = message.indexOf("\n  by mail.example.org with ");
        assertThat(by).as(message).isPositive();
        return message.substring(message.indexOf('\n', by + 1) + 1);
    }

    /** A header field's first line for Postfix: a name in ASCII, blanks perhaps, a colon (its is_header function). */
    private static final Pattern FIELD = Pattern.compile("([!-9;-~]+)[ \\t]*(:.*)", Pattern.DOTALL);

    /**
     * The two changes that Postfix makes in a header, whatever it is told. Blanks before the colon of a field go. Where a
     * line is neither a field nor goes on with one, the body begins, and the empty line that is missing there comes.
     */
    private static String asPostfixKeepsIt(String original) {
        var kept = new StringBuilder();
        int from = 0;
        while (from < original.length()) {
            int end = original.indexOf('\n', from);
            String line = original.substring(from, end);
            var field = FIELD.matcher(line);
            if (line.startsWith(" ") || line.startsWith("\t")) {
                kept.append(line).append('\n');
            } else if (field.matches()) {
                kept.append(field.group(1)).append(field.group(2)).append('\n');
            } else {
                return kept + (line.isEmpty() ? "" : "\n") + original.substring(from);
            }
            from = end + 1;
        }
        return kept.toString();
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

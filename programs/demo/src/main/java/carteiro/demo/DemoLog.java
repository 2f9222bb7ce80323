package carteiro.demo;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Shows the log line by line as it comes, and remembers it for the table. Safe for any thread. */
final class DemoLog extends OutputStream {
    private static final int MOST_LINES = 20_000;
    private static final int LONGEST_LINE = 8_000;
    private static final Pattern INFO = Pattern.compile("info msg (\\d+): bytes \\d+ from <([^>]*)> .*");
    private static final Pattern STARTING = Pattern.compile("starting delivery (\\d+): msg (\\d+) to (.*)");
    private static final Pattern ENDED = Pattern.compile("delivery (\\d+): (.*)");

    private final PrintStream out;
    private final long began = System.nanoTime();
    private final StringBuilder line = new StringBuilder();
    private final List<String> lines = new ArrayList<>();

    DemoLog(PrintStream out) {
        this.out = out;
    }

    @Override
    public synchronized void write(int octet) {
        if (octet != '\n') {
            if (line.length() < LONGEST_LINE) {
                line.append((char) (octet & 0xff));
            }
            return;
        }
        String whole = line.toString();
        line.setLength(0);
        if (lines.size() < MOST_LINES) {
            lines.add(whole);
        }
        out.printf(Locale.ROOT, "%7.3f  %s%n", (System.nanoTime() - began) / 1e9, whole);
    }

    @Override
    public synchronized void write(byte[] octets, int from, int length) {
        for (int i = from; i < from + length; i++) {
            write(octets[i]);
        }
    }

    /** A line of the demo's own. */
    synchronized void say(String text) {
        out.println(text);
    }

    private synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    /** How the deliveries ended of the messages from that sender; each as the log has it. */
    List<String> deliveries(String sender) {
        var messages = new HashSet<String>();
        var running = new HashMap<String, String>();
        var ended = new ArrayList<String>();
        for (String logged : lines()) {
            Matcher info = INFO.matcher(logged);
            Matcher starting = STARTING.matcher(logged);
            Matcher end = ENDED.matcher(logged);
            if (info.matches() && info.group(2).equals(sender)) {
                messages.add(info.group(1));
            } else if (starting.matches() && messages.contains(starting.group(2))) {
                running.put(starting.group(1), starting.group(2) + " to " + starting.group(3));
            } else if (end.matches() && running.containsKey(end.group(1))) {
                ended.add("msg " + running.get(end.group(1)) + ": " + end.group(2));
            }
        }
        return ended;
    }
}

package carteiro.send;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The log as lines; a test waits for the one it needs. */
final class Lines extends OutputStream {
    private static final long DEADLINE = 20_000_000_000L;

    private final List<String> lines = new ArrayList<>();
    private final StringBuilder begun = new StringBuilder();

    @Override
    public synchronized void write(int octet) {
        if (octet == '\n') {
            lines.add(begun.toString());
            begun.setLength(0);
            notifyAll();
        } else {
            begun.append((char) octet);
        }
    }

    @Override
    public synchronized void write(byte[] octets, int from, int length) {
        for (char c : new String(octets, from, length, StandardCharsets.ISO_8859_1).toCharArray()) {
            write(c);
        }
    }

    synchronized List<String> all() {
        return List.copyOf(lines);
    }

    synchronized List<String> matching(String regex) {
        return lines.stream().filter(line -> line.matches(regex)).toList();
    }

    /** Waits until the line is there. */
    void await(String line) {
        await(all -> all.contains(line), line);
    }

    /** Waits until so many lines match. */
    void await(int count, String regex) {
        await(all -> all.stream().filter(line -> line.matches(regex)).count() >= count, count + " x " + regex);
    }

    private synchronized void await(Predicate<List<String>> enough, String what) {
        long end = System.nanoTime() + DEADLINE;
        while (!enough.test(lines)) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("no line: " + what + "\n" + String.join("\n", lines));
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}

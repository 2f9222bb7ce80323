package carteiro.queue;

import carteiro.log.EventLog;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** The log of everything that is tried: an alert in it is a violation, for nothing is damaged and nothing is missing. */
final class AlertWatch extends OutputStream {
    private static final String MARK = "proof: ";

    private final EventLog log =
            new EventLog(this, EventLog.LogFormat.PLAIN, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final List<String> alerts = new ArrayList<>(); // guarded by this
    private String mark = ""; // guarded by this

    EventLog log() {
        return log;
    }

    /** What follows belongs to this. */
    void mark(String what) {
        log.info("proof", what);
    }

    /** The alerts since the last call, each behind its mark; all lines before this call are seen. */
    List<String> alerts() throws InterruptedException {
        String end = "end " + System.nanoTime();
        mark(end);
        synchronized (this) {
            while (!mark.equals(end)) {
                wait();
            }
            List<String> found = List.copyOf(alerts);
            alerts.clear();
            return found;
        }
    }

    @Override
    public synchronized void write(int octet) {
        if (octet != '\n') {
            line.write(octet);
            return;
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        line.reset();
        if (text.startsWith(MARK)) {
            mark = text.substring(MARK.length());
            notifyAll();
        } else if (text.startsWith("alert: ") && !text.contains(": cannot write ")) { // that a disk fails may be said
            alerts.add(mark + ": " + text);
        }
    }
}

package carteiro.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Writes events as lines. Safe for any number of threads; never blocks a caller. */
public final class EventLog implements AutoCloseable {
    /** Lines waiting for a slow reader; beyond it lines are dropped and counted. */
    static final int WAITING_LINES = 20_000;

    /** The most octets of one write, so that writes of several processes to one pipe stay whole (PIPE_BUF). */
    private static final int WRITE_LIMIT = 4096;

    /**
     * How long the writer lets lines gather before it writes, so that under load no event wakes a thread of its own. A
     * line is never later than this.
     */
    private static final long GATHER_NANOS = 5_000_000;

    private static final byte[] END = new byte[0];

    /** How a line looks. */
    public enum Form {
        /** The bare line, as qmail-send writes it. */
        PLAIN,
        /** {@code @}, 24 hexadecimal digits of TAI64N, a space, the line. */
        TAI64N,
        /** One JSON object a line. */
        JSON;

        /** The form that control/logformat names; nothing in it is {@code plain}. */
        public static Optional<Form> named(String word) {
            return switch (word) {
                case "plain", "" -> Optional.of(PLAIN);
                case "tai64n" -> Optional.of(TAI64N);
                case "json" -> Optional.of(JSON);
                default -> Optional.empty();
            };
        }
    }

    private final OutputStream out;
    private final Form form;
    private final Clock clock;
    private final BlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(WAITING_LINES);
    private final AtomicLong dropped = new AtomicLong();
    private final Thread writer;

    /** A log on {@code out}, which stays open at {@link #close}. */
    public EventLog(OutputStream out, Form form, Clock clock) {
        this.out = out;
        this.form = form;
        this.clock = clock;
        this.writer = Thread.ofPlatform().name("log").daemon(true).start(this::write);
    }

    /** Writes the event. */
    public void log(LogEvent event) {
        byte[] line = (render(event) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        if (!waiting.offer(line)) {
            dropped.incrementAndGet();
        }
    }

    /** A note of no consequence. */
    public void info(String program, String text) {
        log(new Note(Note.Level.INFO, program, text));
    }

    /** A note that something went wrong and will be tried again. */
    public void warning(String program, String text) {
        log(new Note(Note.Level.WARNING, program, text));
    }

    /** A note that somebody has to act. */
    public void alert(String program, String text) {
        log(new Note(Note.Level.ALERT, program, text));
    }

    /** A mistake of our own, with its trace in one line. */
    public void bug(String program, Throwable mistake) {
        var trace = new StringWriter();
        mistake.printStackTrace(new PrintWriter(trace));
        log(new Note(
                Note.Level.ALERT,
                program,
                "bug, please report: " + trace.toString().replace("\tat ", "at ")));
    }

    /** Writes what waits, for at most five seconds, and ends. */
    @Override
    public void close() {
        try {
            if (waiting.offer(END, 5, TimeUnit.SECONDS)) {
                writer.join(5_000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        var batch = new ByteArrayOutputStream(WRITE_LIMIT);
        try {
            byte[] line = gather();
            while (line.length > 0) {
                batch.write(line, 0, line.length);
                byte[] next = waiting.peek();
                if (next == null || next.length == 0 || batch.size() + next.length > WRITE_LIMIT) {
                    flush(batch);
                }
                line = next == null ? gather() : waiting.take();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private byte[] gather() throws InterruptedException {
        byte[] first = waiting.take();
        if (first.length > 0) {
            LockSupport.parkNanos(GATHER_NANOS);
        }
        return first;
    }

    private void flush(ByteArrayOutputStream batch) {
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
            byte[] note = (render(new Note(Note.Level.ALERT, "log", lost + " lines lost: the log is read too slowly"))
                            + "\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            batch.write(note, 0, note.length);
        }
        try {
            batch.writeTo(out);
            out.flush();
        } catch (IOException e) {
            dropped.incrementAndGet(); // the reader is gone; mail goes on
        }
        batch.reset();
    }

    private String render(LogEvent event) {
        return switch (form) {
            case PLAIN -> event.line();
            case TAI64N -> tai64n(clock.instant()) + " " + event.line();
            case JSON -> json(event);
        };
    }

    /** TAI64N: seconds with the offset 2^62 + 10, as multilog and tai64n write them. */
    static String tai64n(Instant instant) {
        return String.format(Locale.ROOT, "@%016x%08x", (1L << 62) + 10 + instant.getEpochSecond(), instant.getNano());
    }

    private String json(LogEvent event) {
        var json = new StringBuilder(200);
        json.append("{\"time\":\"").append(clock.instant()).append("\",\"event\":\"");
        json.append(event.getClass().getSimpleName()).append('"');
        RecordComponent[] components = event.getClass().getRecordComponents();
        if (components != null) {
            for (RecordComponent component : components) {
                append(json, component.getName(), value(event, component));
            }
        }
        append(json, "line", event.line());
        return json.append('}').toString();
    }

    private static Object value(LogEvent event, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true); // events are package-private records of the programs
            Object value = component.getAccessor().invoke(event);
            return value == null ? "" : value;
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("event " + event.getClass(), e);
        }
    }

    private static void append(StringBuilder json, String name, Object value) {
        json.append(",\"").append(name).append("\":");
        if (value instanceof Number || value instanceof Boolean) {
            json.append(value);
            return;
        }
        json.append('"');
        String text = value.toString();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < 32 || c > 126) {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}

package carteiro.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes events as lines. Safe for any number of threads; never blocks a caller. */
public final class EventLog implements AutoCloseable {
    /** Lines waiting for a slow reader; beyond it lines are dropped and counted. */
    static final int WAITING_LINES = 20_000;

    /** Octets of these lines; the same beyond it. Some events are kilobytes long. */
    static final long WAITING_OCTETS = 8 << 20;

    /** How often a log that could not be written is tried again while there is nothing else to write. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** The most octets of one write, so that writes of several processes to one pipe stay whole (PIPE_BUF). */
    private static final int WRITE_LIMIT = 4096;

    /**
     * How long the writer lets lines gather before it writes, so that under load no event wakes a thread of its own. A
     * line is never later than this.
     */
    private static final long GATHER_NANOS = 5_000_000;

    /** What {@code trouble} is told when the log's own thread ends by a mistake: after it nothing is written. */
    public static final String WRITER_ENDED = "the log's thread has ended";

    private static final byte[] END = new byte[0];

    /** How a line looks. */
    public enum LogFormat {
        /** The bare line, as qmail-send writes it. */
        PLAIN,
        /** {@code @}, 24 hexadecimal digits of TAI64N, a space, the line. */
        TAI64N,
        /** One JSON object a line. */
        JSON;

        /** The form that control/logformat names; nothing in it is {@code plain}. */
        public static Optional<LogFormat> named(String word) {
            return switch (word) {
                case "plain", "" -> Optional.of(PLAIN);
                case "tai64n" -> Optional.of(TAI64N);
                case "json" -> Optional.of(JSON);
                default -> Optional.empty();
            };
        }
    }

    private final OutputStream out;
    private final LogFormat form;
    private final Clock clock;
    private final Severity severity;
    private final Consumer<String> trouble;
    private final Duration retry;
    private final BlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(WAITING_LINES);
    private final AtomicLong waitingOctets = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private @Nullable String failure; // the writer's alone: why the last write failed
    private final Thread writer;

    /** A log on {@code out}, which stays open at {@link #close}. */
    public EventLog(OutputStream out, LogFormat form, Clock clock) {
        this(out, form, clock, Severity.IN_WORDS);
    }

    /** The same for a reader that is told each line's severity. */
    public EventLog(OutputStream out, LogFormat form, Clock clock, Severity severity) {
        this(out, form, clock, severity, _ -> {});
    }

    /**
     * The same for a program that must not go on unheard.
     *
     * @param trouble called on the log's thread whenever it cannot write, with the system's words; must not block
     */
    public EventLog(OutputStream out, LogFormat form, Clock clock, Severity severity, Consumer<String> trouble) {
        this(out, form, clock, severity, trouble, RETRY);
    }

    /** @param retry {@link #RETRY}, but for a test */
    EventLog(
            OutputStream out,
            LogFormat form,
            Clock clock,
            Severity severity,
            Consumer<String> trouble,
            Duration retry) {
        this.retry = retry;
        this.trouble = trouble;
        this.out = out;
        this.form = form;
        this.clock = clock;
        this.severity = severity;
        this.writer = Thread.ofPlatform().name("log").daemon(true).start(this::write);
    }

    /** Writes the event. */
    public void log(LogEvent event) {
        byte[] line = octets(event);
        if (waitingOctets.addAndGet(line.length) > WAITING_OCTETS || !waiting.offer(line)) {
            waitingOctets.addAndGet(-line.length);
            dropped.incrementAndGet();
        }
    }

    private byte[] octets(LogEvent event) {
        return (render(event) + "\n").getBytes(StandardCharsets.ISO_8859_1);
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
        int lines = 0;
        try {
            byte[] line = gather();
            while (line.length > 0) {
                waitingOctets.addAndGet(-line.length);
                batch.write(line, 0, line.length);
                lines++;
                byte[] next = waiting.peek();
                if (next == null || next.length == 0 || batch.size() + next.length > WRITE_LIMIT) {
                    flush(batch, lines);
                    lines = 0;
                }
                line = next == null ? gather() : waiting.take();
            }
            flush(batch, 0); // what was lost last
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) { // nothing is logged any more
            trouble.accept(WRITER_ENDED);
            throw e;
        }
    }

    private byte[] gather() throws InterruptedException {
        byte[] first = waiting.poll();
        while (first == null && failure != null) { // until it can be told what was lost
            first = waiting.poll(retry.toMillis(), TimeUnit.MILLISECONDS);
            if (first == null) {
                flush(new ByteArrayOutputStream(WRITE_LIMIT), 0);
            }
        }
        if (first == null) {
            first = waiting.take();
        }
        if (first.length > 0) {
            LockSupport.parkNanos(GATHER_NANOS);
        }
        return first;
    }

    /** Writes the lines, and before them how many were lost; what cannot be written is lost, too, and counted. */
    private void flush(ByteArrayOutputStream batch, int lines) {
        long lost = dropped.getAndSet(0);
        try {
            if (lost > 0) {
                out.write(lostNote(lost));
            }
            failure = null;
        } catch (IOException e) {
            failed(lost, e);
        }
        try {
            if (failure == null) {
                batch.writeTo(out);
                out.flush();
            } else {
                dropped.addAndGet(lines);
            }
        } catch (IOException e) {
            failed(lines, e);
        }
        batch.reset();
    }

    private void failed(long lines, IOException e) { // mail goes on without a log
        dropped.addAndGet(lines);
        String words = LogText.reason(e);
        failure = words;
        trouble.accept(words);
    }

    /** After a failed write it begins with a line end, since half a line may stand there. */
    private byte[] lostNote(long lost) {
        String why = failure == null ? "the log is read too slowly" : "it could not be written (" + failure + ")";
        byte[] note = octets(new Note(Note.Level.ALERT, "log", lost + " lines lost: " + why));
        if (failure == null) {
            return note;
        }
        byte[] onItsOwn = new byte[note.length + 1];
        onItsOwn[0] = '\n';
        System.arraycopy(note, 0, onItsOwn, 1, note.length);
        return onItsOwn;
    }

    private String render(LogEvent event) {
        String line = event.line();
        String written = switch (form) {
            case PLAIN -> line;
            case TAI64N -> tai64n(clock.instant()) + " " + line;
            case JSON -> JsonForm.of(event, clock.instant(), line);
        };
        return severity.of(line, written);
    }

    /** TAI64N: seconds with the offset 2^62 + 10, as multilog and tai64n write them. */
    static String tai64n(Instant instant) {
        return String.format(Locale.ROOT, "@%016x%08x", (1L << 62) + 10 + instant.getEpochSecond(), instant.getNano());
    }
}

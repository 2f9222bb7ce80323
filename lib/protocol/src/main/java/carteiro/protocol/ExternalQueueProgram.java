package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.ChildCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The program of QMAILQUEUE in place of queue: filters that read the message and run qmail-queue themselves. It is called
 * as qmail-queue is: the message on descriptor 0, the envelope on descriptor 1; its exit code says what became of it
 * (docs/programs/qmail-queue.md). With exit code 82 it may have written a text of its own to descriptor 6. The number in
 * the receipt is its process id.
 */
public final class ExternalQueueProgram implements Enqueue {
    /** The variable that names it. */
    public static final String VARIABLE = "QMAILQUEUE";

    /** How long it may take. */
    private static final Duration LIMIT = Duration.ofMinutes(30);

    /** What is read of its own text, in octets, letter included. */
    private static final int TEXT = 255;

    /** Java cannot give a child descriptors 1 for reading and 6; the shell can. */
    private static final String CALL = "exec \"$1\" <\"$2\" 1<\"$3\" 6>\"$4\"";

    private final String program;
    private final Path home;
    private final Map<String, String> environment;
    private final Variables own;

    /** Which variables of this process it gets. */
    private enum Variables {
        /** Those that anybody's program may see: this is a daemon, and the others are its starter's. */
        FEW,
        /** All: this is a command, and they are the user's. */
        ALL
    }

    /**
     * The program of a daemon.
     *
     * @param program found by PATH, or from {@code home} on
     * @param home where it is run
     * @param environment its variables, beside the few of our own that anybody's program may see
     */
    public ExternalQueueProgram(String program, Path home, Map<String, String> environment) {
        this(program, home, environment, Variables.FEW);
    }

    private ExternalQueueProgram(String program, Path home, Map<String, String> environment, Variables own) {
        this.program = program;
        this.home = home;
        this.environment = Map.copyOf(environment);
        this.own = own;
    }

    /** The program that the environment of a command names, run in {@code home}; without one, queue. */
    public static Enqueue orElse(Enqueue queue, Map<String, String> environment, Path home) {
        String program = environment.getOrDefault(VARIABLE, "");
        return program.isEmpty() ? queue : new ExternalQueueProgram(program, home, Map.of(), Variables.ALL);
    }

    @Override
    public Submission open() throws IOException {
        return new ExternalSubmission(Files.createTempDirectory("queue-program")); // for its owner alone
    }

    private final class ExternalSubmission implements Submission {
        private final Path folder;
        private final OutputStream message;

        ExternalSubmission(Path folder) throws IOException {
            this.folder = folder;
            try {
                this.message = Files.newOutputStream(folder.resolve("message"));
            } catch (IOException e) {
                Files.delete(folder);
                throw e;
            }
        }

        @Override
        public void write(byte[] octets, int from, int length) throws IOException {
            message.write(octets, from, length);
        }

        @Override
        public Receipt commit(Envelope envelope, String fields) throws IOException {
            if (!fields.isEmpty()) {
                throw new IOException(
                        "a program that takes the place of queue has got the message as it came: no fields can be put on"
                                + " top of it any more");
            }
            message.close();
            Files.write(folder.resolve("envelope"), text0(envelope));
            List<String> words = List.of(
                    "/bin/sh",
                    "-c",
                    CALL,
                    "sh",
                    program,
                    folder.resolve("message").toString(),
                    folder.resolve("envelope").toString(),
                    folder.resolve("text").toString());
            var builder = switch (own) {
                case FEW -> ChildCommand.withFewVariables(words);
                case ALL -> ChildCommand.withOurVariables(words);
            };
            builder.directory(home.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(environment);
            Process process = builder.start();
            try {
                if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new IOException(program + " did not end within " + LIMIT.toMinutes() + " minutes");
                }
                return receipt(process.exitValue(), process.pid());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for " + program, e);
            } finally {
                if (process.isAlive()) {
                    ChildCommand.kill(process);
                }
            }
        }

        private Receipt receipt(int code, long pid) throws IOException {
            if (code == 0) {
                return new Receipt.Accepted(pid);
            }
            if (code == 82) {
                byte[] text;
                try (var in = Files.newInputStream(folder.resolve("text"))) {
                    text = in.readNBytes(TEXT);
                }
                String reason = text.length < 1 ? "" : Octets.text(text, 1, text.length - 1);
                if (text.length > 2 && text[0] == 'D') {
                    return new Receipt.PermanentFailure(new Status(5, 3, 0), reason);
                }
                if (text.length > 2 && text[0] == 'Z') {
                    return new Receipt.TemporaryFailure(new Status(4, 3, 0), reason);
                }
            }
            return byCode(code);
        }

        @Override
        public void close() {
            try {
                message.close();
                for (String name : new String[] {"message", "envelope", "text"}) {
                    Files.deleteIfExists(folder.resolve(name));
                }
                Files.deleteIfExists(folder);
            } catch (IOException e) {
                // left in the temporary folder
            }
        }
    }

    private static byte[] text0(Envelope envelope) {
        var octets = new ByteArrayOutputStream();
        octets.writeBytes(Octets.bytes("F" + envelope.sender().octets() + "\0"));
        for (Address recipient : envelope.addresses()) {
            octets.writeBytes(Octets.bytes("T" + recipient.octets() + "\0"));
        }
        octets.write(0);
        return octets.toByteArray();
    }

    /** qmail-queue's codes, as its callers report them. */
    private static Enqueue.Receipt byCode(int code) {
        return switch (code) {
            case 11, 115 -> never(5, 1, 3, "an address is too long");
            case 51 -> notNow(3, 0, "out of memory");
            case 52 -> notNow(3, 0, "the message took too long");
            case 53 -> notNow(3, 0, "the message cannot be written, the disk may be full");
            case 54 -> notNow(3, 0, "the message cannot be read");
            case 55 -> notNow(3, 0, "a setting cannot be read");
            case 56, 71 -> notNow(3, 0, "the mail server does not take messages now");
            case 72 -> notNow(4, 1, "the mail server did not answer in time");
            case 73 -> notNow(4, 1, "the mail server refused the connection");
            case 74 -> notNow(4, 2, "the connection to the mail server broke");
            default ->
                code >= 12 && code <= 40
                        ? never(5, 3, 0, "the message is refused")
                        : notNow(3, 0, "the message cannot be kept now");
        };
    }

    private static Enqueue.Receipt never(int kind, int subject, int detail, String reason) {
        return new Receipt.PermanentFailure(new Status(kind, subject, detail), reason);
    }

    private static Enqueue.Receipt notNow(int subject, int detail, String reason) {
        return new Receipt.TemporaryFailure(new Status(4, subject, detail), reason);
    }
}

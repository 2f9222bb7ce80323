package carteiro.remote;

import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.posix.ChildCommand;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The program of QMAILREMOTE in remote's place. It is called as qmail-remote is: the host, the sender and the recipients as
 * arguments, the message on standard input; it writes the records of qmail-remote. Any thread.
 */
final class ExternalRemoteProgram {
    /** The variable that names it. */
    static final String VARIABLE = "QMAILREMOTE";

    /** How long it may take; below {@link carteiro.protocol.Deliver#LIMIT}. */
    static final Duration LIMIT = Duration.ofHours(6);

    /** The most octets of its records; a program that writes more is ended. */
    static final int MOST_OUTPUT = 1 << 20;

    /** How often a program that runs is looked at. */
    private static final long LOOK = 200;

    private static final String MESSAGE = "message-";
    private static final String RECORDS = "records-";

    private static final Pattern STATUS = Pattern.compile("#([245])\\.([0-9]{1,3})\\.([0-9]{1,3})");

    private final String program;
    private final Path folder;
    private final String home;
    private final Duration limit;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private volatile boolean aborted;

    /**
     * @param program found by its path or by PATH
     * @param folder where the message is put for it, and its records
     * @param home the installation, which it finds as CARTEIRO_HOME
     * @param limit how long it may take
     */
    ExternalRemoteProgram(String program, Path folder, String home, Duration limit) {
        this.program = program;
        this.folder = folder;
        this.home = home;
        this.limit = limit;
    }

    /** Removes what a process that was killed has left. */
    void clear() throws IOException {
        try (var files = Files.newDirectoryStream(folder, "{" + MESSAGE + "," + RECORDS + "}*")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** One delivery. */
    RemoteResult deliver(OutgoingMessage outgoing, String host) {
        var words = new ArrayList<String>();
        try {
            words.add(program);
            words.add(word(host));
            words.add(word(outgoing.sender().octets()));
            for (Address recipient : outgoing.recipients()) {
                words.add(word(recipient.octets()));
            }
        } catch (CharacterCodingException e) {
            return notNow("an address is not UTF-8 and cannot be given to it");
        }
        try {
            Path message = Files.createTempFile(folder, MESSAGE, "");
            try {
                Path records = Files.createTempFile(folder, RECORDS, "");
                try {
                    try (InputStream in = outgoing.message().open()) {
                        Files.copy(in, message, StandardCopyOption.REPLACE_EXISTING);
                    }
                    return run(words, message, records, outgoing.recipients().size());
                } finally {
                    remove(records);
                }
            } finally {
                remove(message);
            }
        } catch (IOException e) {
            return notNow(OutcomeTexts.why(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return notNow("stopping");
        }
    }

    /** What cannot be removed is removed at the next start; what the program has done stands. */
    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // see clear()
        }
    }

    /** The system gets the octets that we have, or nothing. */
    private static String word(String octets) throws CharacterCodingException {
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(Octets.bytes(octets)))
                .toString();
        Charset ofArguments = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        ByteBuffer given = ofArguments.newEncoder().encode(CharBuffer.wrap(text));
        if (!given.equals(ByteBuffer.wrap(Octets.bytes(octets)))) {
            throw new CharacterCodingException();
        }
        return text;
    }

    private RemoteResult run(List<String> words, Path message, Path records, int recipients)
            throws IOException, InterruptedException {
        ProcessBuilder builder = ChildCommand.withFewVariables(words)
                .redirectInput(message.toFile())
                .redirectOutput(records.toFile())
                .redirectError(Redirect.INHERIT);
        builder.environment().put("CARTEIRO_HOME", home);
        Process process = builder.start();
        running.add(process);
        try {
            if (aborted) {
                return notNow("stopping");
            }
            long start = System.nanoTime();
            while (!process.waitFor(LOOK, TimeUnit.MILLISECONDS)) {
                if (System.nanoTime() - start >= limit.toNanos()) {
                    return notNow("it did not end within " + limit.toMinutes() + " minutes");
                }
                if (Files.size(records) > MOST_OUTPUT) {
                    return notNow("it wrote over " + MOST_OUTPUT + " octets");
                }
            }
        } finally {
            ChildCommand.kill(process);
            running.remove(process);
        }
        if (process.exitValue() != 0) {
            return notNow("it ended with exit code " + process.exitValue());
        }
        try (InputStream in = Files.newInputStream(records)) {
            byte[] written = in.readNBytes(MOST_OUTPUT + 1);
            return written.length > MOST_OUTPUT
                    ? notNow("it wrote over " + MOST_OUTPUT + " octets")
                    : result(Octets.text(written), recipients);
        }
    }

    /**
     * What its records say, folded later as qmail-rspawn does. A recipient without a record waits, or has the message's
     * record where that is no {@code K}; records beyond the last recipient's say nothing.
     */
    RemoteResult result(String records, int count) {
        var recipients = new ArrayList<Outcome>();
        int at = 0;
        while (at < records.length()) {
            int end = records.indexOf('\0', at);
            if (end <= at) {
                break;
            }
            String report = records.substring(at + 1, end);
            switch (records.charAt(at)) {
                case 'r' -> recipients.add(new Outcome.Delivered(status(2, report), report));
                case 's' -> recipients.add(new Outcome.Deferred(status(4, report), report));
                case 'h' -> recipients.add(new Outcome.Failed(status(5, report), report));
                case 'K' -> {
                    return ended(recipients, new Outcome.Delivered(status(2, report), report), count);
                }
                case 'Z' -> {
                    return ended(recipients, new Outcome.Deferred(status(4, report), report), count);
                }
                case 'D' -> {
                    return ended(recipients, new Outcome.Failed(status(5, report), report), count);
                }
                default -> {
                    return notNow("it wrote a record that begins with \"" + LogText.safe(records.substring(at, at + 1))
                            + "\"");
                }
            }
            at = end + 1;
        }
        return notNow("it wrote no record for the message");
    }

    private RemoteResult ended(List<Outcome> recipients, Outcome message, int count) {
        List<Outcome> answered = recipients.subList(0, Math.min(recipients.size(), count));
        if (message instanceof Outcome.Delivered) {
            Outcome missing = unable("it wrote records for " + answered.size() + " of " + count + " recipients");
            answered = new ArrayList<>(answered);
            answered.addAll(Collections.nCopies(count - answered.size(), missing));
        }
        return new RemoteResult(answered, message, message instanceof Outcome.Failed ? message.report() : "");
    }

    private static Status status(int kind, String report) {
        Matcher found = STATUS.matcher(report);
        return found.find() && found.group(1).equals(String.valueOf(kind))
                ? new Status(kind, Integer.parseInt(found.group(2)), Integer.parseInt(found.group(3)))
                : new Status(kind, 0, 0);
    }

    private RemoteResult notNow(String why) {
        return RemoteResult.forAll(unable(why));
    }

    private Outcome unable(String why) {
        return Outcome.notNow("Unable to run " + OutcomeTexts.shown(program) + ", which " + VARIABLE + " names: "
                + OutcomeTexts.shown(why) + " (#4.3.0)\n");
    }

    /** Ends what is running; its deliveries are deferred. */
    void abort() {
        aborted = true;
        running.forEach(ChildCommand::kill);
    }
}

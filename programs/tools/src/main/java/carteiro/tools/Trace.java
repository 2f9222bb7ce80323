package carteiro.tools;

import carteiro.control.ChosenHome;
import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** {@code carteiro trace}: tells the story of a message from the log (docs/programs/trace.md). */
public final class Trace {
    /** Nothing was found. */
    private static final int NOTHING = 1;

    /** Messages that are shown unless {@code --most} says otherwise. */
    static final int MOST = 100;

    /** The most that {@code --most} may say. */
    static final int MOST_OF_ALL = 100_000;

    private static final String USAGE = """
            usage: carteiro trace [ --home DIR ] [ --most N ] ID|ADDRESS [ FILE|FOLDER|- ]...
            ID: a message number (457), what the client was told ("250 ok 1795489290 qp 457"), the id in the Received
            field of smtpd (k3v9q1c7ab2d, or the whole field), or the Message-ID
            """;

    /** What standard input is. */
    enum Input {
        /** Somebody types. */
        TERMINAL,
        /** A file or a pipe. */
        LOG
    }

    private Trace() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit(
                "carteiro trace", arguments, call -> run(call, ZoneId.systemDefault(), inputOfThisProcess()));
    }

    private static Input inputOfThisProcess() {
        try {
            String in = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
            return in.startsWith("/dev/pts/") || in.startsWith("/dev/tty") || in.equals("/dev/console")
                    ? Input.TERMINAL
                    : Input.LOG;
        } catch (IOException e) {
            return Input.LOG; // closed, or no /proc here
        }
    }

    static int run(Invocation call, ZoneId zone, Input input) throws IOException {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        Installation installation = chosen.installation();
        int most = chosen.problem().isEmpty() ? MOST : 0;
        var words = new ArrayList<String>();
        List<String> arguments = chosen.rest();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--most") && i + 1 < arguments.size()) {
                most = number(arguments.get(++i));
            } else if (argument.startsWith("--")) {
                most = 0;
            } else {
                words.add(argument);
            }
        }
        if (words.isEmpty() || most == 0) {
            call.complain(USAGE);
            return Exit.PERMANENT;
        }
        String asked = words.removeFirst();
        if (asked.isEmpty() || asked.length() > Address.LIMIT) {
            call.complain("carteiro trace: an address has 1 to " + Address.LIMIT + " octets; <> is the null sender\n");
            return Exit.PERMANENT;
        }
        var stories = new HistoryFinder(TraceQuery.of(asked, rewritten(installation, asked)), most);
        var stamps = new Stamps(zone);
        var reader = new LogInput(line -> stories.see(LogLine.of(line, stamps)));
        if (words.isEmpty()) {
            if (mayHoldLog(installation.log())) {
                words.add(Octets.text(installation.log().toString().getBytes(StandardCharsets.UTF_8)));
            } else if (input == Input.LOG) {
                words.add("-");
            } else {
                call.complain("carteiro trace: " + LogText.path(installation.log())
                        + " holds no log; name its files or folder, or"
                        + " pipe it in: journalctl -u 'carteiro*' -o cat | carteiro trace " + LogText.printable(asked)
                        + "\n");
                return Exit.PERMANENT;
            }
        }
        boolean allRead = true;
        for (String word : words) {
            allRead &= read(call, reader, word);
        }
        tell(call, stories);
        if (!stories.foundAny()) {
            call.complain("carteiro trace: nothing about " + LogText.printable(asked) + " in what was read\n");
        }
        return !allRead ? Exit.TEMPORARY : stories.foundAny() ? 0 : NOTHING;
    }

    /** Whether there is a log in it, or this user may not know; reading it says which. */
    private static boolean mayHoldLog(Path folder) {
        try {
            return Files.isDirectory(folder) && !LogInput.filesOf(folder).isEmpty();
        } catch (IOException e) {
            return true;
        }
    }

    private static void tell(Invocation call, HistoryFinder stories) throws IOException {
        try {
            stories.tell(text -> {
                try {
                    call.print(text);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** What send makes of the address, by the control files of now; nothing where they cannot be read. */
    private static Set<String> rewritten(Installation installation, String asked) {
        String address = TraceQuery.bare(asked);
        if (address.isEmpty() || address.indexOf(0) >= 0) {
            return Set.of();
        }
        try {
            return Set.of(RoutesOfNow.of(installation)
                    .route(new Address(address))
                    .recipient()
                    .octets());
        } catch (ControlException e) {
            return Set.of(); // logs are often read on another host
        }
    }

    /** Reads what an argument names; false, with a line about it, if that cannot be read. */
    private static boolean read(Invocation call, LogInput reader, String word) {
        if (word.equals("-")) {
            return reads(call, "standard input", () -> reader.read(call.in()));
        }
        Path path = path(word);
        if (!Files.isDirectory(path)) {
            return reads(call, word, () -> reader.read(path));
        }
        var files = new ArrayList<Path>();
        if (!reads(call, word, () -> files.addAll(LogInput.filesOf(path)))) {
            return false;
        }
        if (files.isEmpty()) {
            call.complain("carteiro trace: " + LogText.printable(word) + " holds no log\n");
            return false;
        }
        boolean allRead = true;
        for (Path file : files) {
            allRead &= reads(call, LogText.path(file), () -> reader.readFound(file));
        }
        return allRead;
    }

    @FunctionalInterface
    private interface LogReading {
        void run() throws IOException;
    }

    private static boolean reads(Invocation call, String name, LogReading reading) {
        try {
            reading.run();
            return true;
        } catch (IOException e) {
            String why = switch (e) {
                case NoSuchFileException _ -> "is not there";
                case AccessDeniedException _ -> "may not be read by this user";
                default -> "cannot be read to its end: " + e.getMessage();
            };
            call.complain("carteiro trace: " + LogText.printable(name) + " " + LogText.printable(why) + "\n");
            return false;
        }
    }

    private static Path path(String octets) {
        return Path.of(new String(Octets.bytes(octets), StandardCharsets.UTF_8));
    }

    /** 1 to {@link #MOST_OF_ALL}; 0 if it is no such number. */
    private static int number(String digits) {
        if (!digits.matches("\\d{1,6}")) {
            return 0;
        }
        int number = Integer.parseInt(digits);
        return number <= MOST_OF_ALL ? number : 0;
    }
}

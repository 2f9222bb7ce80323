package carteiro.queuetool;

import carteiro.control.ChosenHome;
import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.posix.Identity;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.StoppedQueue;
import carteiro.protocol.StoppedQueueOpener;
import carteiro.protocol.Withdrawal;
import carteiro.protocol.Withdrawal.WithdrawalAction;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import carteiro.segments.FileDisk;
import carteiro.segments.QueueFolder;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;

/** {@code carteiro queue check, show, ...}: for whoever looks after a queue (docs/programs/queue.md). */
public final class QueueCommand {
    /** The group of nobody: what the kernel says for a group that cannot be told. */
    private static final int NO_GROUP = 65_534;

    private static final int FAULTS = 1;
    private static final int PERMANENT = 100;
    private static final int BUFFER = 1 << 20;
    private static final int MOST_OF_A_LIST = 32 << 20; // octets
    private static final String USAGE = """
            usage: carteiro queue check [ --home DIR ]
                   carteiro queue show [ --message ] NUMBER... [ --home DIR ]
                   carteiro queue remove NUMBER...|- [ --home DIR ]
                   carteiro queue bounce [ --because TEXT ] NUMBER...|- [ --home DIR ]
                   carteiro queue export [ --format 1 ] FILE|- [ --home DIR ]
                   carteiro queue import FILE|- [ --home DIR ]
            """;

    private QueueCommand() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("carteiro queue", arguments, QueueCommand::run);
    }

    /** What the command does; its exit code. */
    public static int run(Invocation call) throws IOException {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        if (!chosen.problem().isEmpty()) {
            call.complain("carteiro queue: " + chosen.problem() + "\n");
            return PERMANENT;
        }
        Installation installation = chosen.installation();
        List<String> words = chosen.rest();
        Path folder = installation.queue();
        String verb = words.isEmpty() ? "" : words.getFirst();
        boolean isRoot = Identity.ownUid() == 0;
        try {
            if (verb.equals("check") && words.size() == 1) {
                becomeOwner(folder);
                return check(call, folder);
            } else if (verb.equals("export") && words.size() == 2) {
                return export(call, folder, ExportedEnvelope.VERSION, words.get(1));
            } else if (verb.equals("export")
                    && words.size() == 4
                    && words.get(1).equals("--format")) {
                return export(call, folder, format(words.get(2)), words.get(3));
            } else if (verb.equals("import") && words.size() == 2) {
                return takeIn(call, installation, words.get(1));
            } else if (verb.equals("show") && words.size() > 1) {
                return show(call, installation, words.subList(1, words.size()));
            } else if ((verb.equals("remove") || verb.equals("bounce")) && words.size() > 1) {
                return withdraw(call, installation, verb, words.subList(1, words.size()));
            }
        } catch (AccessDeniedException e) {
            throw new IOException(
                    isRoot
                            ? e.getMessage() + " belongs to another user than the rest of " + folder
                                    + ", as a run of all"
                                    + " programs in one process by root leaves it; stop queue, then: chown -R --reference="
                                    + folder + " " + folder
                            : e.getMessage() + " cannot be opened: only root and the owner of " + folder
                                    + " may look into a queue; run this command as one of them",
                    e);
        } catch (NoSuchFileException e) {
            throw new IOException(
                    e.getMessage() + " is not there"
                            + ((folder + "/" + QueueFolder.FORMAT_FILE).equals(e.getMessage())
                                    ? ": queue has not been started on this HOME yet, or it is no queue"
                                    : ""),
                    e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (UsageException e) {
            call.complain("carteiro queue: " + e.getMessage() + "\n");
        }
        call.complain(USAGE);
        return PERMANENT;
    }

    /** An argument that cannot be meant. */
    private static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    private static int show(Invocation call, Installation installation, List<String> words)
            throws IOException, UsageException {
        Path folder = installation.queue();
        boolean octets = words.getFirst().equals("--message");
        List<Long> numbers = numbers(octets ? words.subList(1, words.size()) : words, "");
        if (octets && numbers.size() != 1) {
            throw new UsageException("--message is for one message");
        }
        if (!octets && !Files.isReadable(folder.resolve(QueueFolder.FORMAT_FILE)) && Identity.ownUid() != 0) {
            return ShowOwn.run(call, installation, numbers);
        }
        becomeOwner(folder);
        return Show.run(call, installation, octets ? Show.What.OCTETS : Show.What.DESCRIPTION, numbers);
    }

    private static int withdraw(Invocation call, Installation installation, String verb, List<String> words)
            throws IOException, UsageException {
        boolean because = words.getFirst().equals("--because") && verb.equals("bounce") && words.size() > 1;
        String reason = because ? words.get(1) : "";
        if (reason.length() > Withdrawal.REASON_LIMIT) {
            throw new UsageException("a reason has at most " + Withdrawal.REASON_LIMIT + " octets");
        }
        List<String> which = because ? words.subList(2, words.size()) : words;
        List<Long> numbers = which.equals(List.of("-")) ? numbers(call.in()) : numbers(which, "");
        if (numbers.isEmpty() && !which.equals(List.of("-"))) {
            throw new UsageException("which message?");
        }
        var order = new WithdrawalRequest(
                verb.equals("remove") ? WithdrawalAction.REMOVE : WithdrawalAction.BOUNCE, reason);
        return new Withdraw(call, installation, order).run(numbers);
    }

    /** A number a line. All are read before anything is done. */
    private static List<Long> numbers(InputStream in) throws IOException, UsageException {
        byte[] octets = in.readNBytes(MOST_OF_A_LIST + 1);
        if (octets.length > MOST_OF_A_LIST) {
            throw new UsageException("a list of numbers has at most " + MOST_OF_A_LIST + " octets; do it in parts");
        }
        var numbers = new ArrayList<Long>();
        int line = 0;
        for (String text : Octets.text(octets).lines().toList()) {
            line++;
            if (!text.isBlank()) {
                numbers.addAll(numbers(List.of(text.strip()), "line " + line + " of standard input: "));
            }
        }
        return numbers;
    }

    private static List<Long> numbers(List<String> words, String where) throws UsageException {
        var numbers = new ArrayList<Long>();
        for (String word : words) {
            String digits = word.startsWith("#") ? word.substring(1) : word; // as qmail-qread shows it
            if (!digits.matches("[0-9]{1,18}") || Long.parseLong(digits) == 0) {
                throw new UsageException(where + LogText.sentence(word) + " is no number of a message");
            }
            numbers.add(Long.parseLong(digits));
        }
        return numbers;
    }

    /** Root gives up what it does not need, and leaves no file that queue, run by the user who ran it, could not use. */
    static void becomeOwner(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(folder + " is not there; --home DIR says which installation is meant");
        }
        Path format = folder.resolve(QueueFolder.FORMAT_FILE);
        Path owned = Files.exists(format) ? format : folder;
        int owner = (Integer) Files.getAttribute(owned, "unix:uid");
        if (owner != 0 && Identity.ownUid() == 0) {
            Optional<SystemAccount> account = SystemAccount.withUid(owner);
            if (account.isEmpty()) { // as in containers, where a user may be a number
                int group = (Integer) Files.getAttribute(owned, "unix:gid");
                account = Optional.of(new SystemAccount(
                        Integer.toUnsignedString(owner), owner, group == 0 ? NO_GROUP : group, "/")); // never in root's
            }
            Identity.become(account.get());
        }
    }

    private static int check(Invocation call, Path folder) throws IOException {
        FileDisk disk = FileDisk.forReading(folder);
        var _ = QueueFolder.version(disk);
        QueueRunState state = disk.isLocked(QueueFolder.LOCK) ? QueueRunState.RUNNING : QueueRunState.STOPPED;
        print(
                call,
                folder
                        + (state == QueueRunState.RUNNING
                                ? ": queue is running; what it writes meanwhile is not looked at"
                                : ": queue is not running"));
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var snapshot = new Snapshot(disk, state, log)) {
            int faults = new QueueCheck(disk, state, folder.toString(), snapshot, line -> print(call, line)).run();
            if (state == QueueRunState.STOPPED && disk.isLocked(QueueFolder.LOCK)) {
                throw new IOException("queue was started meanwhile; what was found may be wrong; check again");
            }
            return faults == 0 ? 0 : FAULTS;
        }
    }

    private static int format(String word) throws UsageException {
        for (int format = ExportedEnvelope.FIRST_VERSION; format <= ExportedEnvelope.VERSION; format++) {
            if (word.equals(Integer.toString(format))) {
                return format;
            }
        }
        throw new UsageException("--format is one of " + ExportedEnvelope.FIRST_VERSION + " to "
                + ExportedEnvelope.VERSION + ", not " + LogText.sentence(word));
    }

    /** The archive is opened before root is given up; it must not be there yet. */
    private static int export(Invocation call, Path folder, int format, String name) throws IOException {
        if (name.equals("-")) {
            becomeOwner(folder);
            return export(call, folder, format, call.out(), call.err());
        }
        var file = Path.of(name);
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            return export(call, folder, format, file, channel);
        } catch (FileAlreadyExistsException e) {
            throw new IOException(name + " is there already; remove it, or name another file", e);
        }
    }

    private static int export(Invocation call, Path folder, int format, Path file, FileChannel channel)
            throws IOException {
        try {
            becomeOwner(folder);
            int exit = export(call, folder, format, Channels.newOutputStream(channel), call.out());
            channel.force(true);
            return exit;
        } catch (IOException | RuntimeException e) {
            try {
                Files.delete(file);
            } catch (IOException _) { // who was root may no longer do so
                call.complain("carteiro queue: " + file + " is no whole export; remove it\n");
            }
            throw e;
        }
    }

    private static int export(Invocation call, Path folder, int format, OutputStream archive, OutputStream words)
            throws IOException {
        FileDisk disk = FileDisk.forReading(folder);
        var _ = QueueFolder.version(disk);
        try (Closeable share = disk.shareLock(QueueFolder.LOCK); // a queue must not start meanwhile
                var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var snapshot = new Snapshot(disk, share == null ? QueueRunState.RUNNING : QueueRunState.STOPPED, log)) {
            QueueRunState state = share == null ? QueueRunState.RUNNING : QueueRunState.STOPPED;
            var out = new BufferedOutputStream(archive, BUFFER);
            Export.ExportResult result = new Export(
                            disk, state, snapshot, out, format, line -> call.complain("carteiro queue: " + line + "\n"))
                    .run();
            out.flush();
            say(
                    words,
                    folder + ": exported " + result.messages() + " messages of " + result.octets() + " octets; "
                            + result.ended() + " needed nothing more; " + result.unreadable() + " could not be read");
            for (Map.Entry<String, Integer> lost : result.lost().entrySet()) {
                say(
                        words,
                        "format " + format + " has no place for " + lost.getKey() + ", which " + lost.getValue()
                                + " messages had: it is not in the export");
            }
            if (state == QueueRunState.RUNNING) {
                say(
                        words,
                        "queue is running, and goes on to deliver what was exported: imported elsewhere, it is delivered"
                                + " twice; to move a queue, stop it first (docs/programs/queue.md)");
            }
            return result.unreadable() == 0 ? 0 : FAULTS;
        }
    }

    private static int takeIn(Invocation call, Installation installation, String name) throws IOException {
        Path folder = installation.queue();
        try (InputStream in = name.equals("-") ? call.in() : Files.newInputStream(Path.of(name))) {
            becomeOwner(folder);
            try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                    StoppedQueue queue = openStopped(installation, log)) {
                Import.ImportResult result =
                        new Import(queue, new BufferedInputStream(in, BUFFER), Clock.systemUTC()).run();
                String done = folder + ": imported " + result.messages() + " messages of " + result.octets()
                        + " octets, with " + result.recipients() + " recipients to be tried or bounced\n";
                try {
                    call.print(done);
                } catch (IOException e) {
                    call.complain(done); // that nobody listens undoes nothing
                }
                return 0;
            }
        }
    }

    /** Opens a queue that does not run, to change what waits in it. After {@link #becomeOwner}. */
    static StoppedQueue openStopped(Installation installation, EventLog log) throws IOException {
        StoppedQueueOpener opener = ServiceLoader.load(StoppedQueueOpener.class)
                .findFirst()
                .orElseThrow(() -> new IOException("this Carteiro is without queue"));
        try {
            return opener.open(installation, log);
        } catch (ControlException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static void say(OutputStream to, String line) throws IOException {
        to.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void print(Invocation call, String line) {
        try {
            call.print(line + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e); // standard output is closed
        }
    }
}

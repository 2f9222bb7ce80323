package carteiro.local;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.protocol.Deliver.Delivery;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Lookup;
import carteiro.protocol.Messages;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Program.ProgramContext;
import carteiro.protocol.Program.RunningProgram;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Wires;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** The program local, started, among a lookup, messages and a queue that the test fills. */
final class LocalAtWork implements AutoCloseable, Lookup, Messages {
    static final String HOST = "x.example.org";
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "PATH",
            "/usr/bin:/bin",
            "LC_X",
            "y",
            "X",
            "1",
            "AWS_SECRET_ACCESS_KEY",
            "secret",
            "DEFAULT",
            "of the starter");

    final Person person;
    final Path home;
    final Path installation;
    final KeptMessages queue = new KeptMessages();
    final ConcurrentMap<String, Answer> accounts = new ConcurrentHashMap<>();
    final Wires wires;
    final RunningProgram running;
    private final ConcurrentMap<Long, byte[]> messages = new ConcurrentHashMap<>();
    private final AtomicLong counter = new AtomicLong();

    /** How often lookup is not there when it is asked. */
    final AtomicLong absent = new AtomicLong();

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());

    LocalAtWork(Path folder) throws IOException, ControlException {
        this(folder, Map.of());
    }

    LocalAtWork(Path folder, Map<String, String> control) throws IOException, ControlException {
        person = Person.one();
        home = person.home(folder);
        installation = Files.createDirectory(folder.resolve("i"));
        Files.createDirectory(installation.resolve("control"));
        var settings = new HashMap<>(Map.of("concurrencylocal", "1000", "concurrencyperuser", "1000"));
        settings.putAll(control);
        for (var file : settings.entrySet()) {
            Files.writeString(installation.resolve("control").resolve(file.getKey()), file.getValue());
        }
        var layout = new Installation(installation);
        wires = new DirectWires(new SocketWires(layout, log));
        wires.offer((Lookup) this);
        wires.offer((Messages) this);
        wires.offer(queue);
        running = new Local().start(new ProgramContext(layout, wires, log, ENVIRONMENT, () -> {}));
        account("joe", "", "");
    }

    Answer.Account account(String local, String dash, String extension) {
        return account(local, dash, extension, new DeliveryInstructions.DotQmailInstructions());
    }

    Answer.Account account(String local, String dash, String extension, DeliveryInstructions instructions) {
        var account = new Answer.Account(
                new AccountIdentity("joe", person.uid(), person.gid()),
                new AccountHome(home.toString(), dash, extension),
                instructions);
        accounts.put(local + "@" + HOST, account);
        return account;
    }

    /** Writes a file of the home. */
    Path write(String name, String octets) throws IOException {
        Path file = home.resolve(name);
        Files.write(file, Octets.bytes(octets));
        person.own(home);
        return file;
    }

    Outcome deliver(String local, String message) throws IOException {
        return deliver("s@x.example", local, Octets.bytes(message));
    }

    Outcome deliver(String sender, String local, byte[] message) throws IOException {
        return deliver(
                new Envelope(
                        new Address(sender),
                        List.of(new Address(local + "@" + HOST)),
                        Envelope.BodyType.EIGHT_BIT_MIME,
                        Envelope.AddressForm.ASCII,
                        Envelope.NO_UID),
                message);
    }

    Outcome deliver(Envelope envelope, byte[] message) throws IOException {
        long number = counter.incrementAndGet();
        messages.put(number, message);
        try {
            return wires.deliver(Wires.Channel.LOCAL)
                    .deliver(new Delivery(number, number, message.length, envelope, ""))
                    .getFirst();
        } finally {
            messages.remove(number);
        }
    }

    /** The files in new/ of a Maildir of the home. */
    List<Path> inMaildir(String name) throws IOException {
        try (var files = Files.list(home.resolve(name).resolve("new"))) {
            return files.toList();
        }
    }

    /** What local keeps of messages and pipes. */
    List<Path> leftBehind() throws IOException {
        try (var files = Files.list(installation.resolve("run/local/messages"))) {
            return files.toList();
        }
    }

    /** The log; complete after close. */
    String log() {
        return logged.toString();
    }

    @Override
    public RecipientAnswer recipient(LookupQuestion question) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Answer account(LookupQuestion question) throws IOException {
        if (absent.getAndDecrement() > 0) {
            throw new NotRunningException("lookup is not running");
        }
        Answer answer = accounts.get(question.recipient().octets());
        return answer == null ? new Answer.NoSuchAddress(new Status(5, 1, 1), "No such mailbox") : answer;
    }

    @Override
    public MessageBody open(long message) throws IOException {
        byte[] octets = messages.get(message);
        if (octets == null) {
            throw new FileNotFoundException("none");
        }
        return MessageBody.of(octets);
    }

    @Override
    public void close() {
        running.stop(Duration.ofSeconds(10));
        wires.close();
        log.close();
    }
}

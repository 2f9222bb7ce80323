package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.posix.ProcessCredentials;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.testkit.Covers;
import carteiro.testkit.SystemUser;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is served at the endpoints, and what who is told: callers are processes with other users, some without a name. */
final class EndpointServerTest {
    private static final int NAMELESS = 54_321;
    private static final int ANOTHER = 54_322;

    @TempDir(factory = OpenFolder.class)
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());

    /** A folder that other users can enter. */
    static final class OpenFolder implements org.junit.jupiter.api.io.TempDirFactory {
        @Override
        public Path createTempDirectory(
                org.junit.jupiter.api.extension.AnnotatedElementContext element,
                org.junit.jupiter.api.extension.ExtensionContext context)
                throws IOException {
            return Files.setPosixFilePermissions(
                    Files.createTempDirectory("endpoints"), PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @BeforeEach
    void root() throws IOException {
        assumeThat(SystemAccount.effectiveUid()).as("needs root").isZero();
        assumeThat(SystemAccount.withUid(NAMELESS)).isEmpty();
        assumeThat(SystemAccount.withUid(ANOTHER)).isEmpty();
    }

    @AfterEach
    void end() {
        log.close();
    }

    /** What a caller said on its standard output. */
    private String as(int uid, Class<?> program, String... arguments) throws Exception {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        var path = new ArrayList<String>();
        for (String part : (System.getProperty("java.class.path")
                        + File.pathSeparator
                        + System.getProperty("jdk.module.path", ""))
                .split(File.pathSeparator)) {
            if (!part.isEmpty()) {
                Path copy = classes.resolve(Integer.toHexString(part.hashCode()) + "-"
                        + Path.of(part).getFileName());
                path.add(copy.toString());
                if (Files.notExists(copy)) {
                    copy(Path.of(part), copy); // the build may lie where only root may look
                }
            }
        }
        var command = new ArrayList<>(List.of(
                "setpriv",
                "--reuid=" + uid,
                "--regid=" + uid,
                "--clear-groups",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                String.join(File.pathSeparator, path),
                program.getName(),
                folder.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
    }

    /** Asks lookup for everything. */
    static final class Asker {
        private Asker() {}

        public static void main(String[] arguments) throws IOException {
            var out = new StringBuilder();
            try (var log = new EventLog(System.err, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                    var wires = new SocketWires(new Installation(Path.of(arguments[0])), log)) {
                for (int i = 1; i < arguments.length; i++) {
                    var address = new Address(arguments[i]);
                    out.append(wires.lookup()
                                    .recipient(LookupQuestion.receiving(address, Address.NULL))
                                    .verdict())
                            .append('\n');
                    out.append(wires.lookup().account(LookupQuestion.delivering(address, Address.NULL)))
                            .append('\n');
                }
                for (OfWires each : List.<OfWires>of(
                        w -> w.waiting().open(),
                        w -> w.routing().routes(List.of(new Address("a@b"))),
                        w -> w.homes().look(new Homes.AccountExtension(1, 1, "/", "-", "x")),
                        w -> w.inspection().counts())) {
                    try {
                        out.append(each.of(wires)).append('\n');
                    } catch (IOException e) {
                        out.append("refused\n");
                    }
                }
                try (var submission = wires.enqueue().open()) {
                    out.append(submission.commit(envelope(0))).append('\n');
                }
            }
            System.out.print(out);
            System.out.flush();
        }

        private interface OfWires {
            Object of(Wires wires) throws IOException;
        }
    }

    private static Envelope envelope(int uid) {
        return new Envelope(
                Address.NULL,
                List.of(new Address("a@b")),
                Envelope.BodyType.SEVEN_BIT,
                Envelope.AddressForm.ASCII,
                uid);
    }

    private static Answer.Account accountOf(int uid) {
        return new Answer.Account(
                new AccountIdentity("joe", uid, uid),
                new AccountHome("/home/joe", "", ""),
                new DeliveryInstructions.DirectoryInstructions(
                        "./Maildir/",
                        Lookup.Mailbox.KEEP,
                        List.of("secret-command"),
                        List.of(new Address("secret@forward")),
                        Lookup.DotFiles.IGNORED));
    }

    private static final Routing ROUTING = new Routing() {
        @Override
        public List<Route> routes(List<Address> envelopeRecipients) {
            return envelopeRecipients.stream().<Route>map(Route.ToRemote::new).toList();
        }

        @Override
        public void reread() {}
    };

    private static final Lookup LOOKUP = new Lookup() {
        private final Map<String, Answer> answers = Map.of(
                "own",
                accountOf(NAMELESS),
                "other",
                accountOf(ANOTHER),
                "forward",
                new Answer.ForwardOnly(List.of(new Address("secret@forward"))),
                "nobody",
                new Answer.NoSuchAddress(new Status(5, 1, 1), "no such address"),
                "away",
                new Answer.Unresolved(new Status(4, 4, 3), "secret-server"));

        @Override
        public RecipientAnswer recipient(LookupQuestion question) {
            AddressVerdict verdict = switch (account(question)) {
                case Answer.Account _, Answer.ForwardOnly _, Answer.Trash _ -> new AddressVerdict.KnownAddress();
                case Answer.OtherHost _ -> new AddressVerdict.RemoteAddress();
                case Answer.NoSuchAddress(var status, var reason) -> new AddressVerdict.UnknownAddress(status, reason);
                case Answer.Unresolved(var status, var reason) -> new AddressVerdict.Undecided(status, reason);
            };
            return new RecipientAnswer("example.org", true, verdict);
        }

        @Override
        public Answer account(LookupQuestion question) {
            Address address = question.recipient();
            return Objects.requireNonNull(answers.get(address.octets()));
        }
    };

    @Test
    void aUserWithoutANameIsServedAsAGuestByItsNumberAndLearnsItsOwnAccountAlone() throws Exception {
        var uids = new CopyOnWriteArrayList<Integer>();
        try (var wires = new SocketWires(new Installation(folder), log);
                Closeable _ = wires.offer(LOOKUP);
                Closeable _ = wires.offerHomes(_ -> Homes.Presence.YES);
                Closeable _ = wires.offerRouting(ROUTING);
                Closeable _ = wires.offer((Enqueue) () -> new Enqueue.Submission() {
                    @Override
                    public void write(byte[] octets, int from, int length) {}

                    @Override
                    public Enqueue.Receipt commit(Envelope envelope, String fields) {
                        uids.add(envelope.uid());
                        return new Enqueue.Receipt.Accepted(457);
                    }

                    @Override
                    public void close() {}
                })) {
            String said = as(NAMELESS, Asker.class, "own", "other", "forward", "nobody", "away");
            assertThat(said.lines())
                    .as(said)
                    .containsExactly(
                            "KnownAddress[]",
                            accountOf(NAMELESS).toString(),
                            "KnownAddress[]",
                            "Unresolved[status=4.7.0, reason=this is told to root and to the account's own user alone]",
                            "KnownAddress[]",
                            "Unresolved[status=4.7.0, reason=this is told to root and to the account's own user alone]",
                            "UnknownAddress[status=5.1.1, reason=no such address]",
                            "NoSuchAddress[status=5.1.1, reason=no such address]",
                            "Undecided[status=4.4.3, reason=the log of lookup says why]",
                            "Unresolved[status=4.4.3, reason=the log of lookup says why]",
                            "refused",
                            "refused",
                            "refused",
                            "refused",
                            "Accepted[message=457]");
            assertThat(uids).containsExactly(NAMELESS);
            assertThat(wires.lookup().account(LookupQuestion.delivering(new Address("other"), Address.NULL)))
                    .as("root is told all")
                    .isEqualTo(accountOf(ANOTHER));
            assertThat(wires.lookup()
                            .recipient(LookupQuestion.receiving(new Address("away"), Address.NULL))
                            .verdict())
                    .hasToString("Undecided[status=4.4.3, reason=secret-server]");
        }
    }

    /** Connects to send's endpoint at queue. */
    static final class Sender {
        private Sender() {}

        public static void main(String[] arguments) {
            try (var log = new EventLog(System.err, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                    var wires = new SocketWires(new Installation(Path.of(arguments[0])), log);
                    var session = wires.waiting().open()) {
                System.out.print("served " + session);
            } catch (IOException e) {
                System.out.print("refused");
            }
        }
    }

    @Test
    void aProgramOfOursThatIsRefusedIsAnAlertAtOnceAndAnotherUserIsNone() throws Exception {
        int stranger = SystemAccount.named("nobody").orElseThrow().uid();
        int qmailr = SystemUser.make("qmailr");
        try (var wires = new SocketWires(new Installation(folder), log);
                Closeable _ = wires.offer((Waiting) () -> {
                    throw new IOException("not asked for");
                })) {
            for (int uid : new int[] {stranger, NAMELESS}) {
                assertThat(as(uid, Sender.class)).isEqualTo("refused");
            }
            while (!lines.toString(StandardCharsets.UTF_8)
                    .contains("user qmailr refused")) { // one alert a second is said
                assertThat(as(qmailr, Sender.class)).isEqualTo("refused");
            }
        }
        log.close();
        String socket = Endpoint.WAITING.socket(folder.resolve("run")).toString();
        assertThat(lines.toString(StandardCharsets.UTF_8).lines())
                .contains("warning: queue: " + socket + ": connection by user nobody refused")
                .filteredOn(line -> line.startsWith("alert: queue: " + socket + ": connection by user "))
                .hasSize(2)
                .allMatch(line -> line.contains("mail is accepted and not delivered"))
                .anyMatch(line -> line.contains("user " + NAMELESS + " refused"))
                .anyMatch(line -> line.contains("user qmailr refused"));
    }

    /** Programs of one installation, both run by a user without a name: as in a container. */
    static final class Both {
        private Both() {}

        public static void main(String[] arguments) throws IOException {
            var home = new Installation(Path.of(arguments[0]).resolve("own"));
            try (var log = new EventLog(System.out, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                    var server = new SocketWires(home, log);
                    var client = new SocketWires(home, log);
                    Closeable _ = server.offer((Waiting) () -> new Waiting.WaitingSession() {
                        @Override
                        public List<Waiting.WaitingMessage> next(int most, Duration patience) {
                            return List.of();
                        }

                        @Override
                        public void report(List<Waiting.Report> reports) {}

                        @Override
                        public Waiting.Page recipients(long message, int from) {
                            return Waiting.Page.NONE;
                        }

                        @Override
                        public List<Waiting.Failure> failures(long message, int after) {
                            return List.of();
                        }

                        @Override
                        public void close() {}
                    });
                    var session = client.waiting().open()) {
                System.out.println("served " + session.next(1, Duration.ZERO));
            }
        }
    }

    @Test
    void programsOfAUserWithoutANameServeEachOther() throws Exception {
        Path own = Files.createDirectory(folder.resolve("own"));
        Files.setAttribute(own, "unix:uid", NAMELESS);
        assertThat(as(NAMELESS, Both.class)).isEqualTo("served []\n");
    }

    /** What a command says of its caller on top of a message. */
    static final class Received {
        private Received() {}

        public static void main(String[] arguments) {
            System.out.print(LocalSubmission.received(ProcessCredentials.current(), Instant.EPOCH));
        }
    }

    @Test
    @Covers("qmail:Q04")
    void theReceivedFieldSaysWhoTheCallerReallyIs() throws Exception {
        assertThat(as(NAMELESS, Received.class))
                .matches("Received: \\(qmail [0-9]+ invoked by uid " + NAMELESS + "\\); 1 Jan 1970 00:00:00 -0000\n");
        int alias = SystemUser.make("alias");
        assertThat(LocalSubmission.received(new ProcessCredentials(1, NAMELESS, "alias"), Instant.EPOCH))
                .as("a name proves nothing")
                .contains(" by uid " + NAMELESS);
        assertThat(LocalSubmission.received(new ProcessCredentials(1, alias, "another-name-of-its"), Instant.EPOCH))
                .contains(" by alias)");
        var invoked = Map.of("alias", "by alias", "qmaild", "from network", "qmails", "for bounce");
        for (var each : invoked.entrySet()) {
            assertThat(as(SystemUser.make(each.getKey()), Received.class))
                    .contains(" invoked " + each.getValue() + "); ");
        }
    }

    @Test
    void numbersAreThoseOfTheSystem() throws Exception {
        var uids = new SystemUids();
        var service = folder.getFileSystem().getUserPrincipalLookupService();
        for (int uid : List.of(0, 1, NAMELESS, Integer.MAX_VALUE, -2)) {
            Path file = Files.createFile(folder.resolve("file" + uid));
            Files.setAttribute(file, "unix:uid", uid);
            assertThat(uids.of(Files.getOwner(file))).isEqualTo(uid);
        }
        assertThat(uids.isOneOf(List.of("root"), 0)).isTrue();
        assertThat(uids.isOneOf(List.of("root", "no-such-user"), NAMELESS)).isFalse();
        assertThat(service.lookupPrincipalByName(Integer.toString(NAMELESS))).isNotNull();
        assertThatThrownBy(() -> uids.of(() -> "root")).isInstanceOf(IOException.class);
    }
}

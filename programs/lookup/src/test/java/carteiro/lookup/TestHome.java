package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.posix.UnixId;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.NotRunningException;
import carteiro.wire.Watchdog;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An installation in a temporary folder, with accounts written by hand, and a lookup in it. */
final class TestHome implements AutoCloseable {
    /** Whoever runs the tests: nobody else's files can be made without root. */
    static final int OWN_UID = SystemAccount.effectiveUid();

    /** An owner of homes that is not root. */
    static final int USER_UID = OWN_UID == 0 ? 4711 : OWN_UID;

    final Installation installation;
    final Path homes;
    final Map<String, SystemAccount> accounts = new HashMap<>();
    final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final Watchdog watchdog = new Watchdog();
    private final MailUsers users = new MailUsers(this::account);
    private @Nullable AddressLookup lookup;
    private String trouble = "";

    /** Looks into homes for lookup. */
    volatile Homes looks = _ -> {
        throw new NotRunningException("local is not running");
    };

    TestHome(Path folder) throws IOException {
        installation = new Installation(folder.resolve("carteiro"));
        homes = Files.createDirectories(folder.resolve("homes"));
        Files.createDirectories(installation.control());
        Files.createDirectories(installation.users());
        Files.createDirectories(installation.alias());
        control("me", "host.example.org\n");
        control("locals", "host.example.org\nexample.org\n");
        accounts.put("alias", new SystemAccount("alias", USER_UID, 2108, "/nowhere"));
    }

    private Optional<SystemAccount> account(String name) throws IOException {
        if (!trouble.isEmpty()) {
            throw new IOException(trouble);
        }
        return Optional.ofNullable(accounts.get(name));
    }

    /** From now on the system's name service fails. */
    void breakNameService(String message) {
        trouble = message;
    }

    TestHome control(String name, String text) throws IOException {
        Files.write(installation.control(name), Octets.bytes(text));
        return this;
    }

    /** Makes a mail user with a home of its own. */
    Path user(String name) throws IOException {
        Path home = Files.createDirectories(homes.resolve(name));
        own(home, USER_UID);
        accounts.put(name, new SystemAccount(name, USER_UID, 100, home.toString()));
        return home;
    }

    static void own(Path path, int uid) throws IOException {
        if (OWN_UID == 0) {
            Files.setAttribute(path, "unix:uid", uid);
        }
    }

    TestHome assign(String text) throws IOException {
        Files.write(installation.users().resolve("assign"), Octets.bytes(text));
        Called newu = call(List.of(), "", QmailNewu::run, "qmail-newu");
        if (newu.code != 0) {
            throw new IOException(newu.err);
        }
        return this;
    }

    AddressLookup lookup() throws ControlException {
        AddressLookup made = lookup;
        if (made == null) {
            made = LookupProgram.build(
                    installation,
                    LookupSettings.read(installation),
                    users,
                    deadline -> users.named("alias", deadline),
                    new FaultLogLimiter(log),
                    watchdog,
                    extension -> looks.look(extension));
            lookup = made;
        }
        return made;
    }

    /** A lookup with the settings as they are now. */
    AddressLookup fresh() throws ControlException {
        if (lookup != null) {
            lookup.close();
            lookup = null;
        }
        return lookup();
    }

    /** The lookup made before. */
    AddressLookup lookupNow() {
        return java.util.Objects.requireNonNull(lookup);
    }

    Answer recipient(String address) throws ControlException {
        return lookup().answer(Lookup.LookupQuestion.explaining(new Address(address)), LookupTrace.NONE);
    }

    Answer account(Address address) throws ControlException {
        return lookup().account(Lookup.LookupQuestion.delivering(address, Address.NULL));
    }

    /** What smtpd asks. */
    static Lookup.LookupQuestion receiving(String recipient) {
        return Lookup.LookupQuestion.receiving(new Address(recipient), new Address("ann@sender.example"));
    }

    /** An answer as short text: an account as {@code user:uid:gid:home:dash:ext}. */
    static String brief(Answer answer) {
        return switch (answer) {
            case Answer.Account a ->
                String.join(
                        ":",
                        a.identity().user(),
                        "" + UnixId.number(a.identity().uid()),
                        "" + UnixId.number(a.identity().gid()),
                        a.home().folder(),
                        a.home().dash(),
                        a.home().extension());
            case Answer.ForwardOnly(var targets) -> "forward " + targets;
            case Answer.OtherHost() -> "remote";
            case Answer.Trash() -> "trash";
            case Answer.NoSuchAddress(var status, var _) -> "unknown " + status;
            case Answer.Unresolved(var status, var _) -> "notnow " + status;
        };
    }

    /** All that was logged; ends the log. */
    String log() {
        log.close();
        return logged.toString(StandardCharsets.ISO_8859_1);
    }

    /** What a command did. */
    record Called(int code, String out, String err) {}

    Called call(List<String> arguments, String input, Invocation.CommandAction work, String name) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = new Invocation(
                        arguments,
                        Map.of("CARTEIRO_HOME", installation.home().toString()),
                        new ByteArrayInputStream(Octets.bytes(input)),
                        out,
                        err)
                .run(name, work);
        return new Called(code, Octets.text(out.toByteArray()), Octets.text(err.toByteArray()));
    }

    MailUsers users() {
        return users;
    }

    @Override
    public void close() {
        if (lookup != null) {
            lookup.close();
        }
        users.close();
        watchdog.close();
        log.close();
    }
}

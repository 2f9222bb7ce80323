package carteiro.start;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.LogText;
import carteiro.posix.RegularFile;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Spool;
import carteiro.start.Layout.FolderOwner;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Writes the first control files and folders of an installation, and explains each. What exists is never changed. */
final class Init {
    private static final Pattern HOST = Pattern.compile(
            "(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");

    /** The largest file whose content is shown, and the largest start script that is read, in octets. */
    private static final int LARGEST_SHOWN = 60;

    private static final int LARGEST_SCRIPT = 64 * 1024;

    /** The most accounts looked at, and the most named. */
    private static final int MOST_ACCOUNTS = 100_000;

    private static final int MOST_NAMES = 10;

    private final Installation installation;
    private final PrintStream out;
    private final boolean root;
    private final Prompt prompt;

    /** Asks whoever runs this. */
    interface Prompt {
        /** The answer without its line end; empty if there is nobody to ask. */
        Optional<String> ask(String question);
    }

    Init(Installation installation, PrintStream out, boolean root, Prompt prompt) {
        this.prompt = prompt;
        this.installation = installation;
        this.out = out;
        this.root = root;
    }

    /**
     * Does it.
     *
     * @param me the host's own name
     * @param domain a further domain whose mail is for this host, if somebody has said one
     * @param delivery the content of control/defaultdelivery, if somebody has said it
     * @throws IOException naming what could not be written, or that {@code me} or {@code domain} is no name of a host
     */
    void write(String me, Optional<String> domain, Optional<String> delivery) throws IOException {
        String host = name(me, "--me");
        Optional<String> second = domain.isPresent() ? Optional.of(name(domain.get(), "--domain")) : Optional.empty();
        Optional<String> instructions = delivery.or(this::deliveryOfQmail);
        Path setting = installation.control(Settings.DEFAULTDELIVERY);
        if (instructions.isEmpty() && Files.exists(installation.control(Settings.ME)) && !Files.exists(setting)) {
            throw new IOException(
                    setting + " is missing, and no start script of qmail's (" + String.join(", ", scripts())
                            + ") tells what it delivers by; say what is done with mail of accounts without a .qmail file, for"
                            + " example: --delivery ./Mailbox");
        }
        if (instructions.orElse("x").isBlank()) {
            throw new IOException("--delivery is empty, so that mail would vanish; ./Maildir/ is an example");
        }
        if (root) {
            trusted();
        }
        second = second.or(() -> askForDomain(host));
        folders();
        String domains = second.filter(other -> !other.equals(host))
                .map(other -> host + "\n" + other)
                .orElse(host);
        control("me", host, "the name of this host, and what every other name below defaults to");
        control("defaultdomain", defaultDomain(host), "added to host names without a dot by inject");
        control("plusdomain", plusDomain(host), "added to host names that end in + by inject");
        control("locals", domains, "domains whose mail is delivered on this host; add one a line");
        control("rcpthosts", domains, "domains that strangers may send to by SMTP; add one a line");
        control(
                "defaultdelivery",
                instructions.orElse("./Maildir/"),
                "where mail goes for an account without a .qmail file");
        control(
                "smtpdlisten",
                listen(),
                root
                        ? "where smtpd listens; [::]:25 is every address of this host, the standard port"
                        : "where smtpd listens; 127.0.0.1:2525 is this host alone, a port that needs no root");
        aliases();
        notes(host);
        installation.queueOfQmail().ifPresent(sentence -> out.println("note: " + sentence));
        List<String> missing = root ? ProgramAccounts.missing() : List.of();
        if (!missing.isEmpty()) {
            out.println("The system lacks accounts that the programs run as: " + String.join(", ", missing)
                    + ". Make them by: carteiro init --create-users --home " + installation.home() + " --me " + host);
        }
        out.println(
                "Ready. Next: " + (root ? "carteiro run --split" : "carteiro run") + " --home " + installation.home());
    }

    private static String name(String text, String option) throws IOException {
        if (!HOST.matcher(text).matches()) {
            throw new IOException(
                    "\"" + text + "\" is no name of a host; " + option + " wants one such as mail.example.org");
        }
        return text.toLowerCase(Locale.ROOT);
    }

    /** Most hosts called mail.example.org are for user@example.org, too; that can only be asked. */
    private Optional<String> askForDomain(String host) {
        String domain = defaultDomain(host);
        if (domain.indexOf('.') < 0
                || Files.exists(installation.control(Settings.LOCALS))
                || Files.exists(installation.control(Settings.RCPTHOSTS))) {
            return Optional.empty();
        }
        return prompt.ask("Is mail for user@" + domain + " for this host, too, beside user@" + host + "? [y/N] ")
                .filter(answer -> answer.strip().toLowerCase(Locale.ROOT).matches("y(es)?"))
                .map(_ -> domain);
    }

    /** The host without its first label, as config-fast has it; a name of one label stays. */
    static String defaultDomain(String host) {
        int dot = host.indexOf('.');
        return dot < 0 ? host : host.substring(dot + 1);
    }

    /** The last two labels. */
    static String plusDomain(String host) {
        int last = host.lastIndexOf('.');
        int before = last < 0 ? -1 : host.lastIndexOf('.', last - 1);
        return host.substring(before + 1);
    }

    private String listen() {
        if (!root) {
            return "127.0.0.1:2525";
        }
        return Files.exists(Path.of("/proc/net/if_inet6")) ? "[::]:25" : "0.0.0.0:25"; // the former takes IPv4 too
    }

    /** What there is on the way to HOME must be root's before anything is made there, and what is in it before it is used. */
    private void trusted() throws IOException {
        Path parent = installation.home().getParent();
        while (parent != null && !Files.exists(parent, LinkOption.NOFOLLOW_LINKS)) {
            parent = parent.getParent();
        }
        if (parent != null) {
            Layout.trusted(parent);
        }
        Layout.checkHome(installation);
    }

    /** Where qmail's own start is written down, on a host that has it here. */
    private List<String> scripts() {
        return List.of(
                installation.home() + "/rc",
                installation.home() + "/supervise/qmail-send/run",
                "/service/qmail-send/run",
                "/etc/service/qmail-send/run",
                "/etc/init.d/qmail");
    }

    /** The default delivery that qmail-start is given here; empty if this is no qmail home, or its script leaves it open. */
    private Optional<String> deliveryOfQmail() {
        if (!Files.exists(installation.control(Settings.ME))
                || Files.exists(installation.control(Settings.DEFAULTDELIVERY))) {
            return Optional.empty();
        }
        for (String script : scripts()) {
            Path file = Path.of(script);
            try {
                Optional<String> found = content(file, LARGEST_SCRIPT).flatMap(QmailStart::delivery);
                if (found.isPresent()) {
                    out.println("note: control/defaultdelivery is taken from qmail-start in " + file);
                    return found;
                }
            } catch (IOException e) {
                out.println("note: " + file + " cannot be read: " + LogText.sentence(LogText.reason(e)));
            }
        }
        return Optional.empty();
    }

    /** What a newcomer, or a site that moves, would otherwise find out by mail that is refused or waits. */
    private void notes(String host) throws IOException {
        var files = new ControlFiles(installation);
        String domain = defaultDomain(host);
        List<String> locals = files.list(Settings.LOCALS).orElse(List.of());
        if (domain.indexOf('.') > 0 && !locals.contains(domain)) {
            out.println("note: mail for user@" + host + " is taken, mail for user@" + domain
                    + " is refused; if it is for this host, add " + domain
                    + " to control/locals and control/rcpthosts");
        }
        String delivery = files.text(Settings.DEFAULTDELIVERY).orElse("").strip();
        for (String program : List.of("dot-forward", "fastforward")) {
            if (delivery.contains(program)) {
                out.println("note: control/defaultdelivery runs " + program
                        + ", which is a package of its own: it must be on the PATH"
                        + " that Carteiro is started with; docs/from-qmail.md has more");
            }
        }
        if (delivery.lines().anyMatch(line -> line.strip().equals("./Maildir/"))) {
            withoutMaildir();
        }
    }

    /** Mail for an account whose Maildir is missing waits. */
    private void withoutMaildir() throws IOException {
        var without = new ArrayList<String>();
        for (SystemAccount account : people()) {
            Path home = Path.of(account.home());
            if (home.isAbsolute() && Files.isDirectory(home) && !Files.exists(home.resolve("Maildir"))) {
                without.add(account.name());
            }
        }
        if (!without.isEmpty()) {
            boolean many = without.size() > MOST_NAMES;
            out.println("note: no Maildir yet, so that their mail waits: "
                    + String.join(", ", many ? without.subList(0, MOST_NAMES) : without) + (many ? ", ..." : "")
                    + "; each makes it, as that user, by: carteiro maildirmake ~/Maildir");
        }
    }

    /** Who may get mail here: by root the people of the system's own list, else whoever runs this. */
    private List<SystemAccount> people() throws IOException {
        if (!root) {
            return SystemAccount.withUid(SystemAccount.effectiveUid()).stream().toList();
        }
        var people = new ArrayList<SystemAccount>();
        try (Stream<String> lines = Files.lines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1)) {
            for (String line : lines.limit(MOST_ACCOUNTS).toList()) {
                String[] fields = line.split(":", -1);
                if (fields.length == 7 && fields[2].matches("\\d{4,5}") && isPersons(Integer.parseInt(fields[2]))) {
                    people.add(new SystemAccount(fields[0], Integer.parseInt(fields[2]), 0, fields[5]));
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        return people;
    }

    /** Accounts of the system have lower ids, nobody and those of containers higher ones. */
    private static boolean isPersons(int uid) {
        return uid >= 1000 && uid < 60_000;
    }

    private void folders() throws IOException {
        FolderOwner us = new FolderOwner.Us();
        var missing = new ArrayDeque<Path>();
        Path above = installation.home().toAbsolutePath().normalize();
        while (above != null && !Files.exists(above, LinkOption.NOFOLLOW_LINKS)) {
            missing.push(above);
            above = above.getParent();
        }
        for (Path folder : missing) {
            Layout.folder(folder, "rwxr-xr-x", us);
        }
        folder(installation.control(), "rwxr-xr-x", us, "settings, one a file; see docs/control");
        folder(
                installation.users(),
                "rwxr-xr-x",
                us,
                "who owns which address (assign), if the system's accounts do not suffice");
        folder(installation.alias(), "rwxr-xr-x", owner("alias"), "instructions for addresses that no account owns");
        folder(installation.queue(), "rwxr-x---", owner("qmailq"), "the messages; queue alone writes here");
        say(
                Layout.spool(installation, owner("qmailq")),
                Spool.folder(installation),
                "mail of this host's users while queue is down; queue takes it in");
        folder(installation.run(), "rwxr-xr-x", us, "the sockets by which the programs meet");
        folder(
                installation.log(),
                "rwxr-x---",
                owner("qmaill"),
                "for a logger of your choice; carteiro itself logs to standard output");
    }

    /** One of our accounts when root sets up a host that has it; else whoever we are. */
    private FolderOwner owner(String account) throws IOException {
        return root && SystemAccount.named(account).isPresent()
                ? Layout.owner(installation.home(), account)
                : new FolderOwner.Us();
    }

    private void folder(Path folder, String mode, FolderOwner owner, String what) throws IOException {
        say(Layout.folder(folder, mode, owner), folder, what);
    }

    private void control(String name, String content, String what) throws IOException {
        say(create(installation.control(name), content + "\n"), installation.control(name), what);
    }

    /** Mail for these three has to reach a person; root and programs are no mailboxes. All of it is done as alias. */
    private void aliases() throws IOException {
        try {
            Layout.asOwner(installation.alias(), this::mailboxAndAliases);
        } catch (AccessDeniedException e) {
            throw new IOException(
                    LogText.reason(e) + "; the account alias, and the programs' users, must reach "
                            + installation.home() + ": chmod o+x the folders above it, or choose another",
                    e);
        }
        if (root) { // made before there was such an account
            handOver();
        }
        Optional<SystemAccount> account = SystemAccount.named("alias");
        if (root && account.isPresent() && !Path.of(account.get().home()).equals(installation.alias())) {
            out.println("note: the account alias has the home " + account.get().home() + ", not " + installation.alias()
                    + "; mend it by: usermod -d " + installation.alias() + " alias");
        }
    }

    private void mailboxAndAliases() throws IOException {
        Path mailbox = installation.alias().resolve("Maildir");
        boolean made = makeFolder(mailbox);
        for (String part : List.of("tmp", "new", "cur")) {
            boolean _ = makeFolder(mailbox.resolve(part));
        }
        say(made, mailbox, "the mailbox of the three below, until you put a person's address there: &ann@example.org");
        for (String name : List.of("postmaster", "mailer-daemon", "root")) {
            Path file = installation.alias().resolve(".qmail-" + name);
            say(create(file, "./Maildir/\n"), file, "mail to " + name);
        }
    }

    private static boolean makeFolder(Path folder) throws IOException {
        try {
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return true;
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) {
                throw new IOException(folder + " is in the way: it is not a folder", e);
            }
            return false;
        }
    }

    /** Gives alias/ to its account if it is root's still, the innermost first: nobody else can change what is in it meanwhile. */
    private void handOver() throws IOException {
        Path alias = installation.alias();
        FolderOwner owner = owner("alias");
        if (!Integer.valueOf(0).equals(Files.getAttribute(alias, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
            return;
        }
        Layout.trusted(alias);
        Path mailbox = alias.resolve("Maildir");
        for (String part : List.of("tmp", "new", "cur")) {
            Layout.ownIfRoots(mailbox.resolve(part), owner);
        }
        Layout.ownIfRoots(mailbox, owner);
        for (String name : List.of("postmaster", "mailer-daemon", "root")) {
            Layout.ownIfRoots(alias.resolve(".qmail-" + name), owner);
        }
        Layout.own(alias, owner);
    }

    /** A new file that everybody may read. Its mode is given as it is made: what is looked at or changed later by name may be another. */
    private static boolean create(Path file, String content) throws IOException {
        byte[] octets = content.getBytes(StandardCharsets.ISO_8859_1);
        try (var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")))) {
            var buffer = ByteBuffer.wrap(octets);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    /** A regular file of at most that many octets, read without waiting; empty if it is longer, or something else. */
    private static Optional<String> content(Path file, int limit) throws IOException {
        Optional<RegularFile> opened = RegularFile.open(file);
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        try (RegularFile regular = opened.get()) {
            byte[] octets = regular.read(limit + 1);
            return octets.length > limit
                    ? Optional.empty()
                    : Optional.of(new String(octets, StandardCharsets.ISO_8859_1));
        }
    }

    private void say(boolean made, Path file, String what) throws IOException {
        String shown = installation.home().relativize(file).toString();
        String content = "/";
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            content = content(file, LARGEST_SHOWN)
                    .map(text -> " = " + text.strip().replace("\n", ", "))
                    .orElse(" (long)");
        } else if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            content = Files.isSymbolicLink(file) ? " (a link)" : " (no file)";
        }
        out.println((made ? "made   " : "exists ") + LogText.sentence(shown + content) + "\n         " + what);
    }
}

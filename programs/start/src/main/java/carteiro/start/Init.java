package carteiro.start;

import carteiro.control.Installation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Spool;
import carteiro.start.Layout.Owner;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Writes the first control files and folders of an installation, and explains each. What exists is never changed. */
final class Init {
    private static final Pattern HOST = Pattern.compile(
            "(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");

    private final Installation installation;
    private final PrintStream out;
    private final boolean root;

    Init(Installation installation, PrintStream out, boolean root) {
        this.installation = installation;
        this.out = out;
        this.root = root;
    }

    /**
     * Does it.
     *
     * @param me the host's own name
     * @throws IOException naming what could not be written, or that {@code me} is no name of a host
     */
    void write(String me) throws IOException {
        if (!HOST.matcher(me).matches()) {
            throw new IOException("\"" + me + "\" is no name of a host; --me wants one such as mail.example.org");
        }
        String host = me.toLowerCase(Locale.ROOT);
        folders();
        control("me", host, "the name of this host, and what every other name below defaults to");
        control("defaultdomain", defaultDomain(host), "added to host names without a dot by inject");
        control("plusdomain", plusDomain(host), "added to host names that end in + by inject");
        control("locals", host, "domains whose mail is delivered on this host; add one a line");
        control("rcpthosts", host, "domains that strangers may send to by SMTP; add one a line");
        control("defaultdelivery", "./Maildir/", "where mail goes for an account without a .qmail file");
        control(
                "smtpdlisten",
                listen(),
                root
                        ? "where smtpd listens; [::]:25 is every address of this host, the standard port"
                        : "where smtpd listens; 127.0.0.1:2525 is this host alone, a port that needs no root");
        aliases();
        installation.queueOfQmail().ifPresent(sentence -> out.println("note: " + sentence));
        List<String> missing = root ? SystemUsers.missing() : List.of();
        if (!missing.isEmpty()) {
            out.println("The system lacks accounts that the programs run as: " + String.join(", ", missing)
                    + ". Make them by: carteiro init --create-users --home " + installation.home() + " --me " + host);
        }
        out.println(
                "Ready. Next: " + (root ? "carteiro run --split" : "carteiro run") + " --home " + installation.home());
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

    private void folders() throws IOException {
        Owner us = new Owner.Us();
        Path parent = installation.home().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Layout.folder(installation.home(), "rwxr-xr-x", us);
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
                installation.home().resolve("log"),
                "rwxr-xr-x",
                us,
                "for a logger of your choice; carteiro itself logs to standard output");
    }

    /** One of our accounts when root sets up a host that has it; else whoever we are. */
    private Owner owner(String account) throws IOException {
        return root && SystemAccount.named(account).isPresent()
                ? Layout.owner(installation.home(), account)
                : new Owner.Us();
    }

    private void folder(Path folder, String mode, Owner owner, String what) throws IOException {
        say(Layout.folder(folder, mode, owner), folder, what);
    }

    private void control(String name, String content, String what) throws IOException {
        say(create(installation.control(name), content + "\n", new Owner.Us()), installation.control(name), what);
    }

    /** Mail for these three has to reach a person; root and programs are no mailboxes. */
    private void aliases() throws IOException {
        Owner alias = owner("alias");
        Path mailbox = installation.alias().resolve("Maildir");
        boolean made = Layout.folder(mailbox, "rwx------", alias);
        for (String part : List.of("tmp", "new", "cur")) {
            Layout.folder(mailbox.resolve(part), "rwx------", alias);
            Layout.ownIfRoots(mailbox.resolve(part), alias);
        }
        Layout.ownIfRoots(mailbox, alias);
        say(made, mailbox, "the mailbox of the three below, until you put a person's address there: &ann@example.org");
        for (String name : List.of("postmaster", "mailer-daemon", "root")) {
            Path file = installation.alias().resolve(".qmail-" + name);
            say(create(file, "./Maildir/\n", alias), file, "mail to " + name);
        }
        Optional<SystemAccount> account = SystemAccount.named("alias");
        if (root && account.isPresent() && !Path.of(account.get().home()).equals(installation.alias())) {
            out.println("note: the account alias has the home " + account.get().home() + ", not " + installation.alias()
                    + "; mend it by: usermod -d " + installation.alias() + " alias");
        }
    }

    private static boolean create(Path file, String content, Owner owner) throws IOException {
        try {
            Files.writeString(
                    file,
                    content,
                    StandardCharsets.ISO_8859_1,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            return false;
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        Layout.own(file, owner);
        return true;
    }

    private void say(boolean made, Path file, String what) throws IOException {
        String shown = installation.home().relativize(file).toString();
        String content = Files.isRegularFile(file)
                ? " = "
                        + Files.readString(file, StandardCharsets.ISO_8859_1)
                                .strip()
                                .replace("\n", ", ")
                : "/";
        out.println((made ? "made   " : "exists ") + shown + (content.length() > 60 ? " (long)" : content)
                + "\n         " + what);
    }
}

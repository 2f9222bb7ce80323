package carteiro.demo;

import carteiro.control.CdbWriter;
import carteiro.control.Installation;
import carteiro.posix.SystemAccount;
import carteiro.posix.UnixId;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The temporary folder of the demo: an installation, and the mailboxes of the people in its directory. */
final class DemoHome implements Closeable {
    /** Whose the mailboxes are when root runs the demo, which delivers to nobody as root: an id that no system gives. */
    private static final int SOMEBODY = 41_001;

    private final Path folder;
    private final Installation installation;
    private final boolean root;
    private final int uid;
    private final int gid;
    private final int smtpPort;

    private DemoHome(Path folder, int uid, int gid, boolean root, int smtpPort) {
        this.folder = folder;
        this.installation = new Installation(folder.resolve("home"));
        this.uid = uid;
        this.gid = gid;
        this.root = root;
        this.smtpPort = smtpPort;
    }

    /** Makes the folder and what is in it, but for what {@link #connect} writes. */
    static DemoHome make() throws IOException {
        Path folder = Files.createTempDirectory("carteiro-demo");
        open(folder);
        int uid = SystemAccount.effectiveUid();
        boolean root = uid == 0;
        int gid = root ? SOMEBODY : (int) Files.getAttribute(folder, "unix:gid");
        var home = new DemoHome(folder, root ? SOMEBODY : uid, gid, root, freePort());
        home.fill();
        return home;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void fill() throws IOException {
        for (Path path : List.of(
                installation.home(),
                installation.control(),
                installation.users(),
                installation.queue(),
                installation.run())) {
            Files.createDirectory(path);
            open(path);
        }
        control("me", "mail.example.org");
        control("defaultdomain", "example.org");
        control("plusdomain", "example.org");
        control("locals", "example.org\nmail.example.org");
        control("rcpthosts", "example.org\nmail.example.org");
        control("defaultdelivery", "./Maildir/");
        control("smtpdlisten", "127.0.0.1:" + smtpPort);
        control("tcp.smtp", "127.:allow,RELAYCLIENT=\"\"");
        for (String person : List.of("ann", "bob")) {
            mailbox(mail().resolve(person));
        }
        mailbox(installation.alias());
        Path team = installation.alias().resolve(".qmail-team");
        Files.writeString(team, "&ann@example.org\n&bob@example.org\n&carl@partner.example\n");
        Files.setPosixFilePermissions(team, PosixFilePermissions.fromString("rw-r--r--"));
        Files.writeString(installation.alias().resolve(".qmail-postmaster"), "&ann@example.org\n");
        give(installation.alias());
        give(mail());
        assign();
    }

    /** What no entry of the directory has belongs to HOME/alias: on a host without an account alias, by users/assign. */
    private void assign() throws IOException {
        String home = installation.alias().toString();
        Files.writeString(
                installation.users().resolve("assign"),
                "+:alias:" + UnixId.number(uid) + ":" + UnixId.number(gid) + ":" + home + ":-::\n.\n",
                StandardCharsets.ISO_8859_1);
        try (var writer = new CdbWriter(
                installation.users().resolve("cdb"), installation.users().resolve("cdb.tmp"))) {
            writer.add(
                    "!",
                    String.join(
                            "\0",
                            "alias",
                            Integer.toUnsignedString(uid),
                            Integer.toUnsignedString(gid),
                            home,
                            "-",
                            ""));
            writer.add("", "");
            writer.commit();
        }
    }

    private static void mailbox(Path home) throws IOException {
        for (String part : List.of("new", "cur", "tmp")) {
            Files.createDirectories(home.resolve("Maildir").resolve(part));
        }
    }

    /** The visitor may look, whatever the umask. */
    private static void open(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void give(Path tree) throws IOException {
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path path : all.toList()) {
                if (Files.isDirectory(path)) {
                    open(path);
                }
                if (root) {
                    Files.setAttribute(path, "unix:gid", gid);
                    Files.setAttribute(path, "unix:uid", uid);
                }
            }
        }
    }

    private void control(String name, String text) throws IOException {
        Files.writeString(installation.control(name), text + "\n", StandardCharsets.ISO_8859_1);
    }

    /** Names the directory and the other host in the control files. */
    void connect(int directoryPort, int neighbourPort) throws IOException {
        control("ldapserver", "127.0.0.1:" + directoryPort);
        control("ldapbasedn", DemoDirectory.BASE);
        control("ldapobjectclass", "qmailUser");
        control("smtproutes", "partner.example:[127.0.0.1]:" + neighbourPort);
    }

    Installation installation() {
        return installation;
    }

    Path folder() {
        return folder;
    }

    /** The mailboxes. */
    Path mail() {
        return folder.resolve("mail");
    }

    /** New messages of a person. */
    Path newMail(String person) {
        return mail().resolve(person).resolve("Maildir/new");
    }

    /** What the other host keeps. */
    Path partner() {
        return folder.resolve("partner.example");
    }

    int smtpPort() {
        return smtpPort;
    }

    int uid() {
        return uid;
    }

    int gid() {
        return gid;
    }

    /** Removes the folder. */
    @Override
    public void close() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}

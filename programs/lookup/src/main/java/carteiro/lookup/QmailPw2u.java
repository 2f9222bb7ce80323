package carteiro.lookup;

import carteiro.mail.Octets;
import carteiro.posix.FileStatus;
import carteiro.posix.Invocation;
import carteiro.posix.Options;
import carteiro.posix.UnixId;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** qmail-pw2u: turns a passwd file on standard input into assignments for users/assign (docs/programs/qmail-pw2u.md). */
public final class QmailPw2u {
    private static final int USAGE = 100;
    private static final String ALIAS = "alias";
    private static final int PASSWD_FIELDS = 7;

    /** What is asked of a home. */
    private enum HomeCheck {
        /** Nothing. */
        IGNORED,
        /** A user without a home of his own is skipped. */
        OWNED,
        /** As OWNED, but a missing one ends everything: a network file system may be away. */
        PRESENT
    }

    private record Names(
            @Nullable Set<String> include, Set<String> exclude, Map<String, List<String>> mailNames, Path users) {}

    private final Invocation call;
    private final Names names;
    private final StringBuilder out = new StringBuilder();
    private final Map<String, String> fieldsOfUser = new HashMap<>();
    private HomeCheck homes = HomeCheck.OWNED;
    private boolean capitals;
    private String separator = "-";
    private String dash = "-";

    private QmailPw2u(Invocation call, Names names) {
        this.call = call;
        this.names = names;
    }

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-pw2u", arguments, QmailPw2u::run);
    }

    static int run(Invocation called) throws IOException {
        HomeArgument home = HomeArgument.of(called);
        Path users = home.installation().users();
        var command = new QmailPw2u(home.call(), names(users));
        if (!command.understands(new Options(home.call().arguments(), "/ohHuUCc:"))) {
            called.complain("qmail-pw2u: usage: qmail-pw2u [ -/ohHuUC ] [ -cCHAR ]\n");
            return USAGE;
        }
        command.convert();
        return 0;
    }

    private boolean understands(Options options) {
        for (char letter = options.next(); letter != Options.END; letter = options.next()) {
            switch (letter) {
                case '/' -> dash = "-/";
                case 'o' -> homes = HomeCheck.OWNED;
                case 'h' -> homes = HomeCheck.PRESENT;
                case 'H' -> homes = HomeCheck.IGNORED;
                case 'u' -> capitals = true;
                case 'U' -> capitals = false;
                case 'C' -> separator = "";
                case 'c' -> {
                    if (options.value().isEmpty()) {
                        return false;
                    }
                    separator = options.value().substring(0, 1);
                }
                default -> {
                    return false;
                }
            }
        }
        return true;
    }

    private void convert() throws IOException {
        String[] passwd = Octets.text(call.in().readAllBytes()).split("\n");
        for (int i = 0; i < passwd.length; i++) {
            add(i + 1, passwd[i]);
        }
        if (!fieldsOfUser.containsKey(ALIAS)) {
            throw new IOException("unable to find " + ALIAS + " user; nothing would get the mail that nobody owns");
        }
        for (String line : lines(names.users.resolve("subusers")).orElse(List.of())) {
            addSubuser(line);
        }
        Path append = names.users.resolve("append");
        if (Files.exists(append)) {
            out.append(Octets.text(Files.readAllBytes(append)));
        }
        call.out().write(Octets.bytes(out.append(".\n").toString())); // a file of its own, octet by octet
    }

    private void add(int number, String line) throws IOException {
        String[] passwd = line.split(":", -1);
        if (passwd.length < PASSWD_FIELDS || passwd[0].isEmpty()) {
            return;
        }
        String user = passwd[0];
        if (!passwd[2].matches("[0-9]+")
                || !capitals && !user.equals(Octets.lowerCase(user))
                || names.include != null && !names.include.contains(user)
                || names.exclude.contains(user)) {
            return;
        }
        int uid = id(number, user, "uid", passwd[2]);
        if (uid == 0 || !hasHome(user, passwd[5], uid)) {
            return;
        }
        int _ = id(number, user, "gid", passwd[3]);
        String fields = ":" + user + ":" + passwd[2] + ":" + passwd[3] + ":" + passwd[5] + ":";
        fieldsOfUser.put(user, fields);
        if (user.equals(ALIAS)) {
            out.append("+").append(fields).append(dash).append("::\n");
        }
        for (String name : names.mailNames.getOrDefault(user, List.of(user))) {
            out.append("=").append(name).append(fields).append("::\n");
            if (!separator.isEmpty()) {
                out.append("+").append(name).append(separator);
                out.append(fields).append(dash).append("::\n");
            }
        }
    }

    private static int id(int line, String user, String what, String text) throws IOException {
        return UnixId.parse(text)
                .orElseThrow(() -> new IOException("line " + line + " of the passwd file: the " + what + " of " + user
                        + " is \"" + text + "\", not a number from 0 to " + UnixId.MOST
                        + "; correct the line, or name the user in users/exclude"));
    }

    private boolean hasHome(String user, String home, int uid) throws IOException {
        if (homes == HomeCheck.IGNORED) {
            return true;
        }
        Optional<FileStatus> status;
        try {
            status = FileStatus.of(home);
        } catch (AccessDeniedException e) {
            throw new IOException("the home of " + user + ", " + home + ", cannot be examined; try as root", e);
        }
        if (status.isEmpty() && homes == HomeCheck.PRESENT) {
            throw new IOException("the home of " + user + ", " + home + ", is missing");
        }
        return status.isPresent() && status.get().uid() == uid;
    }

    private void addSubuser(String line) throws IOException {
        String[] parts = line.split(":", -1);
        if (parts.length < 3) {
            return;
        }
        String fields = fieldsOfUser.get(parts[1]);
        if (fields == null) {
            throw new IOException(
                    "users/subusers gives " + parts[0] + " to the user " + parts[1] + ", who is not among those taken");
        }
        out.append("=")
                .append(parts[0])
                .append(fields)
                .append(dash)
                .append(":")
                .append(parts[2])
                .append(":\n");
        if (!separator.isEmpty()) {
            out.append("+")
                    .append(parts[0])
                    .append(separator)
                    .append(fields)
                    .append(dash)
                    .append(":");
            out.append(parts[2]).append("-:\n");
        }
    }

    private static Names names(Path users) throws IOException {
        Optional<List<String>> include = lines(users.resolve("include"));
        var mailNames = new HashMap<String, List<String>>();
        for (String line : lines(users.resolve("mailnames")).orElse(List.of())) {
            int colon = line.indexOf(':');
            if (colon >= 0) {
                var listed = new ArrayList<String>();
                for (String name : line.substring(colon + 1).split(":", -1)) {
                    if (!name.isEmpty()) {
                        listed.add(name);
                    }
                }
                mailNames.put(line.substring(0, colon), listed);
            }
        }
        return new Names(
                include.isPresent() ? Set.copyOf(include.get()) : null,
                new HashSet<>(lines(users.resolve("exclude")).orElse(List.of())),
                mailNames,
                users);
    }

    /** A list, by the rules of control files. */
    private static Optional<List<String>> lines(Path file) throws IOException {
        String text;
        try {
            text = Octets.text(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        var lines = new ArrayList<String>();
        for (String line : text.split("\n")) {
            String trimmed = line.replaceAll("[ \t]+$", "");
            if (!trimmed.isEmpty() && trimmed.charAt(0) != '#') {
                lines.add(trimmed);
            }
        }
        return Optional.of(lines);
    }
}

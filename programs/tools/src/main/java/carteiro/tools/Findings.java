package carteiro.tools;

import carteiro.control.ControlCatalog;
import carteiro.control.ControlException;
import carteiro.control.ControlFile;
import carteiro.control.ControlFile.Kind;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.idna.DomainName;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What is wrong with an installation.
 *
 * @param mistakes what keeps a program from starting, or does what nobody can have meant
 * @param warnings what may be meant
 */
record Findings(Set<String> mistakes, Set<String> warnings) {
    /** Looks at everything. */
    static Findings of(Installation installation, Iterable<Program> programs) throws IOException {
        var search = new Search(installation);
        search.everything(programs);
        return new Findings(search.mistakes, search.warnings);
    }

    private static final class Search {
        private final Installation installation;
        private final ControlFiles files;
        private final Map<String, ControlFile> known = ControlCatalog.files();
        private final Set<String> mistakes = new LinkedHashSet<>(); // the same may be found by several programs
        private final Set<String> warnings = new LinkedHashSet<>();

        Search(Installation installation) {
            this.installation = installation;
            this.files = new ControlFiles(installation);
        }

        void everything(Iterable<Program> programs) throws IOException {
            if (!Files.isDirectory(installation.control())) {
                mistakes.add(installation.control() + ": is no folder; write it with: carteiro init --home "
                        + installation.home() + " --me HOST");
                return;
            }
            me();
            for (ControlFile file : known.values()) {
                look(file);
            }
            strangers();
            routing();
            lists();
            logForm();
            installation.queueOfQmail().ifPresent(mistakes::add);
            SpoolView.look(installation, warnings);
            new ClientRules(installation, files).look(mistakes, warnings);
            older("control/morercpthosts.cdb", "control/morercpthosts", "qmail-newmrh");
            older("users/cdb", "users/assign", "qmail-newu");
            aliases();
            permissions();
            try {
                files.check();
            } catch (ControlException e) {
                mistakes.addAll(e.problems());
            }
            for (Program program : programs) {
                try {
                    program.check(installation);
                } catch (ControlException e) {
                    mistakes.addAll(e.problems());
                }
            }
        }

        private void me() {
            Optional<String> me = files.line("me");
            if (me.isEmpty()) {
                mistakes.add("control/me: is missing; write the host's full name into it, such as mail.example.org");
            } else if (me.get().isEmpty() || !isHost(me.get())) {
                mistakes.add("control/me:1: \"" + LogText.sentence(me.get())
                        + "\" is no host name; write the host's full name, such as mail.example.org");
            } else if (me.get().indexOf('.') < 0) {
                warnings.add("control/me:1: \"" + me.get() + "\" has no dot; other hosts want a full name");
            }
        }

        private static boolean isHost(String text) {
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                boolean fits = c >= 'a' && c <= 'z'
                        || c >= 'A' && c <= 'Z'
                        || c >= '0' && c <= '9'
                        || c == '-'
                        || c == '.'
                        || c == '_'
                        || c > 127;
                if (!fits) {
                    return false;
                }
            }
            return !text.isEmpty() && text.length() <= 255 && !text.startsWith(".") && !text.contains("..");
        }

        /** What holds for every file of its kind. */
        private void look(ControlFile file) {
            Path path = installation.control(file.name());
            if (file.kind() == Kind.CDB || !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            if (!Files.isRegularFile(path)) {
                mistakes.add("control/" + file.name() + ": is no regular file");
                return;
            }
            Optional<String> text = files.text(file.name());
            if (text.isEmpty()) {
                return; // noted as a problem
            }
            int returns = text.get().indexOf("\r\n");
            if (returns >= 0 && file.kind() != Kind.TEXT) {
                mistakes.add("control/" + file.name() + ":" + lineOf(text.get(), returns)
                        + ": the line ends in CR LF; write plain line ends (LF)");
            }
            if (text.get().isEmpty() && file.kind() == Kind.LINE) {
                warnings.add("control/" + file.name() + ": is empty, which means an empty value and not the default;"
                        + " remove it for the default");
            }
            if (file.kind().isNumber()) {
                number(file, text.get());
            }
            if (file.kind() == Kind.MAP) {
                int number = 0;
                for (String line : text.get().split("\n")) {
                    number++;
                    String trimmed = line.stripTrailing();
                    if (!trimmed.isEmpty() && !trimmed.startsWith("#") && trimmed.indexOf(':') < 0) {
                        mistakes.add("control/" + file.name() + ":" + number + ": \"" + LogText.sentence(trimmed)
                                + "\" has no colon and is ignored; write key:value");
                    }
                }
            }
        }

        private static int lineOf(String text, int at) {
            int line = 1;
            for (int i = 0; i < at; i++) {
                line += text.charAt(i) == '\n' ? 1 : 0;
            }
            return line;
        }

        private void number(ControlFile file, String text) {
            long read = files.number(file.name(), -1);
            OptionalLong written = ControlFiles.digits(files.line(file.name()).orElse(""));
            if (read >= 0 && written.isPresent() && written.getAsLong() != read) {
                warnings.add("control/" + file.name() + ":1: " + read + " is used in its place, since the range is "
                        + file.least() + " to " + file.most());
            }
            if (read < 0 && text.isBlank()) {
                warnings.add("control/" + file.name() + ": holds no number, so that the default holds ("
                        + file.standard() + "); remove it, or write digits");
            }
            if (text.strip().indexOf('\n') >= 0) {
                warnings.add("control/" + file.name() + ":2: only the first line counts; remove the others");
            }
        }

        private void strangers() throws IOException {
            for (String name : HomeOption.names(installation.control())) {
                if (!known.containsKey(name)) {
                    Optional<String> meant = nearest(name);
                    String sentence = "control/" + LogText.safe(name) + ": is no control file of Carteiro";
                    if (meant.isPresent()) {
                        mistakes.add(sentence + "; " + meant.get() + " is");
                    } else {
                        warnings.add(sentence + "; nothing reads it");
                    }
                }
            }
        }

        /** A known file that is not there and differs in letters' case, or in one or two letters. */
        private Optional<String> nearest(String name) {
            String lowered = Octets.lowerCase(name);
            for (String candidate : known.keySet()) {
                if (!Files.exists(installation.control(candidate))
                        && candidate.length() > 3
                        && distance(lowered, candidate) <= (candidate.length() > 6 ? 2 : 1)) {
                    return Optional.of(candidate);
                }
            }
            return Optional.empty();
        }

        /** Levenshtein's; names of files are short. */
        private static int distance(String a, String b) {
            int[] row = new int[b.length() + 1];
            for (int j = 0; j <= b.length(); j++) {
                row[j] = j;
            }
            for (int i = 1; i <= a.length(); i++) {
                int diagonal = row[0];
                row[0] = i;
                for (int j = 1; j <= b.length(); j++) {
                    int above = row[j];
                    int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                    row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
                    diagonal = above;
                }
            }
            return row[b.length()];
        }

        /** Domains that are named in one place and missing, or contradicted, in another. */
        private void routing() {
            List<String> locals = files.list("locals").orElse(List.of());
            Map<String, String> virtual = files.map("virtualdomains").orElse(Map.of());
            Set<String> local = new HashSet<>();
            for (String domain : locals) {
                if (!isHost(domain) && domain.indexOf('[') < 0) {
                    mistakes.add("control/locals: \"" + LogText.sentence(domain)
                            + "\" is no domain; write a domain a line, without user or wildcard");
                }
                local.add(DomainName.key(domain));
            }
            for (String key : virtual.keySet()) {
                String domain = key.substring(key.lastIndexOf('@') + 1);
                if (local.contains(DomainName.key(domain))) {
                    mistakes.add("control/virtualdomains: " + LogText.sentence(key) + " has no effect, since "
                            + LogText.sentence(domain) + " is in control/locals, which wins; remove one of them"
                            + (domain.length() < key.length()
                                    ? ", or write alias/.qmail-" + LogText.sentence(key.substring(0, key.indexOf('@')))
                                    : ""));
                }
            }
            Optional<List<String>> received = files.list("rcpthosts");
            if (received.isEmpty()) {
                warnings.add("control/rcpthosts: is missing; mail is accepted only for what is local or virtual,"
                        + " and for clients that may relay; write the domains you receive mail for");
                return;
            }
            var hosts = new HashSet<String>();
            received.get().forEach(host -> hosts.add(DomainName.key(host)));
            for (String host : received.get()) {
                if (host.indexOf('@') >= 0 || host.indexOf(' ') >= 0 || host.startsWith("*")) {
                    mistakes.add(
                            "control/rcpthosts: \"" + LogText.sentence(host)
                                    + "\" matches nothing; write a line for each: example.org, or .example.org for all below it");
                }
            }
        }

        private void lists() {
            for (String entry : files.list("badmailfrom").orElse(List.of())) {
                if (entry.indexOf('@') < 0) {
                    mistakes.add("control/badmailfrom: \"" + LogText.sentence(entry)
                            + "\" matches nothing; write user@example.org, or @example.org for a whole domain");
                }
            }
        }

        private void logForm() {
            String form = files.line("logformat").orElse("");
            if (EventLog.Form.named(form).isEmpty()) {
                mistakes.add(
                        "control/logformat:1: \"" + LogText.sentence(form) + "\" is not one of plain, tai64n, json");
            }
        }

        private void older(String made, String source, String maker) throws IOException {
            Path cdb = installation.home().resolve(made);
            Path text = installation.home().resolve(source);
            if (Files.exists(text) && !Files.exists(cdb)) {
                mistakes.add(source + ": exists, but " + made + " does not, so that it has no effect; run " + maker);
            } else if (Files.exists(text)
                    && Files.getLastModifiedTime(cdb).compareTo(Files.getLastModifiedTime(text)) < 0) {
                mistakes.add(made + ": is older than " + source + ", so that changes have no effect; run " + maker);
            }
        }

        private void aliases() {
            for (String name : List.of("postmaster", "mailer-daemon", "root")) {
                Path file = installation.alias().resolve(".qmail-" + name);
                if (!Files.exists(file) && !Files.exists(installation.alias().resolve(".qmail-default"))) {
                    warnings.add("alias/.qmail-" + name + ": is missing; mail to " + name
                            + " bounces unless an account has that name; write its reader's address into it");
                }
            }
        }

        /** What others may write, they may bend to their will: qmail's "paternalism". */
        private void permissions() throws IOException {
            var places = new ArrayList<Path>(
                    List.of(installation.home(), installation.control(), installation.alias(), installation.users()));
            for (String name : HomeOption.names(installation.control())) {
                places.add(installation.control(name));
            }
            for (String name : HomeOption.names(installation.alias())) {
                if (name.startsWith(".qmail")) {
                    places.add(installation.alias().resolve(name));
                }
            }
            for (Path place : places) {
                if (!Files.exists(place)) {
                    continue;
                }
                PosixFileAttributes attributes = Files.readAttributes(place, PosixFileAttributes.class);
                if (attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
                    mistakes.add(named(place) + ": every user of this host may write it; run: chmod o-w " + place);
                }
            }
            readableByItsUser("ldappassword", "lookup", "qmailp");
            readableByItsUser("servercert.pem", "smtpd", "qmaild");
            Path secret = installation.control("ldappassword");
            if (Files.exists(secret)
                    && Files.readAttributes(secret, PosixFileAttributes.class)
                            .permissions()
                            .contains(PosixFilePermission.OTHERS_READ)) {
                mistakes.add("control/ldappassword: every user of this host may read it; run: chmod o-r " + secret);
            }
            Path key = installation.control("servercert.pem");
            if (Files.exists(key)
                    && Files.readAttributes(key, PosixFileAttributes.class)
                            .permissions()
                            .contains(PosixFilePermission.OTHERS_READ)) {
                mistakes.add("control/servercert.pem: every user of this host may read its private key;"
                        + " run: chmod o-r " + key);
            }
        }

        /** Root reads it at the start in the program's place; a reload is the program's own. */
        private void readableByItsUser(String name, String program, String user) throws IOException {
            Path file = installation.control(name);
            Optional<SystemAccount> account = SystemAccount.effectiveUid() == 0
                    ? SystemAccount.named(user)
                    : Optional.empty(); // started by another user, every program is that user
            if (account.isEmpty() || !Files.exists(file)) {
                return;
            }
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            PosixFilePermission needed = Files.getAttribute(file, "unix:uid")
                            .equals(account.get().uid())
                    ? PosixFilePermission.OWNER_READ
                    : Files.getAttribute(file, "unix:gid").equals(account.get().gid())
                            ? PosixFilePermission.GROUP_READ
                            : PosixFilePermission.OTHERS_READ;
            if (!permissions.contains(needed)) {
                warnings.add(
                        "control/" + name + ": " + user + ", whom " + program + " runs as, may not read it, so that "
                                + program + " starts but every reload of it fails; run: chown " + user + " " + file
                                + " && chmod 400 " + file);
            }
        }

        private String named(Path place) {
            Path relative = installation.home().relativize(place);
            return relative.toString().isEmpty() ? place.toString() : relative.toString();
        }
    }
}

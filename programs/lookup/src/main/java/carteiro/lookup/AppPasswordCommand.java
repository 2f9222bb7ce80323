package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.password.RewrittenFile;
import carteiro.password.WatchedFile;
import carteiro.posix.Invocation;
import carteiro.protocol.LoginRecords.AppUse;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.SocketWires;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** carteiro passwd with --app, --apps or --revoke: passwords that are made for one program each (docs/programs/passwd.md). */
final class AppPasswordCommand {
    private static final int TROUBLE = 111;
    private static final int USAGE = 100;
    private static final String ALL = "all";
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("uuuu-MM-dd", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Installation installation;
    private final String account;
    private final Invocation called;

    /** @param account in lower case */
    AppPasswordCommand(Installation installation, String account, Invocation called) {
        this.installation = installation;
        this.account = account;
        this.called = called;
    }

    private Path path() {
        return installation.users().resolve("apppasswords");
    }

    /**
     * Makes one, and shows it.
     *
     * @param services {@code smtp} or {@code pop3}; empty for both
     * @param until the last day on which it counts, as yyyy-mm-dd; empty for ever
     */
    int make(String label, String services, String until) throws IOException {
        Set<LoginService> wanted = EnumSet.allOf(LoginService.class);
        Instant end = Instant.MAX;
        try {
            if (!services.isEmpty()) {
                wanted = EnumSet.of(LoginService.valueOf(services.toUpperCase(Locale.ROOT)));
            }
            if (!until.isEmpty()) {
                end = LocalDate.parse(until)
                        .plusDays(1)
                        .atStartOfDay(ZoneId.systemDefault())
                        .toInstant();
            }
        } catch (DateTimeParseException e) {
            called.complain("passwd: --until takes a day such as 2027-12-31\n");
            return USAGE;
        } catch (IllegalArgumentException e) {
            called.complain("passwd: --for takes smtp or pop3; without it the password is for both\n");
            return USAGE;
        }
        if (!AppPassword.isLabel(label)) {
            called.complain("passwd: a label has 1 to " + AppPassword.LONGEST_LABEL
                    + " characters of ASCII, such as \"phone of ann\"\n");
            return USAGE;
        }
        if (!end.isAfter(Instant.now())) {
            called.complain("passwd: that day is over\n");
            return USAGE;
        }
        AppPassword.FreshAppPassword made = AppPassword.make(
                account, wanted, Instant.ofEpochSecond(Instant.now().getEpochSecond()), end, label, new SecureRandom());
        byte[] shown = made.shown();
        try {
            if (!AppPasswords.add(file(), made.kept())) {
                called.complain("passwd: " + LogText.printable(account) + " has " + AppPassword.MOST
                        + " app passwords; revoke one first\n");
                return TROUBLE;
            }
            called.out().write(shown);
            called.out().write('\n');
            called.out().flush();
        } finally {
            Arrays.fill(shown, (byte) 0);
        }
        return 0;
    }

    /** Shows which there are. */
    int list() throws IOException {
        List<AppPassword> entries =
                new WatchedFile<>(path(), Duration.ZERO, content -> AppPasswords.entries(content, account)).now();
        Map<String, Instant> uses = uses();
        var text = new StringBuilder();
        for (AppPassword each : entries) {
            Instant used = uses.get(each.id());
            text.append(each.id())
                    .append("  ")
                    .append(each.services().stream()
                            .map(service -> service.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(",")))
                    .append("  made ")
                    .append(DAY.format(each.made()))
                    .append(
                            each.until().equals(Instant.MAX)
                                    ? ""
                                    : "  until " + DAY.format(each.until().minusSeconds(1)))
                    .append(used == null ? "" : "  last used " + DAY.format(used))
                    .append("  ")
                    .append(LogText.printable(each.label()))
                    .append('\n');
        }
        called.out().write(Octets.bytes(text.toString()));
        called.out().flush();
        return 0;
    }

    /** When each was used last, as lookup knows; of none if it cannot be asked. */
    private Map<String, Instant> uses() {
        try (var log = new EventLog(called.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return wires.logins().account(account).uses().stream()
                    .collect(Collectors.toMap(AppUse::id, AppUse::last, (one, _) -> one));
        } catch (IOException e) {
            called.complain("passwd: when they were last used cannot be told: lookup cannot be asked ("
                    + LogText.reason(e) + ")\n");
            return Map.of();
        }
    }

    /** @param id of one, or {@code all} */
    int revoke(String id) throws IOException {
        Predicate<AppPassword> which =
                id.equals(ALL) ? _ -> true : each -> each.id().equals(id);
        if (!AppPasswords.remove(file(), account, which)) {
            called.complain("passwd: " + LogText.printable(account)
                    + " has no such app password; carteiro passwd --apps" + " shows which there are\n");
            return TROUBLE;
        }
        return 0;
    }

    private RewrittenFile file() throws IOException {
        return Passwd.file(path());
    }

    /** What is asked for with options of app passwords. */
    static final class AppOptions {
        private final List<String> names = new ArrayList<>();
        private String label = "";
        private String services = "";
        private String until = "";
        private String revoked = "";
        private boolean listed;

        /** Whether any of the arguments is one of theirs. */
        static boolean areIn(List<String> arguments) {
            return arguments.stream()
                    .anyMatch(each -> each.equals("--app") || each.equals("--apps") || each.equals("--revoke"));
        }

        /** @return null if they cannot be understood */
        static @org.jspecify.annotations.Nullable AppOptions of(List<String> arguments) {
            var options = new AppOptions();
            int deeds = 0;
            for (int i = 0; i < arguments.size(); i++) {
                String each = arguments.get(i);
                boolean takesOne = !each.equals("--apps") && each.startsWith("--");
                String value = takesOne && i + 1 < arguments.size() ? arguments.get(i + 1) : "";
                if (takesOne && value.isEmpty()) {
                    return null;
                }
                i += takesOne ? 1 : 0;
                switch (each) {
                    case "--app" -> {
                        options.label = value;
                        deeds++;
                    }
                    case "--apps" -> {
                        options.listed = true;
                        deeds++;
                    }
                    case "--revoke" -> {
                        options.revoked = value;
                        deeds++;
                    }
                    case "--for" -> options.services = value;
                    case "--until" -> options.until = value;
                    default -> options.names.add(each);
                }
            }
            boolean onlyForNew = !options.services.isEmpty() || !options.until.isEmpty();
            return deeds == 1 && options.names.size() == 1 && (!onlyForNew || !options.label.isEmpty())
                    ? options
                    : null;
        }

        /** The account, as it was written. */
        String account() {
            return names.getFirst();
        }

        int run(AppPasswordCommand command) throws IOException {
            if (listed) {
                return command.list();
            }
            return revoked.isEmpty() ? command.make(label, services, until) : command.revoke(revoked);
        }
    }
}

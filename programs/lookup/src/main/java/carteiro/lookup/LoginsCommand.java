package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.LoginRecords;
import carteiro.protocol.LoginRecords.AccountLogins;
import carteiro.protocol.LoginRecords.BlockedOrigin;
import carteiro.protocol.LoginRecords.LoginOrder;
import carteiro.protocol.LoginRecords.PastLogin;
import carteiro.protocol.LoginRecords.SentCount;
import carteiro.protocol.Passwords;
import carteiro.protocol.SocketWires;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** carteiro logins: who has logged in, who is blocked, and an end to both (docs/programs/logins.md). */
public final class LoginsCommand {
    private static final int USAGE = 100;
    private static final int TROUBLE = 111;
    private static final String USAGE_TEXT =
            "logins: usage: carteiro logins [--home DIR] [ACCOUNT | --lift ACCOUNT|ADDRESS | --stop ACCOUNT | --resume"
                    + " ACCOUNT]\n";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private LoginsCommand() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("logins", arguments, LoginsCommand::run);
    }

    static int run(Invocation called) throws IOException {
        HomeArgument home = HomeArgument.of(called);
        Optional<LoginOrder> order = Optional.empty();
        var names = new ArrayList<String>();
        for (String argument : home.call().arguments()) {
            switch (argument) {
                case "--lift" -> order = Optional.of(LoginOrder.LIFT);
                case "--stop" -> order = Optional.of(LoginOrder.STOP);
                case "--resume" -> order = Optional.of(LoginOrder.RESUME);
                default -> names.add(argument);
            }
        }
        boolean wrong = names.size() > 1
                || order.isPresent() && names.isEmpty()
                || names.stream()
                        .anyMatch(name -> name.isEmpty()
                                || name.startsWith("-")
                                || name.length() > Passwords.LONGEST_NAME
                                || name.chars().anyMatch(c -> c < ' ' || c == 127));
        if (wrong) {
            called.complain(USAGE_TEXT);
            return USAGE;
        }
        try {
            return ask(home.installation(), order, names, called);
        } catch (IOException e) {
            called.complain("logins: lookup cannot be asked: " + LogText.reason(e) + "\n");
            return TROUBLE;
        }
    }

    private static int ask(Installation installation, Optional<LoginOrder> order, List<String> names, Invocation called)
            throws IOException {
        try (var log = new EventLog(called.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            LoginRecords records = wires.logins();
            if (order.isPresent()) {
                return give(order.get(), names.getFirst(), records, called);
            }
            String text = names.isEmpty() ? all(records) : one(records.account(Octets.lowerCase(names.getFirst())));
            called.out().write(Octets.bytes(text));
            called.out().flush();
            return 0;
        }
    }

    private static int give(LoginOrder order, String name, LoginRecords records, Invocation called) throws IOException {
        boolean changed = records.order(order, name, "");
        if (changed) {
            return 0;
        }
        String shown = LogText.printable(name);
        called.complain("logins: nothing is changed: "
                + switch (order) {
                    case LIFT -> "there are no wrong passwords of " + shown;
                    case STOP -> shown + " is stopped already";
                    case RESUME -> shown + " is not stopped";
                }
                + "\n");
        return 0;
    }

    private static String all(LoginRecords records) throws IOException {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("ACCOUNT", "LAST LOGIN", "FROM", "FAILURES", "TODAY", "STATE"));
        String after = "";
        while (true) {
            List<AccountLogins> page = records.page(after, LoginRecords.MOST_ACCOUNTS);
            page.forEach(each -> rows.add(row(each)));
            if (page.size() < LoginRecords.MOST_ACCOUNTS) {
                break;
            }
            String last = Octets.lowerCase(page.getLast().account());
            if (last.compareTo(after) <= 0) {
                throw new IOException("lookup names accounts in no order");
            }
            after = last;
        }
        return table(rows) + blocked(records.blocked());
    }

    private static List<String> row(AccountLogins of) {
        List<PastLogin> logins = of.logins();
        return List.of(
                LogText.printable(of.account()),
                logins.isEmpty() ? "-" : TIME.format(logins.getFirst().at()),
                logins.isEmpty() ? "-" : from(logins.getFirst()),
                Long.toString(of.failures()),
                sent(of.day()),
                state(of));
    }

    private static String from(PastLogin login) {
        return login.service().name() + " " + LogText.printable(login.client());
    }

    private static String sent(SentCount count) {
        return count.messages() + " to " + count.recipients();
    }

    private static String state(AccountLogins of) {
        if (of.stopped()) {
            return "stopped";
        }
        return of.blocked().isZero() ? "-" : "blocked " + minutes(of.blocked());
    }

    private static String minutes(Duration left) {
        return Math.ceilDiv(left.toSeconds(), 60) + " min";
    }

    private static String table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        var widths = new ArrayList<Integer>();
        for (int column = 0; column < columns; column++) {
            int at = column;
            widths.add(rows.stream().mapToInt(row -> row.get(at).length()).max().orElse(0));
        }
        var text = new StringBuilder();
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String cell = row.get(column);
                line.append(cell).append(" ".repeat(widths.get(column) - cell.length() + 2));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private static String blocked(List<BlockedOrigin> blocked) {
        if (blocked.isEmpty()) {
            return "";
        }
        return "\nNo password is looked at, because too many were wrong:\n"
                + blocked.stream()
                        .map(each -> "  " + LogText.printable(each.origin()) + "  " + minutes(each.left()) + "\n")
                        .collect(Collectors.joining());
    }

    private static String one(AccountLogins of) {
        var text = new StringBuilder("account    " + LogText.printable(of.account()) + "\n");
        text.append("state      ")
                .append(of.stopped() ? "stopped" : "may log in")
                .append('\n');
        if (!of.blocked().isZero()) {
            text.append("blocked    for ")
                    .append(minutes(of.blocked()))
                    .append(", but for networks that have logged in before\n");
        }
        text.append("this hour  ").append(messages(of.hour()));
        text.append("today      ").append(messages(of.day()));
        text.append("failures   ").append(of.failures());
        if (!of.lastFailure().equals(Instant.EPOCH)) {
            text.append(", the last ")
                    .append(TIME.format(of.lastFailure()))
                    .append(" from ")
                    .append(LogText.printable(of.lastFailedClient()));
        }
        text.append('\n');
        for (PastLogin login : of.logins()) {
            text.append("login      ")
                    .append(TIME.format(login.at()))
                    .append(' ')
                    .append(from(login));
            if (!login.label().isEmpty()) {
                text.append(" by app password ").append(LogText.printable(login.label()));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String messages(SentCount count) {
        return count.messages() + " messages to " + count.recipients() + " recipients\n";
    }
}

package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.control.TcpRules;
import carteiro.log.LogText;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the rules of control/tcp.smtp and tcp.qmqp would do: clients that none of them can be, variables that nothing reads, and a
 * door that is open to everybody.
 */
final class ClientFindings {
    /** What qmqpd reads: it takes every recipient, with RELAYCLIENT or without. */
    private static final List<String> OF_QMQPD = List.of(TcpRules.DATABYTES, TcpRules.QMAILQUEUE);

    /** One to three numbers without a dot behind them, which is what makes a beginning of an address of them. */
    private static final Pattern PART = Pattern.compile("[0-9]{1,3}(?:\\.[0-9]{1,3}){0,2}");

    private static final Pattern NUMBERS = Pattern.compile("[0-9.]+");

    private final Installation installation;
    private final ControlFiles files;
    private final FindingList found;

    ClientFindings(Installation installation, ControlFiles files, FindingList found) {
        this.installation = installation;
        this.files = files;
        this.found = found;
    }

    void look() {
        look(Settings.TCP_SMTP, "smtpd", TcpRules.VARIABLES);
        look(Settings.TCP_QMQP, "qmqpd", OF_QMQPD);
    }

    private void look(Setting<Optional<String>> setting, String program, List<String> known) {
        TcpRules rules = TcpRules.read(files, setting);
        if (setting == Settings.TCP_QMQP && rules.isOpenToAll()) {
            found.warning(setting
                    + ": everybody who reaches this host may send to anywhere; name the clients, and end with :deny");
        }
        for (TcpRules.RuleLine line : rules.lines()) {
            address(setting, line);
            switch (line.rule()) {
                case TcpRules.Rule.Deny _ -> {}
                case TcpRules.Rule.Allow(var variables) -> variables(setting, line.number(), variables, program, known);
            }
        }
    }

    /** An address that no client can have: such a rule never counts, and what it denies is served. */
    private void address(Setting<?> setting, TcpRules.RuleLine line) {
        String written = line.address();
        if (written.startsWith("[")) {
            return; // read as a network, or refused
        }
        String address = written.substring(written.indexOf('@') + 1); // info@address
        String instead = "";
        if (address.indexOf('/') >= 0) {
            instead = "[" + address + "]:... for a network, in brackets";
        } else if (PART.matcher(address).matches()) {
            instead = address + ".:... with a dot for all addresses that begin so";
        } else if (NUMBERS.matcher(address).matches() && !isAddress(address)) {
            instead = "such as 192.0.2.1:... or 192.0.2.:...";
        } else if (address.equals("*")) {
            instead = "nothing before the colon for all clients";
        } else if (address.indexOf('*') >= 0) {
            instead = address.startsWith("*.") && address.length() > 2
                    ? "=" + address.substring(1) + ":... for all hosts below a domain"
                    : "the beginning of an address with its dot, such as 192.0.2.:...";
        } else if (address.indexOf(' ') >= 0 || address.indexOf('\t') >= 0) {
            instead = "the address without blanks";
        } else if (!address.isEmpty() && !address.startsWith("=") && isName(address)) {
            instead = "=" + address + ":... for a host name";
        }
        if (!instead.isEmpty()) {
            found.mistake(setting, line.number(), "\"" + written + "\" is no client's address; write " + instead);
        }
    }

    private static boolean isAddress(String numbers) {
        String[] parts = numbers.split("\\.", -1);
        if (parts.length > 5 || parts.length == 5 || parts.length < 4 && !parts[parts.length - 1].isEmpty()) {
            return false;
        }
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            if (parts[i].isEmpty()
                    ? !last || parts.length == 1
                    : parts[i].length() > 3 || Integer.parseInt(parts[i]) > 255) {
                return false;
            }
        }
        return true;
    }

    private static boolean isName(String address) {
        for (int i = 0; i < address.length(); i++) {
            char c = address.charAt(i);
            if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
                return true;
            }
        }
        return false;
    }

    private void variables(
            Setting<?> setting, int line, Map<String, String> variables, String program, List<String> known) {
        String queue = variables.getOrDefault(TcpRules.QMAILQUEUE, "");
        if (queue.isEmpty()) { // such a program gets them all
            variables.keySet().stream()
                    .filter(name -> !known.contains(name))
                    .sorted()
                    .forEach(name -> found.warning(
                            setting,
                            line,
                            name + " has no effect: " + program + " reads only " + String.join(", ", known)));
            return;
        }
        if (queue.indexOf('/') >= 0 && !isProgram(queue)) {
            found.mistake(
                    setting,
                    line,
                    "QMAILQUEUE: there is no program "
                            + (queue.startsWith("/") ? queue : LogText.path(installation.home()) + "/" + queue)
                            + ", so that no message of these clients is accepted; install it, or remove the variable");
        }
    }

    /** Whether a program whose current folder is HOME would find a program of that name. */
    private boolean isProgram(String name) {
        try {
            Path program = installation.home().resolve(name);
            return Files.isRegularFile(program) && Files.isExecutable(program);
        } catch (InvalidPathException e) { // no file has such a name
            return false;
        }
    }
}

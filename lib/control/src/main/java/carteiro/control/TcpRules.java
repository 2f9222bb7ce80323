package carteiro.control;

import carteiro.idna.DomainName;
import carteiro.log.LogText;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Per-client settings in the text form of tcprules: {@code address:allow,VAR="value"} or {@code address:deny}. Beyond it:
 * a network in brackets, {@code [2001:db8::/32]:allow}, which is also how IPv6 addresses are written. Nothing changes it
 * once it was read.
 */
public final class TcpRules {
    /** Set for clients that may send to anywhere; its value is appended to each recipient. */
    public static final String RELAYCLIENT = "RELAYCLIENT";

    /** The most octets of a client's message, before control/databytes. */
    public static final String DATABYTES = "DATABYTES";

    /** The program that takes a client's messages in place of queue. */
    public static final String QMAILQUEUE = "QMAILQUEUE";

    /** Whether the client may log in: over TLS alone if it is TLSREQUIRED, else in the clear too. */
    public static final String SMTPAUTH = "SMTPAUTH";

    /** The client has to log in. */
    public static final String AUTHREQUIRED = "AUTHREQUIRED";

    /** The client counts as logged in where it would have to. */
    public static final String AUTHORIZED = "AUTHORIZED";

    /** What smtpd sets for the program of {@link #QMAILQUEUE}: the account that the client has logged in to. */
    public static final String SMTPAUTHUSER = "SMTPAUTHUSER";

    /** All variables that smtpd reads; others reach the program of {@link #QMAILQUEUE} alone. */
    public static final List<String> VARIABLES =
            List.of(RELAYCLIENT, DATABYTES, QMAILQUEUE, SMTPAUTH, AUTHREQUIRED, AUTHORIZED);

    /** The most rules that one line with ranges may stand for. */
    private static final int MOST_OF_A_LINE = 65_536;

    /** What becomes of a client. */
    public sealed interface Rule {
        /** It is served, with these variables set; the last of several with one name counts. */
        record Allow(Map<String, String> variables) implements Rule {
            /** Copies the map. */
            public Allow {
                variables = Map.copyOf(variables);
            }
        }

        /** It is not served. */
        record Deny() implements Rule {}
    }

    /**
     * What a line says.
     *
     * @param number from 1
     * @param address as it is written: whose rule it is
     */
    public record RuleLine(int number, String address, Rule rule) {}

    private record NetworkRule(IpNetwork network, Rule rule) {}

    private static final Rule SERVED = new Rule.Allow(Map.of());

    private final Map<String, Rule> rules = new HashMap<>();
    private final List<NetworkRule> networks = new ArrayList<>();
    private final List<RuleLine> lines = new ArrayList<>();
    private boolean byHost;

    private TcpRules() {}

    /** Takes what is wrong. */
    interface Problems {
        /** @param line from 1 */
        void add(int line, String sentence);
    }

    /** Reads a control file of that form, and notes what is wrong with its lines; without the file there is no rule. */
    public static TcpRules read(ControlFiles files, Setting<Optional<String>> setting) {
        return parse(files.get(setting).orElse(""), (line, sentence) -> files.problem(setting, line, sentence));
    }

    /** Reads the text of a file; the first of several rules for one address counts, as in a cdb. */
    static TcpRules parse(String text, Problems problems) {
        var rules = new TcpRules();
        int number = 0;
        for (String line : text.split("\n")) {
            number++;
            String trimmed = line.stripTrailing();
            if (!trimmed.isEmpty() && trimmed.charAt(0) != '#') {
                String problem = rules.add(number, trimmed);
                if (problem != null) {
                    problems.add(number, problem);
                }
            }
        }
        rules.networks.sort((a, b) -> Integer.compare(b.network.bits(), a.network.bits()));
        return rules;
    }

    private @Nullable String add(int number, String line) {
        int bracket = line.startsWith("[") ? line.indexOf(']') : 0;
        int colon = bracket < 0 ? -1 : line.indexOf(':', bracket);
        if (colon < 0) {
            return "has no colon after the address; write address:allow or address:deny";
        }
        String address = line.substring(0, colon);
        int comma = line.indexOf(',', colon);
        String verdict = line.substring(colon + 1, comma < 0 ? line.length() : comma);
        Rule rule;
        if (verdict.equals("deny")) {
            rule = new Rule.Deny();
        } else if (verdict.equals("allow")) {
            Map<String, String> variables = comma < 0 ? Map.of() : variables(line, comma);
            if (variables == null) {
                return "has a variable not written as ,NAME=\"value\"";
            }
            String databytes = variables.getOrDefault(DATABYTES, "");
            if (!databytes.isEmpty() && ControlFiles.digits(databytes).isEmpty()) {
                return "has DATABYTES \"" + databytes + "\", which is not a number; write digits alone, such as"
                        + " DATABYTES=\"10485760\"";
            }
            rule = new Rule.Allow(variables);
        } else {
            return "says neither allow nor deny after the address";
        }
        lines.add(new RuleLine(number, address, rule));
        if (address.startsWith("[")) {
            return addNetwork(address.substring(1, address.length() - 1), rule);
        }
        if (address.startsWith("=") || address.contains("@=")) {
            byHost = true;
        }
        int made = expand("", address, rule, 0);
        return made > MOST_OF_A_LINE ? "has ranges for over " + MOST_OF_A_LINE + " addresses; write a network" : null;
    }

    private static @Nullable Map<String, String> variables(String line, int comma) {
        var variables = new HashMap<String, String>();
        int at = comma;
        while (at < line.length()) {
            int equals = line.indexOf('=', at);
            if (line.charAt(at) != ',' || equals <= at + 1 || equals + 1 >= line.length()) {
                return null;
            }
            int close = line.indexOf(line.charAt(equals + 1), equals + 2); // any octet may serve as the quote
            if (close < 0) {
                return null;
            }
            variables.put(line.substring(at + 1, equals), line.substring(equals + 2, close));
            at = close + 1;
        }
        return variables;
    }

    private @Nullable String addNetwork(String text, Rule rule) {
        Optional<IpNetwork> network = IpNetwork.parse(text);
        network.ifPresent(named -> networks.add(new NetworkRule(named, rule)));
        return network.isPresent()
                ? null
                : "has no IP address or network in brackets, or one with more bits than its address; write such as"
                        + " [192.0.2.0/24] or [2001:db8::/32]";
    }

    /** {@code 10.2-3.} stands for {@code 10.2.} and {@code 10.3.}, as in tcprules; host names are kept as they are. */
    private int expand(String done, String rest, Rule rule, int made) {
        int hyphen = rest.indexOf('-');
        int start = hyphen;
        while (start > 0 && isDigit(rest.charAt(start - 1))) {
            start--;
        }
        int end = hyphen + 1;
        while (hyphen >= 0 && end < rest.length() && isDigit(rest.charAt(end))) {
            end++;
        }
        if (hyphen < 0
                || byName(done + rest)
                || start == hyphen
                || end == hyphen + 1
                || hyphen - start > 3
                || end - hyphen > 4) {
            rules.putIfAbsent(key(done + rest), rule);
            return made + 1;
        }
        int from = Integer.parseInt(rest.substring(start, hyphen));
        int to = Integer.parseInt(rest.substring(hyphen + 1, end));
        int count = made;
        for (int i = from; i <= to && count <= MOST_OF_A_LINE; i++) {
            count = expand(done + rest.substring(0, start) + i, rest.substring(end), rule, count);
        }
        return count;
    }

    /** Host names are compared without case, in UTF-8 or in ASCII form; what stands before {@code @} as it is. */
    private static String key(String address) {
        int name = address.indexOf('=', address.indexOf('@') + 1) + 1;
        return name == 0 ? address : address.substring(0, name) + DomainName.key(address.substring(name));
    }

    private static boolean byName(String address) {
        return address.indexOf('=') >= 0 || address.indexOf('@') >= 0;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** What each line says that could be understood, in their order: those too that no client gets. */
    public List<RuleLine> lines() {
        return Collections.unmodifiableList(lines);
    }

    /** Whether a rule serves everybody, or everybody with addresses of IPv4 or of IPv6. */
    public boolean isOpenToAll() {
        Rule others = rules.get("");
        return others instanceof Rule.Allow
                || networks.stream().anyMatch(each -> each.network.bits() == 0 && each.rule instanceof Rule.Allow);
    }

    /**
     * Refuses variables that tcpserver hands over and that do not say what they seem to.
     *
     * @throws ControlException naming the variable
     */
    public static void check(Map<String, String> environment) throws ControlException {
        String databytes = environment.getOrDefault(DATABYTES, "");
        if (!databytes.isEmpty() && ControlFiles.digits(databytes).isEmpty()) {
            throw new ControlException(List.of("DATABYTES in the environment: \"" + LogText.printable(databytes)
                    + "\" is not a number; write digits alone into tcpserver's rule, such as DATABYTES=\"10485760\""));
        }
    }

    /** Whether a rule asks for the name of the client's host. */
    public boolean needHost() {
        return byHost;
    }

    /**
     * The rule for a client, in the order of tcpserver: info and address, info and host, address, host, networks and
     * address prefixes from the longest, host suffixes from the longest, any known host, anybody.
     *
     * @param hostName empty if unknown
     * @param info empty if unknown
     */
    public Rule ruleFor(InetAddress address, String hostName, String info) {
        return ruleFor(address, hostName, info, SERVED);
    }

    /** @param otherwise for a client that no rule is for */
    public Rule ruleFor(InetAddress address, String hostName, String info, Rule otherwise) {
        String host = DomainName.key(hostName);
        String ip = address.getHostAddress(); // IPv6 is found in networks alone: a key ends at a colon
        return exact(ip, host, info)
                .or(() -> byPrefix(address, ip))
                .or(() -> host.isEmpty() ? Optional.empty() : bySuffix(host))
                .or(() -> Optional.ofNullable(rules.get("")))
                .orElse(otherwise);
    }

    private Optional<Rule> exact(String ip, String host, String info) {
        Rule found = info.isEmpty() ? null : rules.get(info + "@" + ip);
        if (found == null && !info.isEmpty() && !host.isEmpty()) {
            found = rules.get(info + "@=" + host);
        }
        if (found == null) {
            found = rules.get(ip);
        }
        if (found == null && !host.isEmpty()) {
            found = rules.get("=" + host);
        }
        return Optional.ofNullable(found);
    }

    private Optional<Rule> byPrefix(InetAddress address, String ip) {
        Rule found = null;
        int bits = -1;
        for (NetworkRule each : networks) {
            if (each.network.holds(address)) {
                found = each.rule;
                bits = each.network.bits();
                break;
            }
        }
        if (address instanceof Inet4Address) {
            int parts = 3;
            for (int dot = ip.lastIndexOf('.'); dot >= 0; dot = ip.lastIndexOf('.', dot - 1)) {
                Rule rule = rules.get(ip.substring(0, dot + 1));
                if (rule != null && 8 * parts > bits) {
                    return Optional.of(rule);
                }
                parts--;
            }
        }
        return Optional.ofNullable(found);
    }

    private Optional<Rule> bySuffix(String host) {
        for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
            Rule rule = rules.get("=" + host.substring(dot));
            if (rule != null) {
                return Optional.of(rule);
            }
        }
        return Optional.ofNullable(rules.get("="));
    }
}

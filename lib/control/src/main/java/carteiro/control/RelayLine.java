package carteiro.control;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/**
 * What a line of control/smtproutes or control/authsenders has behind its key: a relay, and perhaps a login there. Two forms, as qmail's
 * patches have them: {@code relay:port|user|password}, in which the password may hold blanks and bars, and
 * {@code relay:port user password}.
 *
 * @param relay the host, and perhaps a port; empty if there is none
 * @param user empty if there is no login
 * @param password as long as a line may be; empty if there is no login, or it is missing
 */
public record RelayLine(String relay, String user, String password) {
    private static final String HIDDEN = "(set)";

    /**
     * Reads it. Whichever comes first, a bar or a blank, says which form it is.
     *
     * @param value behind the first colon of a line
     */
    public static RelayLine parse(String value) {
        String text = value.stripLeading();
        int mark = mark(text);
        if (mark < 0) {
            return new RelayLine(text.strip(), "", "");
        }
        String relay = text.substring(0, mark);
        String rest = text.substring(mark).stripLeading();
        if (rest.startsWith("|")) {
            int next = rest.indexOf('|', 1);
            return new RelayLine(
                    relay,
                    rest.substring(1, next < 0 ? rest.length() : next).strip(),
                    next < 0 ? "" : rest.substring(next + 1));
        }
        List<String> words = List.of(rest.strip().split("[ \t]+", 2));
        return new RelayLine(relay, words.getFirst(), words.size() > 1 ? words.get(1) : "");
    }

    /** What control/smtproutes has for a domain; empty if it has nothing. */
    public static Optional<RelayLine> ofDomain(ControlFiles files, String domain) {
        var lines = new LinkedHashMap<String, RelayLine>();
        files.pairs(Settings.SMTPROUTES).values().forEach(pair -> lines.putLast(pair.getKey(), parse(pair.getValue())));
        return new DomainTable<>(lines).find(domain);
    }

    /** Where a login begins: at the first bar or blank. */
    private static int mark(String text) {
        int at = 0;
        while (at < text.length() && "| \t".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return at < text.length() ? at : -1;
    }

    /** Whether it has a user or a password. */
    public boolean hasLogin() {
        return !user.isEmpty() || !password.isEmpty();
    }

    /** A whole line without its password, or what could be one: for the eyes of others. */
    static String masked(String line) {
        int colon = line.indexOf(':');
        int mark = mark(line);
        if (mark >= 0 && (colon < 0 || mark < colon)) {
            return line.substring(0, mark) + " " + HIDDEN; // no line that means anything
        }
        RelayLine value = parse(line.substring(colon + 1));
        return value.hasLogin() ? line.substring(0, colon + 1) + value : line;
    }

    @Override
    public String toString() {
        if (!hasLogin()) {
            return relay;
        }
        return relay + "|" + (password.isEmpty() ? HIDDEN : user + "|" + HIDDEN); // one alone may be a password
    }
}

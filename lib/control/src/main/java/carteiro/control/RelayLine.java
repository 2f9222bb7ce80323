package carteiro.control;

import java.util.List;

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

    /** @param value behind the first colon of a line */
    public static RelayLine parse(String value) {
        int bar = value.indexOf('|');
        if (bar >= 0) {
            int next = value.indexOf('|', bar + 1);
            return new RelayLine(
                    value.substring(0, bar).strip(),
                    value.substring(bar + 1, next < 0 ? value.length() : next).strip(),
                    next < 0 ? "" : value.substring(next + 1));
        }
        List<String> words = List.of(value.strip().split("[ \t]+", 3));
        return new RelayLine(
                words.getFirst(), words.size() > 1 ? words.get(1) : "", words.size() > 2 ? words.get(2) : "");
    }

    /** Whether it has a user or a password. */
    public boolean hasLogin() {
        return !user.isEmpty() || !password.isEmpty();
    }

    /** A whole line without its password: for the eyes of others. */
    static String masked(String line) {
        int colon = line.indexOf(':');
        RelayLine value = parse(line.substring(colon + 1));
        return colon < 0 || !value.hasLogin()
                ? line
                : line.substring(0, colon + 1) + value.relay + "|" + value.user + "|" + HIDDEN;
    }

    @Override
    public String toString() {
        return hasLogin() ? relay + "|" + user + "|" + HIDDEN : relay;
    }
}

package carteiro.local;

import carteiro.mail.Octets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The text for {@code /bin/sh -c} that prepares for a user's command and then becomes it: umask, home, and those
 * variables that Java could not hand over octet for octet. The home is entered here, as the user, and not before.
 */
final class CommandScript {
    /** What stands for a failure to enter the home; a user's command may use the same code. */
    static final int NO_HOME = 111;

    private CommandScript() {}

    /** Whether a value reaches a program unchanged through Java: it does so in every locale if it is ASCII. */
    static boolean isPlain(String octets) {
        return Octets.areAscii(octets);
    }

    /**
     * The script.
     *
     * @param variables those that are not plain; exported
     * @param command for /bin/sh; it is the script's first argument, or within the script if it is not plain
     */
    static String of(Map<String, String> variables, String command) {
        var script = new StringBuilder("umask 077\n");
        new TreeMap<>(variables).forEach((name, value) -> {
            assign(script, name, value);
            script.append("export ").append(name).append('\n');
        });
        String become = "$1";
        if (!isPlain(command)) {
            assign(script, "carteiro_command", command);
            become = "$carteiro_command";
        }
        return script.append("cd -P -- \"$HOME\" 2>/dev/null || {\n")
                .append("echo 'Unable to switch to the home directory. (#4.3.0)'\nexit ")
                .append(NO_HOME)
                .append("\n}\nexec /bin/sh -c \"")
                .append(become)
                .append("\"\n")
                .toString();
    }

    /** Sets a shell variable; a last letter keeps LFs at the end from being stripped. */
    private static void assign(StringBuilder script, String name, String value) {
        script.append(name).append("=$(printf %b '");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
                script.append(c);
            } else {
                script.append("\\0").append((char) ('0' + (c >> 6))).append((char) ('0' + (c >> 3 & 7)));
                script.append((char) ('0' + (c & 7)));
            }
        }
        script.append("x')\n").append(name).append("=${").append(name).append("%x}\n");
    }
}

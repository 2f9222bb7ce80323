package carteiro.posix;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The names of those environment variables that a program of somebody else gets from whoever started us. The rest stays here: a
 * shell of root may hold keys and passwords.
 *
 * @param names names, or beginnings of names with {@code *} at the end
 */
public record PassedVariables(Set<String> names) {
    /** What a program needs to find others, the time zone and the language. */
    public static final PassedVariables STANDARD =
            new PassedVariables(Set.of("PATH", "TZ", "LANG", "LANGUAGE", "LC_*", "TMPDIR", "JAVA_HOME"));

    /** Copies the set. */
    public PassedVariables {
        names = Set.copyOf(names);
    }

    /** Whether this can be a name here: a letter or {@code _}, then letters, digits and {@code _}, perhaps {@code *} at the end. */
    public static boolean isName(String text) {
        return text.matches("[A-Za-z_][A-Za-z0-9_]*\\*?");
    }

    /** These and others. */
    public PassedVariables and(Collection<String> others) {
        var all = new HashSet<>(names);
        all.addAll(others);
        return new PassedVariables(all);
    }

    /** Whether a variable is passed on. */
    public boolean contains(String variable) {
        if (names.contains(variable)) {
            return true;
        }
        for (String name : names) {
            if (name.endsWith("*") && variable.startsWith(name.substring(0, name.length() - 1))) {
                return true;
            }
        }
        return false;
    }

    /** Those of an environment that are passed on. */
    public Map<String, String> of(Map<String, String> environment) {
        var passed = new HashMap<>(environment);
        passed.keySet().removeIf(name -> !contains(name));
        return passed;
    }
}

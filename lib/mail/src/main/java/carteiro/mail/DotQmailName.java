package carteiro.mail;

import java.util.ArrayList;
import java.util.List;

/**
 * The file names that may hold the instructions for an address, in the order they are tried (dot-qmail's search).
 *
 * @param file the name below the home, such as {@code .qmail-list-default}
 * @param defaultPart the tail of the extension that {@code default} stands for; empty for an exact name
 * @param kind whether the name is exact or a default
 */
public record DotQmailName(String file, String defaultPart, DotQmailMatch kind) {
    /** How a name came about. */
    public enum DotQmailMatch {
        /** The whole extension is in the name. */
        EXACT,
        /** A tail of the extension is replaced by {@code default}; DEFAULT is set to it. */
        DEFAULT
    }

    /**
     * The names to try for an address.
     *
     * @param dash {@code -} or empty, or what users/assign says (such as {@code -/})
     * @param extension the extension, case kept
     */
    public static List<DotQmailName> candidates(String dash, String extension) {
        String safe = Octets.lowerCase(extension).replace('.', ':');
        var names = new ArrayList<DotQmailName>();
        String exact = ".qmail" + dash + safe;
        if (safe.endsWith("default")) {
            names.add(new DotQmailName(
                    exact, extension.substring(safe.length() - "default".length()), DotQmailMatch.DEFAULT));
        } else {
            names.add(new DotQmailName(exact, "", DotQmailMatch.EXACT));
        }
        for (int i = safe.length(); i >= 0; i--) {
            if (i == 0 || safe.charAt(i - 1) == '-') {
                names.add(new DotQmailName(
                        ".qmail" + dash + safe.substring(0, i) + "default",
                        extension.substring(i),
                        DotQmailMatch.DEFAULT));
            }
        }
        return List.copyOf(names);
    }
}

package carteiro.lookup;

import java.util.Locale;
import java.util.Optional;

/** What the {@code .qmail} files of an account in the directory mean (qmailDotMode). */
enum DotMode {
    /** The directory alone, without its programs. */
    LDAPONLY,
    /** The directory alone. */
    LDAPWITHPROG,
    /** The {@code .qmail} files alone. */
    DOTONLY,
    /** The directory, then the {@code .qmail} files. */
    BOTH,
    /** The mailbox alone. */
    NONE;

    /** Whether the programs of the directory are run. */
    boolean runsPrograms() {
        return this == LDAPWITHPROG || this == BOTH;
    }

    /** The mode of that name, in any case. */
    static Optional<DotMode> named(String word) {
        for (DotMode mode : values()) {
            if (mode.name().toLowerCase(Locale.ROOT).equals(word.toLowerCase(Locale.ROOT))) {
                return Optional.of(mode);
            }
        }
        return Optional.empty();
    }
}

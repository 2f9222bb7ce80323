package carteiro.lookup;

import java.util.Locale;

/** The sources by their names in control/lookupsources. */
enum SourceName {
    /** A directory of qmailUser entries. */
    LDAP,
    /** users/cdb, made by qmail-newu from users/assign. */
    ASSIGN,
    /** The accounts of the system, by the rules of qmail-getpw. */
    PASSWD,
    /** What nobody else owns: the {@code .qmail} files of HOME/alias. */
    ALIAS;

    /** As in control/lookupsources and in the log. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}

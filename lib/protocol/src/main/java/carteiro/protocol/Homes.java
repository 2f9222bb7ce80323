package carteiro.protocol;

import java.io.IOException;

/**
 * Whether an account has instructions for an extension. lookup asks local, which looks as the account's own user, where
 * lookup itself may not look. Any number of questions at once.
 */
public interface Homes {
    /**
     * Looks for the {@code .qmail} file that would decide.
     *
     * @throws IOException if local cannot be reached: the same as {@link Presence#NOT_NOW}
     */
    Presence look(AccountExtension extension) throws IOException;

    /**
     * An extension of an account.
     *
     * @param uid the account's user; nobody looks as root
     * @param gid its group
     * @param home an absolute path, as octets
     * @param dash what stands between {@code .qmail} and the extension
     * @param extension EXT, as octets
     */
    record AccountExtension(int uid, int gid, String home, String dash, String extension) {}

    /** What was found. */
    enum Presence {
        /** There is a file for it. */
        YES,
        /** There is none: no such address. */
        NO,
        /** Cannot be told now. Never to be taken for no. */
        NOT_NOW
    }
}

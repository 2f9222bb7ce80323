package carteiro.remote;

import carteiro.mail.Octets;

/**
 * Who we are to a relay that wants a login.
 *
 * @param user octets, a character each
 * @param password the same
 */
record RelayLogin(String user, String password) {
    /** The most octets of either. */
    static final int LONGEST = 512;

    /** Whoever has used it overwrites it. */
    byte[] octets() {
        return Octets.bytes(password);
    }

    @Override
    public String toString() {
        return user;
    }
}

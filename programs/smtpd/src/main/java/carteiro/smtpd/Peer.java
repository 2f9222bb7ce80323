package carteiro.smtpd;

import carteiro.control.TcpRules;
import carteiro.listen.Client;
import carteiro.listen.ListenerRole;
import java.util.Optional;

/**
 * Who is at the other end, by what is known of it now: another one takes its place when it greets or goes over to TLS.
 *
 * @param role that of the listener it came to
 * @param rule what tcp.smtp says of it
 * @param rights what it may
 * @param helo how it greeted; empty if it did not, or without a name
 * @param cipher the TLS cipher suite; empty without TLS
 * @param certified the account that its certificate stands for; empty without one that counts
 */
record Peer(
        Client client,
        ListenerRole role,
        TcpRules.Rule rule,
        Rights rights,
        String helo,
        Optional<String> cipher,
        Optional<String> certified) {
    /** One that has said nothing yet. */
    static Peer of(Client client, ListenerRole role, TcpRules.Rule rule, Rights rights) {
        return new Peer(client, role, rule, rights, "", Optional.empty(), Optional.empty());
    }

    /** After HELO or EHLO. */
    Peer greeted(String name) {
        return new Peer(client, role, rule, rights, name, cipher, certified);
    }

    /**
     * After STARTTLS: what it said before, a login too, counts for nothing (RFC 3207 section 4.2).
     *
     * @param atFirst what it might when it came
     * @param account whom its certificate stands for
     */
    Peer secured(Optional<String> by, Rights atFirst, Optional<String> account) {
        return new Peer(client, role, rule, atFirst, "", by, account);
    }

    /** After AUTH. */
    Peer loggedIn(String account) {
        return new Peer(client, role, rule, rights.loggedIn(account), helo, cipher, certified);
    }
}

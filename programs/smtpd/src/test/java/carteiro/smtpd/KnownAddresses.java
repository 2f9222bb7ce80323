package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Lookup;
import java.io.IOException;
import java.util.List;

/** A lookup that knows alice, bob (with extensions), postmaster and some addresses in trouble at example.org. */
final class KnownAddresses implements Lookup {
    volatile boolean away;
    volatile boolean everybody; // is known

    @Override
    public Answer recipient(Address address) throws IOException {
        if (away) {
            throw new IOException("lookup is not running");
        }
        String local = Octets.lowerCase(address.localPart());
        return switch (local.split("[-+]", 2)[0]) {
            case "alice", "bob", "x", "joe", "sue", "postmaster", "caf\u00c3\u00a9" ->
                new Answer.Account(local, 503, 78, "/home/" + local, "-", "", new Recipe.DotQmail());
            case "both" ->
                new Answer.Forward(List.of(new Address("alice@example.org"), new Address("bob@example.org")));
            case "" -> new Answer.Trash();
            case "elsewhere" -> new Answer.Remote();
            case "gone" -> new Answer.Unknown(new Status(5, 2, 1), "mailbox is closed");
            case "away" -> new Answer.NotNow(new Status(4, 4, 3), "directory ldap://secret does not answer");
            default ->
                everybody || local.length() > 800
                        ? new Answer.Account("long", 503, 78, "/home/long", "-", "", new Recipe.DotQmail())
                        : new Answer.Unknown(new Status(5, 1, 1), "no such address");
        };
    }

    @Override
    public Answer account(Address address) throws IOException {
        return recipient(address);
    }
}

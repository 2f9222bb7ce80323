package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Lookup;
import carteiro.protocol.LookupExplanation;
import carteiro.protocol.LookupExplanation.RoutingView;
import carteiro.protocol.Route;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A lookup that knows alice, bob (with extensions), postmaster and some addresses in trouble, wherever they are that routing by the
 * control files calls local.
 */
final class KnownAddresses implements Lookup {
    volatile boolean away;
    volatile boolean everybody; // is known
    volatile CountDownLatch hold = new CountDownLatch(0); // before an answer
    final AtomicInteger held = new AtomicInteger();
    private final Installation installation;

    KnownAddresses(Path home) {
        this.installation = new Installation(home);
    }

    @Override
    public RecipientAnswer recipient(LookupQuestion question) throws IOException {
        RoutingView routing;
        try {
            routing = ServiceLoader.load(LookupExplanation.class)
                    .findFirst()
                    .orElseThrow()
                    .routing(installation);
        } catch (ControlException e) {
            throw new IOException(e);
        }
        Route route = routing.route(question.recipient());
        boolean ours = routing.isOurs(question.recipient());
        boolean gateway = !ours && question.purpose() == LookupPurpose.RECEIVE;
        return new RecipientAnswer(
                route.visible().domain(),
                ours,
                route instanceof Route.ToRemote
                        ? remote()
                        : gateway ? new AddressVerdict.GatewayAddress() : local(question.recipient()));
    }

    private AddressVerdict remote() throws IOException {
        if (away) {
            throw new IOException("lookup is not running");
        }
        return new AddressVerdict.RemoteAddress();
    }

    private AddressVerdict local(Address address) throws IOException {
        if (away) {
            throw new IOException("lookup is not running");
        }
        held.incrementAndGet();
        try {
            hold.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        held.decrementAndGet();
        String local = Octets.lowerCase(address.localPart());
        return switch (local.split("[-+]", 2)[0]) {
            case "alice", "bob", "x", "joe", "sue", "postmaster", "caf\u00c3\u00a9" ->
                new AddressVerdict.KnownAddress();
            case "both", "" -> new AddressVerdict.KnownAddress();
            case "elsewhere" -> new AddressVerdict.RemoteAddress();
            case "gone" -> new AddressVerdict.UnknownAddress(new Status(5, 2, 1), "mailbox is closed");
            case "away" -> new AddressVerdict.Undecided(new Status(4, 4, 3), "directory ldap://secret does not answer");
            default ->
                everybody || local.length() > 800
                        ? new AddressVerdict.KnownAddress()
                        : new AddressVerdict.UnknownAddress(new Status(5, 1, 1), "no such address");
        };
    }

    @Override
    public Answer account(LookupQuestion question) {
        throw new UnsupportedOperationException("smtpd asks for no instructions");
    }
}

package carteiro.remote;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.posix.Invocation;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * The command {@code qmail-remote HOST SENDER RECIPIENT...}: sends the message on standard input and writes a record a
 * recipient and one for the message, each ended by NUL. It always exits 0.
 */
public final class QmailRemote {
    private final Installation installation;
    private final InputStream in;
    private final OutputStream out;
    private final OutputStream errors;
    private final OwnAddresses own;
    private final int smtpPort;

    QmailRemote(
            Installation installation,
            InputStream in,
            OutputStream out,
            OutputStream errors,
            OwnAddresses own,
            int smtpPort) {
        this.installation = installation;
        this.in = in;
        this.out = out;
        this.errors = errors;
        this.own = own;
        this.smtpPort = smtpPort;
    }

    /** Runs the command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-remote", arguments, _ -> {
            var command = new QmailRemote(
                    Installation.ofEnvironment(System.getenv()),
                    System.in,
                    System.out,
                    System.err,
                    OwnAddresses.ofThisHost(),
                    SmtpRoute.SMTP);
            try {
                command.run(List.of(arguments));
            } catch (IOException e) {
                System.err.println("qmail-remote: cannot write the result: " + e.getMessage());
            }
            return 0; // its records say what became of the recipients
        });
    }

    void run(List<String> arguments) throws IOException {
        out.write(Octets.bytes(result(arguments).records()));
        out.flush();
    }

    private RemoteResult result(List<String> arguments) {
        if (arguments.size() < 3) {
            return RemoteResult.forAll(new Outcome.Failed(
                    new Status(5, 3, 5), "I (qmail-remote) want HOST SENDER RECIPIENT... (#5.3.5)\n"));
        }
        var addresses = new ArrayList<Address>();
        for (String argument : arguments.subList(1, arguments.size())) {
            String octets = octets(argument);
            if (octets.length() > Address.LIMIT) {
                return RemoteResult.forAll(new Outcome.Failed(
                        new Status(5, 1, 3), "Sorry, an address has over " + Address.LIMIT + " octets. (#5.1.3)\n"));
            }
            addresses.add(new Address(octets));
        }
        RemoteSettings settings;
        try {
            settings = RemoteSettings.read(installation);
        } catch (ControlException e) {
            return RemoteResult.forAll(
                    Outcome.notNow("Unable to use the control files: " + e.getMessage() + " (#4.3.0)\n"));
        }
        try (var log = new EventLog(errors, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var message = StandardInputMessage.read(in)) {
            if (message.endsInPartialLine()) {
                return RemoteResult.forAll(OutcomeTexts.partialLastLine());
            }
            var outgoing = new OutgoingMessage(
                    addresses.getFirst(),
                    addresses.subList(1, addresses.size()),
                    message.body(),
                    AddressForm.ASCII, // octets above 127 pass as they are, as ever
                    message.octets(),
                    message::open);
            return deliver(settings, outgoing, octets(arguments.getFirst()), log);
        } catch (IOException e) {
            return RemoteResult.forAll(OutcomeTexts.messageUnreadable(OutcomeTexts.why(e)));
        }
    }

    private RemoteResult deliver(RemoteSettings settings, OutgoingMessage outgoing, String host, EventLog log) {
        var connections = new SmtpConnectionPool(Timeouts.KEEP, log);
        try (var watchdog = new Watchdog()) {
            DeadHosts dead = DeadHosts.open(Remote.deadHosts(installation), Clock.systemUTC(), log);
            RemoteDelivery.RemoteDeliveryContext tools =
                    Remote.tools(settings, own, smtpPort, connections, dead, watchdog, AnyCertificate.context(), log);
            try {
                return RemoteDelivery.deliver(tools, outgoing, host);
            } catch (RuntimeException e) {
                log.bug("qmail-remote", e);
                return RemoteResult.forAll(
                        Outcome.notNow("Sorry, I have a bug; standard error says which. (#4.3.0)\n"));
            } finally {
                connections.closeKept();
            }
        }
    }

    /** The octets of an argument as the system gave them: Java decoded them by the locale. */
    private static String octets(String argument) {
        return Octets.areAscii(argument)
                ? argument
                : Octets.text(argument.getBytes(
                        java.nio.charset.Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"))));
    }
}

package carteiro.remote;

import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.smtp.SmtpReply;

/** The texts of the outcomes. Log analysers and people's scripts look for fragments of them: qmail's are kept. */
final class OutcomeTexts {
    private OutcomeTexts() {}

    static Outcome noSuchHost(String host) {
        return new Outcome.Failed(
                new Status(5, 1, 2), "Sorry, I couldn't find any host named " + shown(host) + ". (#5.1.2)\n");
    }

    static Outcome nullMx(String domain) {
        return new Outcome.Failed(
                new Status(5, 1, 10), "Sorry, " + shown(domain) + " says that it takes no mail. (#5.1.10)\n");
    }

    static Outcome noAddress(String domain) {
        return new Outcome.Failed(
                new Status(5, 4, 4),
                "Sorry, I couldn't find a mail exchanger or IP address for " + shown(domain) + ". (#5.4.4)\n");
    }

    static Outcome dnsTrouble(String host, String reason) {
        return new Outcome.Deferred(
                new Status(4, 4, 3),
                "DNS lookup of " + shown(host) + " failed for now: " + shown(reason) + " (#4.4.3)\n");
    }

    static Outcome bestExchangerIsThisHost(String domain) {
        return new Outcome.Failed(
                new Status(5, 4, 6),
                "Sorry. The best mail exchanger of " + shown(domain) + " is this host,\n"
                        + "but the domain isn't in control/locals, so I don't treat it as local. (#5.4.6)\n");
    }

    static Outcome relayMissing(String relay) {
        return new Outcome.Deferred(
                new Status(4, 3, 5),
                "Sorry, the relay " + shown(relay) + " of control/smtproutes doesn't exist. (#4.3.5)\n");
    }

    static Outcome noName() {
        return new Outcome.Deferred(
                new Status(4, 3, 5), "Sorry, I don't know my own name: control/me is missing. (#4.3.5)\n");
    }

    static Outcome noConnection(String details) {
        return new Outcome.Deferred(
                new Status(4, 4, 1), "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n" + details);
    }

    static Outcome messageUnreadable(String reason) {
        return new Outcome.Deferred(
                new Status(4, 3, 0), "Unable to read the message: " + shown(reason) + " (#4.3.0)\n");
    }

    static Outcome badAddress(String address, Status status) {
        return new Outcome.Failed(
                status,
                "Sorry, " + shown(address) + " holds characters that no SMTP command may carry. (#" + status + ")\n");
    }

    static Outcome partialLastLine() {
        return new Outcome.Failed(
                new Status(5, 6, 2),
                "Sorry, the message ends in the middle of a line; it may be cut short. (#5.6.2)\n");
    }

    /** What an SMTP reply other than yes means, after the sentence on where it came. */
    static Outcome refused(String sentence, SmtpReply reply) {
        String report = sentence + "\nRemote host said: " + reply.text();
        return reply.isPermanent()
                ? new Outcome.Failed(reply.status().orElse(new Status(5, 0, 0)), report)
                : new Outcome.Deferred(
                        reply.isTransient() ? reply.status().orElse(new Status(4, 0, 0)) : new Status(4, 5, 0), report);
    }

    static Outcome greetingFailed(NextHop hop, SmtpReply reply) {
        return refused("Connected to " + hop.ip() + " but greeting failed.", reply);
    }

    static Outcome nameRejected(NextHop hop, SmtpReply reply) {
        return notForGood(refused("Connected to " + hop.ip() + " but my name was rejected.", reply));
    }

    static Outcome senderRejected(NextHop hop, SmtpReply reply) {
        return refused("Connected to " + hop.ip() + " but sender was rejected.", reply);
    }

    static Outcome recipientRefused(NextHop hop, SmtpReply reply) {
        return refused(hop.ip() + " does not like recipient.", reply);
    }

    /** One recipient more than the next hop takes at once: another delivery will do. */
    static Outcome tooManyRecipients(NextHop hop, SmtpReply reply) {
        return new Outcome.Deferred(
                new Status(4, 5, 3), recipientRefused(hop, reply).report());
    }

    static String givingUpOn(NextHop hop) {
        return "Giving up on " + hop.ip() + ".\n";
    }

    static Outcome givingUp(NextHop hop) {
        return new Outcome.Failed(new Status(5, 0, 0), givingUpOn(hop));
    }

    static Outcome dataRefused(NextHop hop, SmtpReply reply) {
        return refused(hop.ip() + " failed on DATA command.", reply);
    }

    static Outcome messageRefused(NextHop hop, SmtpReply reply) {
        return refused(hop.ip() + " failed after I sent the message.", reply);
    }

    static Outcome accepted(NextHop hop, SmtpReply reply) {
        return new Outcome.Delivered(
                reply.status().orElse(new Status(2, 0, 0)),
                hop.ip() + " accepted message.\nRemote host said: " + reply.text());
    }

    static Outcome lost(NextHop hop, Exception e) {
        return new Outcome.Deferred(
                new Status(4, 4, 2), "Connected to " + hop.ip() + " but connection died: " + why(e) + " (#4.4.2)\n");
    }

    static Outcome lostAfterTheDot(NextHop hop, Exception e) {
        return new Outcome.Deferred(
                new Status(4, 4, 2),
                "Connected to " + hop.ip() + " but connection died. Possible duplicate! (" + why(e) + ") (#4.4.2)\n");
    }

    static Outcome notForGood(Outcome outcome) {
        return outcome instanceof Outcome.Failed(var status, var report)
                ? new Outcome.Deferred(new Status(4, status.subject(), status.detail()), report)
                : outcome;
    }

    static Outcome tooLarge(NextHop hop, long octets, long limit) {
        return new Outcome.Failed(
                new Status(5, 3, 4),
                "Connected to " + hop.ip() + " but it takes at most " + limit + " octets and the message has " + octets
                        + ". (#5.3.4)\n");
    }

    static Outcome noUtf8(NextHop hop) {
        return new Outcome.Failed(
                new Status(5, 6, 7),
                "Connected to " + hop.ip() + " but it doesn't offer SMTPUTF8, and the message has addresses or header\n"
                        + "fields beyond ASCII. Use an ASCII address, or send through another relay. (#5.6.7)\n");
    }

    static Outcome tlsNotOffered(NextHop hop) {
        return new Outcome.Deferred(
                new Status(4, 7, 4),
                "Connected to " + hop.ip() + " but it doesn't offer STARTTLS, which is required for this domain."
                        + " (#4.7.4)\n");
    }

    static Outcome tlsFailed(NextHop hop, String reason) {
        return new Outcome.Deferred(
                new Status(4, 7, 5),
                "Connected to " + hop.ip() + " but STARTTLS failed, which is required for this domain: " + shown(reason)
                        + " (#4.7.5)\n");
    }

    static Outcome loginNotOffered(NextHop hop, String offered) {
        return new Outcome.Deferred(
                new Status(4, 7, 0),
                "Connected to " + hop.ip() + " but it offers no way to log in that I know"
                        + (offered.isEmpty() ? "" : " (" + shown(offered) + ")") + ". (#4.7.0)\n");
    }

    static Outcome loginUnproven(NextHop hop, String reason) {
        return new Outcome.Deferred(
                new Status(4, 7, 8),
                "Connected to " + hop.ip() + " but my login failed: " + shown(reason) + " (#4.7.8)\n");
    }

    static Outcome loginFailed(NextHop hop, SmtpReply reply) {
        return refused("Connected to " + hop.ip() + " but my login failed.", reply);
    }

    /** For the sender it says nothing of who we are there. */
    static Outcome loginRefused(NextHop hop) {
        return new Outcome.Deferred(
                new Status(4, 7, 8),
                "Connected to " + hop.ip() + " but it refused my login; the administrator of this host has been told."
                        + " (#4.7.8)\n");
    }

    static Outcome loginRefusedOfLate(NextHop hop) {
        return new Outcome.Deferred(
                new Status(4, 7, 8), hop.ip() + " refused my login a short time ago, not tried again yet. (#4.7.8)\n");
    }

    /** Why an I/O operation failed, in one line. */
    static String why(Exception e) {
        String message = e.getMessage();
        return shown(message == null ? e.getClass().getSimpleName() : message);
    }

    /** Text from outside within a report: one line, octets, cut. */
    static String shown(String text) {
        var shown = new StringBuilder(Math.min(text.length(), 300));
        for (int i = 0; i < text.length() && i < 300; i++) {
            char c = text.charAt(i);
            shown.append(c < ' ' || c == 127 || c > 255 ? '?' : c);
        }
        return shown.toString();
    }
}

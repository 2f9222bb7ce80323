package carteiro.send;

import carteiro.mail.Address;
import carteiro.mail.MailDate;
import carteiro.mail.QmailReceived;
import carteiro.protocol.BounceParagraph;
import java.time.Instant;

/** The text of a bounce: QSBMF, as qmail-send writes it, so that the programs that read bounces go on reading them. */
final class BounceText {
    private static final String TOO_LONG = "I'm not going to try again; this message has been in the queue too long.\n";

    /** In place of an original that cannot be read, or of its rest. */
    static final String UNREADABLE = "\n--- What should stand here can no longer be read at this host.\n";

    private BounceText() {}

    /** Whom a bounce tells. */
    enum BounceKind {
        /** The sender of a message. */
        SINGLE,
        /** The postmaster, of a bounce that bounced. */
        DOUBLE
    }

    /** The report of a deferral that is the last. */
    static String tooLong(String report) {
        String begun = report.isEmpty() || report.endsWith("\n") ? report : report + "\n";
        return begun + TOO_LONG;
    }

    /**
     * Header and introduction.
     *
     * @param invoker the number of this process, in the Received field
     * @param from control/bouncefrom at control/bouncehost
     * @param host control/bouncehost
     * @param to whom the bounce goes to
     */
    static String head(BounceKind kind, long invoker, Instant now, Address from, String host, Address to) {
        String date = MailDate.format(now);
        var text = new StringBuilder(1000);
        text.append(QmailReceived.field(invoker, "for bounce", now));
        text.append("Date: ").append(date).append('\n');
        text.append("From: ").append(inField(from)).append('\n');
        text.append("To: ").append(inField(to)).append('\n');
        text.append("Subject: failure notice\n\n");
        text.append("Hi. This is the qmail-send program at ")
                .append(BounceParagraph.oneLine(host))
                .append(".\n");
        text.append(
                switch (kind) {
                    case SINGLE -> """
                        I'm afraid I wasn't able to deliver your message to the following addresses.
                        This is a permanent error; I've given up. Sorry it didn't work out.
                        """;
                    case DOUBLE -> "I tried to deliver a bounce message to this address, but the bounce bounced!\n";
                });
        return text.append('\n').toString();
    }

    /** Break and Return-Path, behind the paragraphs. */
    static String tail(BounceKind kind, Address sender) {
        var text = new StringBuilder(100);
        text.append(
                switch (kind) {
                    case SINGLE -> "--- Below this line is a copy of the message.\n\n";
                    case DOUBLE -> "--- Below this line is the original bounce.\n\n";
                });
        return text.append("Return-Path: <")
                .append(BounceParagraph.oneLine(sender.quoted()))
                .append(">\n")
                .toString();
    }

    /** After an original that was cut. */
    static String cut(long octets) {
        return "\n--- The message had " + octets + " octets; the rest is left out here.\n";
    }

    private static String inField(Address address) {
        return BounceParagraph.oneLine(address.quoted());
    }
}

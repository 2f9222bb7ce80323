package carteiro.remote;

import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Outcome;
import carteiro.remote.OfferedExtensions.SmtpExtension;
import carteiro.smtp.SmtpReply;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** One message over one connection: MAIL to the reply after the final dot (RFC 5321 section 3.3). One thread. */
final class SmtpTransaction {
    private static final Pattern TLS_WORDS = Pattern.compile("(?i)\\b(?:starttls|tls|ssl|encrypt)");

    private final SmtpConnection connection;
    private final NextHop hop;
    private final OutgoingMessage outgoing;
    private final MessageText text;
    private final RemoteSettings settings;
    private final List<Outcome> recipients = new ArrayList<>();
    private final DataEncoder form = new DataEncoder();

    SmtpTransaction(SmtpConnection connection, OutgoingMessage outgoing, MessageText text, RemoteSettings settings) {
        this.connection = connection;
        this.hop = connection.hop();
        this.outgoing = outgoing;
        this.text = text;
        this.settings = settings;
    }

    /** How it ended. */
    sealed interface TransactionEnd {
        /** There is a result, and the connection is ready for MAIL again. */
        record Clean(RemoteResult result) implements TransactionEnd {}

        /** There is a result, and QUIT is all that may be said now. */
        record Over(RemoteResult result) implements TransactionEnd {}

        /** There is a result, and nothing more may be said: it could be taken for a part of the message. */
        record Broken(RemoteResult result) implements TransactionEnd {}

        /** MAIL was refused: nothing has happened to the message. */
        record NotBegun(Outcome outcome) implements TransactionEnd {}

        /** The connection was lost before MAIL was answered: nothing has happened to the message. */
        record LostBeforeMail(Outcome outcome) implements TransactionEnd {}

        /**
         * What was once offered here stands in the way, and nothing has been answered since the connection was kept: a new
         * one must say.
         */
        record Stale() implements TransactionEnd {}
    }

    private RemoteResult result(Outcome message) {
        return new RemoteResult(recipients, message, OutcomeTexts.givingUpOn(hop));
    }

    /** What follows for good from what the next hop offered, if it was offered just now. */
    private TransactionEnd conclude(Outcome outcome) {
        return connection.hasAnswered()
                ? new TransactionEnd.Clean(RemoteResult.forAll(outcome))
                : new TransactionEnd.Stale();
    }

    private TransactionEnd broken(Outcome message) {
        return new TransactionEnd.Broken(result(message));
    }

    TransactionEnd run() {
        InputStream message;
        try {
            message = outgoing.message().open();
        } catch (IOException e) {
            return new TransactionEnd.Clean(RemoteResult.forAll(OutcomeTexts.messageUnreadable(OutcomeTexts.why(e))));
        }
        TransactionEnd ended;
        try {
            ended = run(message);
        } catch (IOException e) { // what the connection throws is caught nearer to it
            ended = broken(OutcomeTexts.messageUnreadable(OutcomeTexts.why(e)));
        } finally {
            close(message);
        }
        return ended;
    }

    private static void close(InputStream message) {
        try {
            message.close();
        } catch (IOException e) {
            // it was read to its end, or given up: neither changes what the next hop said
        }
    }

    private TransactionEnd run(InputStream message) throws IOException {
        int first = message.readNBytes(connection.block(), 0, SmtpConnection.BLOCK);
        int ready = form.put(connection.block(), 0, first, connection.wire(), 0);
        boolean whole = first < SmtpConnection.BLOCK;
        if (whole) {
            ready += form.end(connection.wire(), ready);
        }
        long size = whole ? ready - 3 : outgoing.octets();
        text.begins(connection.block(), first, whole);
        boolean wide = outgoing.hasWideAddress() || outgoing.form() == AddressForm.SMTPUTF8 && !text.headerIsAscii();
        if (wide && !connection.extensions().offers(SmtpExtension.SMTPUTF8)) {
            return conclude(OutcomeTexts.noUtf8(hop));
        }
        if (size > connection.extensions().sizeLimit()) {
            return conclude(
                    OutcomeTexts.tooLarge(hop, size, connection.extensions().sizeLimit()));
        }
        AddressForm addresses = wide ? AddressForm.SMTPUTF8 : AddressForm.ASCII;
        String mailCommand = mailCommand(size, addresses);
        connection.countMessage();
        Optional<TransactionEnd> ended;
        try {
            ended = envelope(mailCommand, addresses);
        } catch (IOException e) {
            return broken(OutcomeTexts.lost(hop, e));
        }
        return ended.isPresent() ? ended.get() : content(message, ready, whole);
    }

    /** Timeouts.MAIL, RCPT and Timeouts.DATA; empty if the message is to follow. */
    private Optional<TransactionEnd> envelope(String mailCommand, AddressForm addresses) throws IOException {
        boolean pipelined = connection.extensions().offers(SmtpExtension.PIPELINING);
        SmtpReply mail;
        try {
            var lines = new StringBuilder(200).append(mailCommand);
            if (pipelined) { // RFC 2920 section 3.1: DATA ends the group
                for (Address recipient : outgoing.recipients()) {
                    lines.append(rcptCommand(recipient, addresses));
                }
                lines.append("DATA\r\n");
            }
            connection.write(lines.toString(), settings.limit(Timeouts.BLOCK));
            mail = connection.reply(settings.limit(Timeouts.MAIL));
        } catch (IOException e) {
            return Optional.of(new TransactionEnd.LostBeforeMail(OutcomeTexts.lost(hop, e)));
        }
        if (!isYes(mail)) {
            return Optional.of(new TransactionEnd.NotBegun(judged(OutcomeTexts.senderRejected(hop, mail), mail)));
        }
        boolean anyone = false;
        for (Address recipient : outgoing.recipients()) {
            if (!pipelined) {
                connection.write(rcptCommand(recipient, addresses), settings.limit(Timeouts.BLOCK));
            }
            SmtpReply reply = connection.reply(settings.limit(Timeouts.RCPT));
            recipients.add(
                    isYes(reply)
                            ? OutcomeTexts.accepted(hop, reply)
                            : anyone && isTooMany(reply)
                                    ? OutcomeTexts.tooManyRecipients(hop, reply)
                                    : judged(OutcomeTexts.recipientRefused(hop, reply), reply));
            anyone |= isYes(reply);
        }
        if (!anyone) {
            return Optional.of(nobodyTaken(pipelined));
        }
        SmtpReply data = pipelined
                ? connection.reply(settings.limit(Timeouts.DATA))
                : connection.ask("DATA", settings.limit(Timeouts.DATA));
        if (data.code() / 100 == 3) {
            return Optional.empty();
        }
        return Optional.of(new TransactionEnd.Over(result(judged(OutcomeTexts.dataRefused(hop, data), data))));
    }

    /** A pipelined DATA may have been accepted nevertheless (RFC 2920 section 3.1): then hanging up is the end of it. */
    private TransactionEnd nobodyTaken(boolean dataSent) {
        var result = result(OutcomeTexts.givingUp(hop));
        try {
            if (!dataSent || !connection.reply(settings.limit(Timeouts.DATA)).isPositive()) {
                return new TransactionEnd.Over(result);
            }
        } catch (IOException e) {
            return new TransactionEnd.Broken(result);
        }
        return new TransactionEnd.Broken(result);
    }

    /**
     * RFC 5321 section 4.5.3.1.10: 552 was once the answer to one recipient too many, and is to be taken for 452. Where an
     * enhanced status says that it is about the mailbox (5.2.2: full), it is not.
     */
    private static boolean isTooMany(SmtpReply reply) {
        return reply.code() == 552
                && reply.status().map(status -> status.subject() != 2).orElse(true);
    }

    /** A refusal that TLS could have spared us is not for good where TLS is offered and did not work. */
    private Outcome judged(Outcome refusal, SmtpReply reply) {
        return connection.isClearForWantOfTls() && mayWantTls(reply) ? OutcomeTexts.notForGood(refusal) : refusal;
    }

    /**
     * 530 (RFC 3207 section 4), 523 and 538 (RFC 5248) say that encryption is missing; security and policy (5.7.x), a 554
     * that tells no reason, and a text that speaks of it may mean so.
     */
    private static boolean mayWantTls(SmtpReply reply) {
        return reply.code() == 530
                || reply.code() == 523
                || reply.code() == 538
                || reply.status().map(status -> status.subject() == 7).orElse(reply.code() == 554)
                || TLS_WORDS.matcher(reply.text()).find();
    }

    private static boolean isYes(SmtpReply reply) {
        return reply.code() / 100 == 2;
    }

    private String mailCommand(long size, AddressForm addresses) throws IOException {
        var command = new StringBuilder("MAIL FROM:").append(OutgoingMessage.path(outgoing.sender(), addresses));
        if (connection.extensions().offers(SmtpExtension.SIZE)) {
            command.append(" SIZE=").append(size);
        }
        if (connection.extensions().offers(SmtpExtension.EIGHT_BIT_MIME)
                && (outgoing.body() == BodyType.EIGHT_BIT_MIME || text.mayBeEightBit())) {
            command.append(" BODY=8BITMIME");
        }
        if (addresses == AddressForm.SMTPUTF8) {
            command.append(" SMTPUTF8");
        }
        return command.append("\r\n").toString();
    }

    private static String rcptCommand(Address recipient, AddressForm addresses) {
        return "RCPT TO:" + OutgoingMessage.path(recipient, addresses) + "\r\n";
    }

    /** The message, of which the first block is ready to be written, and the answer to it. */
    private TransactionEnd content(InputStream message, int ready, boolean whole) throws IOException {
        int length = ready;
        boolean last = whole;
        while (true) {
            try {
                connection.write(connection.wire(), 0, length, settings.limit(Timeouts.BLOCK));
            } catch (IOException e) {
                return brokenOff(last, e);
            }
            if (last) {
                break;
            }
            int read = message.readNBytes(connection.block(), 0, SmtpConnection.BLOCK);
            length = form.put(connection.block(), 0, read, connection.wire(), 0);
            if (read < SmtpConnection.BLOCK) {
                length += form.end(connection.wire(), length);
                last = true;
            }
        }
        SmtpReply reply;
        try {
            reply = connection.reply(settings.limit(Timeouts.END));
        } catch (IOException e) {
            return broken(OutcomeTexts.lostAfterTheDot(hop, e));
        }
        if (isYes(reply)) {
            return new TransactionEnd.Clean(result(OutcomeTexts.accepted(hop, reply)));
        }
        var result = result(judged(OutcomeTexts.messageRefused(hop, reply), reply));
        return reply.code() == Connector.CLOSING || reply.isPositive()
                ? new TransactionEnd.Over(result)
                : new TransactionEnd.Clean(result);
    }

    /** A write failed: perhaps the next hop said why before it hung up. */
    private TransactionEnd brokenOff(boolean withTheDot, IOException e) {
        try {
            SmtpReply reply = connection.reply(Timeouts.LAST_WORDS);
            if (!reply.isPositive()) {
                return broken(judged(OutcomeTexts.messageRefused(hop, reply), reply));
            }
        } catch (IOException silence) {
            e.addSuppressed(silence);
        }
        return broken(withTheDot ? OutcomeTexts.lostAfterTheDot(hop, e) : OutcomeTexts.lost(hop, e));
    }
}

package carteiro.listen;

import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.MailDate;
import carteiro.mail.Octets;
import java.time.Instant;
import java.util.Optional;

/** The trace field in front of a message (RFC 5321 section 4.4). */
public final class ReceivedField {
    private static final String ALLOWED = ".@%+/=:-[]";

    private ReceivedField() {}

    /** How the message came; the word is registered (RFC 3848, RFC 6531 section 4.3). */
    public enum Protocol {
        /** After HELO. */
        SMTP,
        /** After EHLO. */
        ESMTP,
        /** The same with TLS. */
        ESMTPS,
        /** After a login. */
        ESMTPA,
        /** The same with TLS. */
        ESMTPSA,
        /** With SMTPUTF8. */
        UTF8SMTP,
        /** The same with TLS. */
        UTF8SMTPS,
        /** With SMTPUTF8, after a login. */
        UTF8SMTPA,
        /** The same with TLS. */
        UTF8SMTPSA,
        /** By QMQP. */
        QMQP;

        /** That of SMTP. */
        public static Protocol of(boolean extended, AddressForm form, boolean tls, boolean login) {
            return switch (form) {
                case SMTPUTF8 -> login ? tls ? UTF8SMTPSA : UTF8SMTPA : tls ? UTF8SMTPS : UTF8SMTP;
                case ASCII -> login ? tls ? ESMTPSA : ESMTPA : tls ? ESMTPS : extended ? ESMTP : SMTP;
            };
        }
    }

    /** The field of a user whose whereabouts are nobody's business: as the other, without {@code from}. */
    public static byte[] withoutClient(String by, Protocol protocol, String id, Optional<String> cipher, Instant now) {
        var field = new StringBuilder(120).append("Received: ");
        appendEnd(field, by, protocol, id, cipher, now);
        return Octets.bytes(field.toString());
    }

    /**
     * The field, with LF line ends.
     *
     * @param helo the name in HELO or EHLO; empty if there was none, or is none in the protocol
     * @param by this host, if the client's record does not say
     * @param id the name of the transaction, which the log has too
     * @param cipher the TLS cipher suite (RFC 8314 section 4.3); empty without TLS
     */
    public static byte[] of(
            Client client, String helo, String by, Protocol protocol, String id, Optional<String> cipher, Instant now) {
        var field = new StringBuilder(200).append("Received: from ");
        append(field, helo.isEmpty() ? client.host().isEmpty() ? Client.UNKNOWN : client.host() : helo);
        field.append(" (");
        if (!client.host().isEmpty()) {
            append(field, client.host());
            field.append(' ');
        }
        appendLiteral(field, client.ip());
        field.append(')');
        if (!client.info().isEmpty()) {
            field.append(" (ident ");
            append(field, client.info());
            field.append(')');
        }
        field.append("\n  ");
        appendEnd(field, client.local().isEmpty() ? by : client.local(), protocol, id, cipher, now);
        return Octets.bytes(field.toString());
    }

    private static void appendEnd(
            StringBuilder field, String by, Protocol protocol, String id, Optional<String> cipher, Instant now) {
        append(field.append("by "), by);
        field.append(" with ").append(protocol).append(" id ").append(id);
        cipher.ifPresent(suite -> field.append(" tls ").append(suite));
        field.append("; ").append(MailDate.format(now)).append('\n');
    }

    private static void appendLiteral(StringBuilder field, String ip) {
        if (ip.equals(Client.UNKNOWN)) {
            field.append(ip);
            return;
        }
        field.append(ip.indexOf(':') >= 0 ? "[IPv6:" : "[");
        append(field, ip);
        field.append(']');
    }

    /** Only octets that cannot end a field or begin a comment, as in qmail; the others become {@code ?}. */
    private static void append(StringBuilder field, String text) {
        int length = Math.min(text.length(), 255);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            boolean plain =
                    c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || ALLOWED.indexOf(c) >= 0;
            field.append(plain ? c : '?');
        }
    }
}

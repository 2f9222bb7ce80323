package carteiro.inject;

import carteiro.idna.DomainName;
import carteiro.inject.Header.HeaderField;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.HeaderAddressList;
import carteiro.mail.MailDate;
import carteiro.mail.MalformedFieldException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Repairs a header: completes addresses, drops what must not travel, adds what is missing; collects the recipients.
 *
 * @param fields what will be sent, each with its line ends
 * @param recipients those of the header that count: of the Resent- fields if there is any
 * @param returnPath what a Return-Path field said
 */
record RewrittenHeader(List<String> fields, List<Address> recipients, Optional<Address> returnPath) {
    /**
     * What is asked for.
     *
     * @param needRecipients whether the header's recipients count: then a recipient field that cannot be read is fatal
     * @param dropFrom letter f
     * @param dropMessageId letter i
     * @param nameInComment letter c
     * @param followupLists the {@link DomainName#addressKey} of each address of a list (QMAILMFTFILE)
     */
    record RewritingOptions(
            boolean needRecipients,
            boolean dropFrom,
            boolean dropMessageId,
            boolean nameInComment,
            Set<String> followupLists) {}

    /** A field that cannot be understood and has to be. */
    static final class UnreadableFieldException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String field;

        UnreadableFieldException(String reason, String field) {
            super(reason, null, false, false); // no stack trace: it is an answer
            this.field = field;
        }

        /** The field, its line ends included. */
        String field() {
            return field;
        }
    }

    /** Rewrites the header. */
    static RewrittenHeader of(
            Header header, InjectSettings settings, Author author, RewritingOptions wishes, Instant now, long pid)
            throws UnreadableFieldException, MalformedFieldException {
        return new Pass(header, settings, wishes).run(author, now, pid);
    }

    private static final class Pass {
        private final Header header;
        private final InjectSettings settings;
        private final RewritingOptions wishes;
        private final boolean resent;
        private final Set<String> seen = new HashSet<>();
        private final List<String> kept = new ArrayList<>();
        private final List<Address> recipients = new ArrayList<>();
        private final List<Address> visible = new ArrayList<>();
        private Optional<Address> returnPath = Optional.empty();

        Pass(Header header, InjectSettings settings, RewritingOptions wishes) {
            this.header = header;
            this.settings = settings;
            this.wishes = wishes;
            boolean anyResent = false;
            for (HeaderField field : header.fields()) {
                anyResent |= isResent(field.name());
            }
            this.resent = anyResent;
        }

        private static boolean isResent(String name) {
            return switch (name) {
                case "resent-sender",
                        "resent-from",
                        "resent-reply-to",
                        "resent-to",
                        "resent-cc",
                        "resent-bcc",
                        "resent-date",
                        "resent-message-id" -> true;
                default -> false;
            };
        }

        RewrittenHeader run(Author author, Instant now, long pid)
                throws UnreadableFieldException, MalformedFieldException {
            for (HeaderField field : header.fields()) {
                take(field);
            }
            var fields = new ArrayList<String>();
            add(fields, author, now, pid);
            fields.addAll(kept);
            return new RewrittenHeader(fields, recipients, returnPath);
        }

        private void take(HeaderField field) throws UnreadableFieldException {
            switch (field.name()) {
                case "from", "resent-from" -> {
                    if (!(wishes.dropFrom() && resent == field.name().startsWith("resent-"))) {
                        keep(field, rewritten(field).body());
                    }
                }
                case "sender", "reply-to", "return-receipt-to", "errors-to", "resent-sender", "resent-reply-to" ->
                    keep(field, rewritten(field).body());
                case "to", "cc" -> {
                    List<Address> addresses = recipientField(field, !resent);
                    if (!wishes.followupLists().isEmpty()) {
                        addAll(visible, addresses, field);
                    }
                }
                case "apparently-to" -> recipientField(field, !resent);
                case "bcc" -> {
                    if (!resent) {
                        collect(field);
                    }
                }
                case "resent-to", "resent-cc" -> recipientField(field, true);
                case "resent-bcc" -> collect(field);
                case "return-path" ->
                    returnPath = Optional.of(
                            rewritten(field).addresses().stream().findFirst().orElse(Address.NULL));
                case "content-length" -> {}
                case "message-id", "resent-message-id" -> {
                    if (!(wishes.dropMessageId() && resent == field.name().startsWith("resent-"))) {
                        keep(field);
                    }
                }
                default -> keep(field);
            }
        }

        private void keep(HeaderField field) {
            seen.add(field.name());
            kept.add(field.text());
        }

        /** Without an address it would be no field (RFC 5322 section 3.6.3), and is as good as missing. */
        private void keep(HeaderField field, String body) {
            if (!body.isEmpty()) {
                seen.add(field.name());
                kept.add(field.writtenName() + ": " + body + "\n");
            }
        }

        private HeaderAddressList rewritten(HeaderField field) throws UnreadableFieldException {
            try {
                return HeaderAddressList.read(
                        field.body(), settings.completion(), field.name().length() + 2);
            } catch (MalformedFieldException e) {
                throw new UnreadableFieldException(e.reason(), field.text());
            }
        }

        /** Keeps the field; unreadable, it is kept as it is when nothing depends on it. */
        private List<Address> recipientField(HeaderField field, boolean counts) throws UnreadableFieldException {
            try {
                HeaderAddressList list = rewritten(field);
                if (counts) {
                    addAll(recipients, list.addresses(), field);
                }
                keep(field, list.body());
                return list.addresses();
            } catch (UnreadableFieldException e) {
                if (counts && wishes.needRecipients()) {
                    throw e;
                }
                keep(field);
                return List.of();
            }
        }

        private void collect(HeaderField field) throws UnreadableFieldException {
            if (wishes.needRecipients()) {
                addAll(recipients, rewritten(field).addresses(), field);
            }
        }

        private static void addAll(List<Address> all, List<Address> more, HeaderField field)
                throws UnreadableFieldException {
            if (all.size() + more.size() > Envelope.MOST_RECIPIENTS) {
                throw new UnreadableFieldException(
                        "with this field there are over " + Envelope.MOST_RECIPIENTS + " addresses", field.text());
            }
            all.addAll(more);
        }

        private void add(List<String> fields, Author author, Instant now, long pid) throws MalformedFieldException {
            String prefix = resent ? "resent-" : "";
            String written = resent ? "Resent-" : "";
            if (!seen.contains(prefix + "date")) {
                fields.add(written + "Date: " + MailDate.format(now) + "\n");
            }
            if (!seen.contains(prefix + "message-id")) {
                fields.add(written + "Message-ID: <" + stamp(now) + "." + pid + ".qmail@" + settings.idHost() + ">\n");
            }
            if (!seen.contains(prefix + "from")) {
                fields.add(written + "From: " + author.from(wishes.nameInComment()) + "\n");
            }
            if (!seen.contains(prefix + "to") && !seen.contains(prefix + "cc")) {
                fields.add(written + "Cc: recipient list not shown: ;\n");
            }
            if (!resent && !seen.contains("mail-followup-to") && goesToAList()) {
                fields.add("Mail-Followup-To: " + followup() + "\n");
            }
        }

        private boolean goesToAList() {
            for (Address address : visible) {
                if (wishes.followupLists().contains(DomainName.addressKey(address.octets()))) {
                    return true;
                }
            }
            return false;
        }

        /** All of To and Cc, the last first, as qmail writes them. */
        private String followup() throws MalformedFieldException {
            var list = new StringBuilder();
            for (Address address : visible.reversed()) {
                list.append(list.isEmpty() ? "" : ",").append(address.quoted());
            }
            return HeaderAddressList.read(list.toString(), settings.completion(), "Mail-Followup-To: ".length())
                    .body();
        }

        /** YYYYMMDDhhmmss, UTC. */
        private static String stamp(Instant now) {
            LocalDateTime time = LocalDateTime.ofEpochSecond(now.getEpochSecond(), 0, ZoneOffset.UTC);
            long digits = time.getYear();
            for (int part : new int[] {
                time.getMonthValue(), time.getDayOfMonth(), time.getHour(), time.getMinute(), time.getSecond()
            }) {
                digits = digits * 100 + part;
            }
            return Long.toString(digits);
        }
    }
}

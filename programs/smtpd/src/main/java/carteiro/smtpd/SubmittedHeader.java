package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.mail.Completion;
import carteiro.mail.HeaderAddressList;
import carteiro.mail.MailDate;
import carteiro.mail.MalformedFieldException;
import carteiro.mail.Octets;
import carteiro.protocol.Passwords;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The header of a message that somebody hands in who has logged in (RFC 6409 section 8): it is collected, and goes on as it should have
 * been written. Date and Message-ID are added where they are missing, hosts in From are completed, Bcc and Return-Path are left out.
 * Whose addresses stand in From, Sender and their Resent- forms is kept for the policy.
 */
final class SubmittedHeader {
    /** The most octets of a header. */
    static final int MOST = 256 * 1024;

    private static final Set<String> LEFT_OUT = Set.of("bcc", "resent-bcc", "return-path");
    private static final Set<String> AUTHORS = Set.of("from", "sender", "resent-from", "resent-sender");

    private final String me;
    private final String id;
    private final Instant now;
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream(2048);
    private final List<Address> authors = new ArrayList<>();
    private List<Address> known = List.of(); // the same, when all are there
    private String fault = "";
    private int column;
    private boolean ended;
    private boolean hasBlankLine;

    /**
     * A header of which nothing has come.
     *
     * @param me this host, for what is completed
     * @param id the name of the transaction, for a new Message-ID
     */
    SubmittedHeader(String me, String id, Instant now) {
        this.me = me;
        this.id = id;
        this.now = now;
    }

    /** One field as it came. */
    private record SubmittedField(String name, String octets) {
        /** Behind the colon. */
        String body() {
            return octets.substring(octets.indexOf(':') + 1);
        }
    }

    /** Whether all of it has come. */
    boolean ended() {
        return ended;
    }

    /** Takes octets up to the end of the header, the empty line included. @return how many of them */
    int take(byte[] octets, int from, int length) {
        int at = from;
        while (!ended && at < from + length) {
            byte octet = octets[at++];
            if (octet != '\n') {
                column++;
            } else if (column == 0) {
                ended = true;
                hasBlankLine = true;
            } else {
                column = 0;
            }
        }
        if (collected.size() + (at - from) > MOST) {
            fault = "its header has over " + MOST + " octets";
            ended = true;
        } else {
            collected.write(octets, from, at - from);
        }
        return at - from;
    }

    /** The message has ended, its header with it. */
    void end() {
        ended = true;
    }

    /** What the authors' fields lack, in words for the client; empty if nothing. Known once {@link #rewritten} was called. */
    String fault() {
        return fault;
    }

    /** Whose addresses stand in From, Sender, Resent-From and Resent-Sender; known once {@link #rewritten} was called. */
    List<Address> authors() {
        return known;
    }

    /** The header as it goes on, with the empty line if there was one. */
    byte[] rewritten() {
        List<SubmittedField> fields = fields(Octets.text(collected.toByteArray()));
        collected.reset();
        var names = new HashSet<String>();
        var rewritten = new StringBuilder();
        for (SubmittedField field : fields) {
            boolean again = !names.add(field.name);
            if (LEFT_OUT.contains(field.name)) {
                continue;
            }
            if (again && (field.name.equals("from") || field.name.equals("sender"))) {
                complain("it has several " + (field.name.equals("from") ? "From" : "Sender") + " fields");
            }
            rewritten.append(AUTHORS.contains(field.name) ? author(field) : field.octets);
        }
        if (!names.contains("from")) {
            complain("it has no From field");
        }
        known = List.copyOf(authors);
        var added = new StringBuilder();
        if (!names.contains("date")) {
            added.append("Date: ").append(MailDate.format(now)).append('\n');
        }
        if (!names.contains("message-id")) {
            added.append("Message-ID: <")
                    .append(now.getEpochSecond())
                    .append('.')
                    .append(id)
                    .append('@')
                    .append(me)
                    .append(">\n");
        }
        return Octets.bytes(
                added.append(rewritten).append(hasBlankLine ? "\n" : "").toString());
    }

    private void complain(String of) {
        fault = fault.isEmpty() ? of : fault;
    }

    private List<SubmittedField> fields(String text) {
        var fields = new ArrayList<SubmittedField>();
        int at = 0;
        while (at < text.length() && text.charAt(at) != '\n') {
            int end = endOfField(text, at);
            int colon = text.indexOf(':', at);
            String name =
                    colon < 0 || colon > end ? "" : text.substring(at, colon).stripTrailing();
            if (name.isEmpty() || !name.chars().allMatch(c -> c > ' ' && c < 127)) {
                complain("its header has a line that is no field");
                name = "";
            }
            fields.add(new SubmittedField(Octets.lowerCase(name), text.substring(at, end)));
            at = end;
        }
        return fields;
    }

    /** Behind the LF of its last line. */
    private static int endOfField(String text, int from) {
        int at = from;
        do {
            int end = text.indexOf('\n', at);
            if (end < 0) {
                return text.length();
            }
            at = end + 1;
        } while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t'));
        return at;
    }

    /** A field with addresses: they are kept, and completed where they need it. */
    private String author(SubmittedField field) {
        try {
            List<Address> asWritten = HeaderAddressList.read(field.body(), new Completion("", "", ""))
                    .addresses();
            HeaderAddressList completed =
                    HeaderAddressList.read(field.body(), Completion.of(me, "", ""), field.name.length() + 2);
            if (completed.addresses().isEmpty()) {
                complain("its " + written(field) + " field has no address");
            }
            authors.addAll(completed.addresses());
            if (authors.size() > Passwords.MOST_ADDRESSES) {
                complain("over " + Passwords.MOST_ADDRESSES + " addresses stand in From and Sender");
                authors.clear();
            }
            return asWritten.equals(completed.addresses())
                    ? field.octets
                    : written(field) + ": " + completed.body() + "\n";
        } catch (MalformedFieldException e) {
            complain("its " + written(field) + " field cannot be read: " + e.reason());
            return field.octets;
        }
    }

    private static String written(SubmittedField field) {
        return field.octets.substring(0, field.name.length());
    }
}

package carteiro.inject;

import carteiro.mail.Address;
import carteiro.mail.Completion;
import carteiro.mail.HeaderAddressList;
import carteiro.mail.MalformedFieldException;
import carteiro.posix.Invocation;

/**
 * Who writes, as the environment says.
 *
 * @param user the local part in From
 * @param host the host in From, completed
 * @param name the personal name; empty for none
 * @param senderUser the local part of the envelope sender
 * @param senderHost the host of the envelope sender, completed
 */
record Author(String user, String host, String name, String senderUser, String senderHost) {
    static Author of(Invocation call, Completion completion) {
        String user = first(call, "anonymous", "QMAILUSER", "MAILUSER", "USER", "LOGNAME");
        String host = completion.complete(first(call, completion.host(), "QMAILHOST", "MAILHOST"), true);
        return new Author(
                user,
                host,
                name(call),
                first(call, user, "QMAILSUSER"),
                completion.complete(first(call, host, "QMAILSHOST"), true));
    }

    private static String first(Invocation call, String otherwise, String... names) {
        for (String name : names) {
            String value = call.variable(name);
            if (!value.isEmpty()) {
                return printable(value);
            }
        }
        return otherwise;
    }

    /** The first that is set counts, even if it is empty: so one can ask for no name. */
    private static String name(Invocation call) {
        for (String name : new String[] {"QMAILNAME", "MAILNAME", "NAME"}) {
            if (call.environment().containsKey(name)) {
                return printable(call.variable(name));
            }
        }
        return "";
    }

    /** Without control characters: a variable must not begin a field of its own. */
    private static String printable(String text) {
        var printable = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            printable.append(c < ' ' || c == 127 ? ' ' : c);
        }
        return printable.toString();
    }

    /**
     * The body of a From field.
     *
     * @param inComment whether the name stands in a comment behind the address, as was usual once
     */
    String from(boolean inComment) throws MalformedFieldException {
        String address = address(user, host).quoted();
        if (name.isEmpty()) {
            return address;
        }
        return inComment ? address + " " + HeaderAddressList.comment(name) : phrase(name) + " <" + address + ">";
    }

    /** The envelope sender, with what the letters m and r of QMAILINJECT add. */
    Address sender(String perMessage, boolean perRecipient) throws MalformedFieldException {
        return perRecipient
                ? address(senderUser + perMessage + "-", senderHost + "-@[]")
                : address(senderUser + perMessage, senderHost);
    }

    private static Address address(String user, String host) throws MalformedFieldException {
        String octets = user + "@" + host;
        if (octets.length() > Address.LIMIT) {
            throw new MalformedFieldException("an address of " + octets.length() + " octets, over " + Address.LIMIT
                    + ", from the environment (QMAILUSER, QMAILHOST, ...)");
        }
        return new Address(octets);
    }

    private static String phrase(String name) {
        boolean atom = true;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            atom &= c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || "!#$%&'*+-/=?^_`{|}~".indexOf(c) >= 0;
        }
        if (atom) {
            return name;
        }
        var quoted = new StringBuilder("\"");
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            quoted.append(c == '"' || c == '\\' ? "\\" : "").append(c);
        }
        return quoted.append('"').toString();
    }
}

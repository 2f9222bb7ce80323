package carteiro.tools;

import carteiro.log.LogText;
import carteiro.mail.Octets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which messages are asked for. */
sealed interface TraceQuery {
    /** The message of that number. */
    record ByNumber(long number) implements TraceQuery {}

    /** The message of that number, or whose {@code qp} it is: in qmail's own logs the two differ. */
    record ByQueueId(long qp) implements TraceQuery {}

    /**
     * Those from or to one of these.
     *
     * @param asked as it was asked for
     * @param addresses as a log shows them, {@link LogLine#comparable comparable}
     */
    record ByAddress(String asked, Set<String> addresses) implements TraceQuery {
        /** Copies the set. */
        public ByAddress {
            addresses = Set.copyOf(addresses);
        }
    }

    /** The message that was handed in under that id: smtpd writes it into its Received field and into the log. */
    record ByTransactionId(String id) implements TraceQuery {}

    /** {@code id k3v9q1c7ab2d}, or a Received field of smtpd. */
    Pattern RECEIVED = Pattern.compile("(?:.*\\bwith [A-Z0-9]{4,12} )?id ([a-z0-9]{12})(?:[ ;].*)?", Pattern.DOTALL);

    /** {@code 457}, {@code #457}, {@code msg 457}, {@code qp 457}, {@code 250 ok 1795489290 qp 457}. */
    Pattern NUMBER = Pattern.compile("(?:#|msg |(?:250 )?(?:2\\.\\d\\.\\d )?(?:ok \\d{1,18} )?(qp ))?(\\d{1,18})");

    /**
     * Understands the argument.
     *
     * @param rewritten what send makes of the address
     */
    static TraceQuery of(String argument, Set<String> rewritten) {
        Matcher matcher = NUMBER.matcher(argument.strip());
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(2));
            return matcher.group(1) == null ? new ByNumber(number) : new ByQueueId(number);
        }
        Matcher received = RECEIVED.matcher(argument.strip());
        if (received.matches()) {
            return new ByTransactionId(received.group(1));
        }
        var addresses = new HashSet<String>();
        addresses.add(LogLine.comparable(LogText.safe(bare(argument))));
        rewritten.forEach(address -> addresses.add(LogLine.comparable(LogText.safe(address))));
        return new ByAddress(bare(argument), addresses);
    }

    /** The address without the angle brackets of a log or header. */
    static String bare(String argument) {
        return argument.startsWith("<") && argument.endsWith(">")
                ? argument.substring(1, argument.length() - 1)
                : argument;
    }

    /** Whether the message of this number is asked for. */
    default boolean asksFor(long message) {
        return switch (this) {
            case ByNumber(long number) -> number == message;
            case ByQueueId(long qp) -> qp == message;
            case ByTransactionId _, ByAddress _ -> false;
        };
    }

    /** Whether the message that has this {@code qp} is asked for. */
    default boolean asksForReceipt(long number) {
        return this instanceof ByQueueId(long qp) && qp == number;
    }

    /** Whether the message that came under this id, or calls itself so, is asked for: without {@code id} before it, too. */
    default boolean asksForArrival(String id, String messageId) {
        return switch (this) {
            case ByTransactionId(var asked) -> asked.equals(id);
            case ByAddress person ->
                !person.asked.isEmpty()
                        && (person.asked.equals(id)
                                || LogText.safe(person.asked).equals(bare(messageId)));
            case ByNumber _, ByQueueId _ -> false;
        };
    }

    /** Whether messages from or to this address are asked for. */
    default boolean asksFor(String address) {
        return this instanceof ByAddress person && person.addresses.contains(LogLine.comparable(address));
    }

    /** Whether a line names an address that is asked for, and not one that only contains it. */
    default boolean isNamedIn(String line) {
        if (!(this instanceof ByAddress person)) {
            return false;
        }
        String lowered = Octets.lowerCase(line);
        for (String address : person.addresses) {
            String sought = Octets.lowerCase(address);
            for (int at = sought.isEmpty() ? -1 : lowered.indexOf(sought);
                    at >= 0;
                    at = lowered.indexOf(sought, at + 1)) {
                int end = at + sought.length();
                if (LogLine.comparable(line.substring(at, end)).equals(address)
                        && (at == 0 || !belongs(line.charAt(at - 1)))
                        && (end == line.length() || !belongs(line.charAt(end)) || endsSentence(line, end))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean endsSentence(String line, int dot) {
        return line.charAt(dot) == '.' && (dot + 1 == line.length() || line.charAt(dot + 1) == ' ');
    }

    /** Whether an address goes on with this octet. */
    private static boolean belongs(char c) {
        return c > ' ' && "<>\"(),:;[]".indexOf(c) < 0;
    }
}

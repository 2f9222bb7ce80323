package carteiro.remote;

import carteiro.mail.Octets;
import carteiro.smtp.ReplyReader;
import carteiro.smtp.SmtpReply;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What the next hop offered in its EHLO reply.
 *
 * @param offered those we make use of
 * @param sizeLimit the most octets of a message (RFC 1870); {@link Long#MAX_VALUE} if it names none
 * @param mechanisms ways to log in (RFC 4954), in upper case
 */
record OfferedExtensions(Set<SmtpExtension> offered, long sizeLimit, Set<String> mechanisms) {
    /** Those we make use of. */
    enum SmtpExtension {
        /** RFC 2920. */
        PIPELINING,
        /** RFC 6152. */
        EIGHT_BIT_MIME,
        /** RFC 1870. */
        SIZE,
        /** RFC 6531. */
        SMTPUTF8,
        /** RFC 3207. */
        STARTTLS
    }

    private static final int MOST_MECHANISMS = 50;
    private static final Pattern BLANKS = Pattern.compile("[ \t]+");
    private static final Pattern AUTH_WORDS = Pattern.compile("[ \t=]+");

    /** Nothing: what a server has that only knows HELO. */
    static final OfferedExtensions NONE = new OfferedExtensions(Set.of(), Long.MAX_VALUE, Set.of());

    OfferedExtensions {
        offered = Set.copyOf(offered);
        mechanisms = Set.copyOf(mechanisms);
    }

    boolean offers(SmtpExtension extension) {
        return offered.contains(extension);
    }

    static OfferedExtensions of(SmtpReply ehlo) {
        var offered = EnumSet.noneOf(SmtpExtension.class);
        long sizeLimit = Long.MAX_VALUE;
        var mechanisms = new TreeSet<String>();
        for (String line : ReplyReader.keywords(ehlo)) {
            String[] words = BLANKS.split(Octets.lowerCase(line), 3);
            switch (words[0].startsWith("auth=") ? "auth" : words[0]) { // the form before RFC 2554
                case "pipelining" -> offered.add(SmtpExtension.PIPELINING);
                case "8bitmime" -> offered.add(SmtpExtension.EIGHT_BIT_MIME);
                case "smtputf8" -> offered.add(SmtpExtension.SMTPUTF8);
                case "starttls" -> offered.add(SmtpExtension.STARTTLS);
                case "auth" ->
                    mechanisms.addAll(
                            List.of(AUTH_WORDS.split(line.strip().toUpperCase(Locale.ROOT), MOST_MECHANISMS)));
                case "size" -> {
                    offered.add(SmtpExtension.SIZE);
                    if (words.length > 1 && words[1].matches("[0-9]{1,18}")) {
                        long limit = Long.parseLong(words[1]);
                        sizeLimit = limit == 0 ? Long.MAX_VALUE : limit; // 0: no fixed limit
                    }
                }
                default -> {} // of no use to us
            }
        }
        mechanisms.remove("AUTH");
        return new OfferedExtensions(offered, sizeLimit, mechanisms);
    }
}

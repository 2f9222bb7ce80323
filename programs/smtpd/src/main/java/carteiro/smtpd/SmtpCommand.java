package carteiro.smtpd;

import carteiro.listen.ReplyText;
import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.smtp.SmtpParameters;
import carteiro.smtp.SmtpPath;
import carteiro.wire.LineReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** A command line as it was understood (RFC 5321 section 4.1.1). Any octets give a value. */
sealed interface SmtpCommand {
    /** HELO with the name of the client. */
    record Helo(String name) implements SmtpCommand {}

    /** EHLO with the name of the client. */
    record Ehlo(String name) implements SmtpCommand {}

    /**
     * MAIL.
     *
     * @param size what SIZE= announced (RFC 1870); 0 if it was not there
     */
    record Mail(Address sender, long size, BodyType body, AddressForm form) implements SmtpCommand {}

    /** RCPT. */
    record Rcpt(Address recipient) implements SmtpCommand {}

    /** DATA. */
    record Data() implements SmtpCommand {}

    /** BDAT (RFC 3030): so many octets follow the line. */
    record Bdat(long octets, ChunkPosition place) implements SmtpCommand {}

    /** Where a chunk of BDAT stands. */
    enum ChunkPosition {
        /** More chunks follow. */
        EARLIER,
        /** It is the last of the message. */
        LAST
    }

    /** RSET. */
    record Rset() implements SmtpCommand {}

    /** NOOP. */
    record Noop() implements SmtpCommand {}

    /** VRFY. */
    record Vrfy() implements SmtpCommand {}

    /** HELP. */
    record Help() implements SmtpCommand {}

    /** QUIT. */
    record Quit() implements SmtpCommand {}

    /** STARTTLS (RFC 3207). */
    record StartTls() implements SmtpCommand {}

    /**
     * AUTH (RFC 4954).
     *
     * @param mechanism as the client wrote it, in upper case; the response that came with it is a secret, see {@link #RESPONSE_OF_AUTH}
     */
    record Auth(String mechanism) implements SmtpCommand {}

    /** A command that is understood and refused, or is not understood. */
    record RefusedCommand(String verb, Reply reply) implements SmtpCommand {}

    /** The beginning of another protocol, or a line of a message: who sends it does not speak SMTP with us. */
    record Foreign(String verb) implements SmtpCommand {}

    /** A BDAT whose count is not understood: nobody knows where the next command begins. */
    record UnreadableBdat(Reply reply) implements SmtpCommand {}

    /** The largest chunk that BDAT may announce, in octets. */
    long LARGEST_CHUNK = 1L << 50;

    /** Understands one line, octets without CRLF. */
    static SmtpCommand parse(String line) {
        int end = line.length();
        while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
            end--;
        }
        int space = line.indexOf(' ');
        int verbEnd = space < 0 || space > end ? end : space;
        int from = verbEnd;
        while (from < end && line.charAt(from) == ' ') {
            from++;
        }
        String verb = Octets.lowerCase(line.substring(0, verbEnd));
        String argument = line.substring(from, end);
        return switch (verb) {
            case "helo" -> new Helo(argument);
            case "ehlo" -> new Ehlo(argument);
            case "mail" -> mail(argument);
            case "rcpt" -> rcpt(argument);
            case "data" -> argument.isEmpty() ? new Data() : NO_ARGUMENT;
            case "bdat" -> bdat(argument);
            case "rset" -> argument.isEmpty() ? new Rset() : NO_ARGUMENT;
            case "noop" -> new Noop();
            case "vrfy" -> argument.isEmpty() ? malformed("VRFY", "name missing") : new Vrfy();
            case "help" -> new Help();
            case "quit" -> argument.isEmpty() ? new Quit() : NO_ARGUMENT;
            case "auth" -> auth(argument);
            case "starttls" -> argument.isEmpty() ? new StartTls() : NO_ARGUMENT;
            case "" -> new RefusedCommand("", PolicyRule.COMMAND.reply(500, "5.5.2 command missing"));
            default ->
                isForeign(verb)
                        ? new Foreign(ReplyText.safe(verb))
                        : new RefusedCommand(ReplyText.safe(verb), UNIMPLEMENTED);
        };
    }

    /** First words of HTTP (RFC 9110 section 9, RFC 5789, RFC 9113 section 3.4) and of SIP (RFC 3261 section 7.1). */
    Set<String> METHODS = Set.of(
            "connect",
            "delete",
            "get",
            "head",
            "options",
            "patch",
            "post",
            "pri",
            "put",
            "trace",
            "invite",
            "register");

    /**
     * Whether no client of SMTP begins a line so: a method of another protocol, a header field such as {@code Host:}, an
     * octet that is no text (a handshake of TLS begins with 22). Whoever can make a browser send us a request must not
     * have the commands in its body obeyed.
     */
    private static boolean isForeign(String verb) {
        char first = verb.charAt(0);
        return METHODS.contains(verb) || verb.indexOf(':') > 0 || first < ' ' || first > '~';
    }

    /** A word after a command that takes none. */
    RefusedCommand NO_ARGUMENT = malformed("", "this command takes no argument");

    /** qmail's answer to every command it has not. */
    Reply UNIMPLEMENTED = PolicyRule.COMMAND.reply(502, "5.5.1 unimplemented");

    private static RefusedCommand malformed(String verb, String reason) {
        return new RefusedCommand(verb, PolicyRule.COMMAND.reply(501, "5.5.4 " + reason));
    }

    private static SmtpCommand auth(String argument) {
        return argument.isEmpty() || argument.indexOf(' ') >= 0
                ? malformed("AUTH", "write AUTH, a mechanism, and nothing or one response")
                : new Auth(argument.toUpperCase(Locale.ROOT));
    }

    /** In small letters. */
    String AUTH = "auth";

    /** What stands behind AUTH and a mechanism may be a password: it becomes no text. */
    LineReader.SecretPart RESPONSE_OF_AUTH = SmtpCommand::responseOfAuth;

    private static int responseOfAuth(byte[] octets, int from, int length) {
        for (int i = 0; i < AUTH.length(); i++) {
            if (i >= length || (octets[from + i] | 0x20) != AUTH.charAt(i)) {
                return length;
            }
        }
        int at = AUTH.length();
        while (at < length && octets[from + at] == ' ') {
            at++;
        }
        if (at == AUTH.length()) {
            return length;
        }
        while (at < length && octets[from + at] != ' ') {
            at++;
        }
        return Math.min(at + 1, length);
    }

    private static SmtpCommand mail(String argument) {
        if (!startsWith(argument, "from:")) {
            return malformed("MAIL", "write MAIL FROM:<address>");
        }
        return switch (SmtpPath.parse(argument.substring(5))) {
            case SmtpPath.ParsedPath(var sender, var rest) ->
                switch (SmtpParameters.parse(rest)) {
                    case SmtpParameters.ParsedParameters parameters -> mail(sender, parameters);
                    case SmtpParameters.MalformedParameters(var reason) -> malformed("MAIL", reason);
                };
            case SmtpPath.PathTooLong _ -> new RefusedCommand("MAIL", TOO_LONG);
            case SmtpPath.MalformedPath(var reason) -> malformed("MAIL", reason);
        };
    }

    /** qmail's answer to an address over 899 octets. */
    Reply TOO_LONG = PolicyRule.ADDRESS_LENGTH.reply(555, "5.5.4 address too long");

    /** RFC 6531 section 3.5. */
    Reply NOT_ASCII = PolicyRule.ADDRESS_FORM.reply(553, "5.6.7 an address beyond ASCII needs SMTPUTF8");

    /** RFC 6531 section 3.3: what is not ASCII is UTF-8. */
    Reply NOT_UTF8 = PolicyRule.ADDRESS_FORM.reply(553, "5.6.7 the address is not UTF-8");

    private static SmtpCommand mail(Address sender, SmtpParameters.ParsedParameters parameters) {
        long size = 0;
        BodyType body = BodyType.SEVEN_BIT;
        AddressForm form = AddressForm.ASCII;
        for (SmtpParameters.Parameter parameter : parameters.parameters()) {
            switch (parameter.keyword()) {
                case "SIZE" -> {
                    size = count(parameter.value());
                    if (size < 0) {
                        return malformed("MAIL", "SIZE is not a number of octets");
                    }
                }
                case "BODY" -> {
                    switch (Octets.lowerCase(parameter.value())) {
                        case "7bit" -> body = BodyType.SEVEN_BIT;
                        case "8bitmime" -> body = BodyType.EIGHT_BIT_MIME;
                        default -> {
                            return malformed("MAIL", "BODY is neither 7BIT nor 8BITMIME");
                        }
                    }
                }
                case "SMTPUTF8" -> {
                    if (!parameter.value().isEmpty()) {
                        return malformed("MAIL", "SMTPUTF8 takes no value");
                    }
                    form = AddressForm.SMTPUTF8;
                }
                default -> {
                    if (!IGNORED_OF_MAIL.contains(parameter.keyword())) {
                        return new RefusedCommand("MAIL", UNKNOWN_PARAMETER);
                    }
                }
            }
        }
        return fit(sender, form)
                .<SmtpCommand>map(reply -> new RefusedCommand("MAIL", reply))
                .orElse(new Mail(sender, size, body, form));
    }

    /**
     * Parameters of MAIL that change nothing here, and that clients send though nobody offered them: AUTH (RFC 4954), RET and
     * ENVID (RFC 3461), SUBMITTER (RFC 4405), MT-PRIORITY (RFC 6710). docs/standards.md has the table.
     */
    Set<String> IGNORED_OF_MAIL = Set.of("AUTH", "RET", "ENVID", "SUBMITTER", "MT-PRIORITY");

    /** As {@link #IGNORED_OF_MAIL}, of RCPT: RFC 3461. */
    Set<String> IGNORED_OF_RCPT = Set.of("NOTIFY", "ORCPT");

    /** RFC 5321 section 4.1.1.11: of those that would have to be obeyed, as REQUIRETLS would, and of the unknown. */
    Reply UNKNOWN_PARAMETER = PolicyRule.COMMAND.reply(555, "5.5.4 parameter not known here");

    /** What is wrong with an address of that form; empty if nothing is. */
    static java.util.Optional<Reply> fit(Address address, AddressForm form) {
        if (Octets.areAscii(address.octets())) {
            return java.util.Optional.empty();
        }
        return switch (form) {
            case ASCII -> java.util.Optional.of(NOT_ASCII);
            case SMTPUTF8 -> isUtf8(address) ? java.util.Optional.empty() : java.util.Optional.of(NOT_UTF8);
        };
    }

    private static boolean isUtf8(Address address) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Octets.bytes(address.octets())));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static SmtpCommand rcpt(String argument) {
        if (!startsWith(argument, "to:")) {
            return malformed("RCPT", "write RCPT TO:<address>");
        }
        return switch (SmtpPath.parse(argument.substring(3))) {
            case SmtpPath.ParsedPath(var recipient, var rest) ->
                switch (SmtpParameters.parse(rest)) {
                    case SmtpParameters.ParsedParameters(var parameters) ->
                        !parameters.stream().allMatch(parameter -> IGNORED_OF_RCPT.contains(parameter.keyword()))
                                ? new RefusedCommand("RCPT", UNKNOWN_PARAMETER)
                                : recipient.isNull()
                                        ? new RefusedCommand(
                                                "RCPT", PolicyRule.COMMAND.reply(501, "5.1.3 recipient missing"))
                                        : new Rcpt(recipient);
                    case SmtpParameters.MalformedParameters(var reason) -> malformed("RCPT", reason);
                };
            case SmtpPath.PathTooLong _ -> new RefusedCommand("RCPT", TOO_LONG);
            case SmtpPath.MalformedPath(var reason) -> malformed("RCPT", reason);
        };
    }

    private static SmtpCommand bdat(String argument) {
        int space = argument.indexOf(' ');
        long octets = count(space < 0 ? argument : argument.substring(0, space));
        String word =
                space < 0 ? "" : Octets.lowerCase(argument.substring(space + 1).strip());
        if (octets < 0 || octets > LARGEST_CHUNK || !(word.isEmpty() || word.equals("last"))) {
            return new UnreadableBdat(
                    PolicyRule.COMMAND.reply(501, "5.5.4 write BDAT and a number of octets, and LAST for the last"));
        }
        return new Bdat(octets, word.isEmpty() ? ChunkPosition.EARLIER : ChunkPosition.LAST);
    }

    /** A whole number, or -1. More digits than a long holds mean the largest. */
    private static long count(String digits) {
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
                return -1;
            }
        }
        return digits.isEmpty() || digits.length() > 20
                ? -1
                : digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
    }

    private static boolean startsWith(String argument, String word) {
        return argument.regionMatches(true, 0, word, 0, word.length());
    }
}

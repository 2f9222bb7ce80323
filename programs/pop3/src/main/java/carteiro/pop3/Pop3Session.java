package carteiro.pop3;

import carteiro.mail.Octets;
import carteiro.pop3.Pop3Line.Pop3Command;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/** One POP3 conversation behind the login, in qmail's words (RFC 1939 section 5; RFC 2449). */
final class Pop3Session {
    private static final List<String> QMAIL_CAPABILITIES =
            List.of("TOP", "UIDL", "PIPELINING", "RESP-CODES", "IMPLEMENTATION Carteiro");

    /** Those of pop3d, before the login and behind it. */
    static final List<String> EXACT_CAPABILITIES = List.of(
            "TOP",
            "UIDL",
            "PIPELINING",
            "RESP-CODES",
            "AUTH-RESP-CODE",
            "UTF8",
            "LANG",
            "EXPIRE NEVER",
            "IMPLEMENTATION Carteiro");

    private final Pop3Input in;
    private final OutputStream out;
    private final Pop3Messages mailbox;
    private final Pop3Style style;
    private final BitSet deleted = new BitSet();
    private int last;

    /** @param out buffered; flushed by {@code in} before it waits */
    Pop3Session(Pop3Input in, OutputStream out, Pop3Messages mailbox, Pop3Style style) {
        this.style = style;
        this.in = in;
        this.out = out;
        this.mailbox = mailbox;
    }

    /** Whose habits are kept. */
    enum Pop3Style {
        /** qmail-pop3d's: sizes as on the disk, an empty line more behind each message, TOP without a number. */
        QMAIL,
        /** RFC 1939's, behind a login that somebody else has had. */
        EXACT
    }

    /** Whether lines follow a good answer, up to one of a dot. */
    static boolean hasLines(String verb, boolean withArgument) {
        return switch (verb) {
            case "retr", "top", "capa" -> true;
            case "list", "uidl", "lang" -> !withArgument;
            default -> false;
        };
    }

    /** The answer to LANG (RFC 6856 section 3): we speak English. */
    static String language(String argument) {
        String tag = Octets.lowerCase(argument.strip());
        if (tag.isEmpty()) {
            return "+OK languages:\r\nen English\r\n.";
        }
        return tag.equals("*") || tag.equals("en") || tag.startsWith("en-")
                ? "+OK en English it is"
                : "-ERR that language is not spoken here";
    }

    /** How the client ended its visit. */
    enum Pop3Visit {
        /** There may be more to say. */
        OPEN,
        /** Nothing more. */
        OVER
    }

    /**
     * Converses until QUIT, which alone changes the mailbox, or until the client has gone.
     *
     * @throws IOException if the connection broke, or a message in the middle of its reading
     */
    void converse() throws IOException {
        if (style == Pop3Style.QMAIL) {
            okay();
        }
        Pop3Visit visit = Pop3Visit.OPEN;
        while (visit == Pop3Visit.OPEN) {
            visit = switch (in.next()) {
                case Pop3Command command -> execute(command.verb(), Octets.text(command.argument()));
                case Pop3Line.Pop3Malformed(String reason) -> refuse(reason);
                case Pop3Line.Pop3Endless _ -> {
                    refuse("line too long");
                    yield Pop3Visit.OVER;
                }
                case Pop3Line.Pop3End _ -> Pop3Visit.OVER;
            };
        }
        out.flush();
    }

    private Pop3Visit execute(String verb, String argument) throws IOException {
        return switch (verb) {
            case "stat" -> stat();
            case "list" -> sizes(argument);
            case "uidl" -> list(argument, mailbox::uid);
            case "retr", "top" -> retrieve(verb, argument);
            case "dele" -> delete(argument);
            case "rset" -> reset();
            case "last" -> say("+OK " + last);
            case "noop" -> okay();
            case "capa" -> capabilities();
            case "quit" -> quit();
            case "utf8" ->
                style == Pop3Style.EXACT ? say("+OK UTF8 is what mailboxes hold here") : refuse("unimplemented");
            case "lang" -> style == Pop3Style.EXACT ? say(language(argument)) : refuse("unimplemented");
            default -> refuse("unimplemented");
        };
    }

    // ---- Commands

    private Pop3Visit stat() throws IOException {
        mailbox.countAll();
        int count = 0;
        long octets = 0;
        for (int i = 0; i < mailbox.count(); i++) {
            if (!deleted.get(i)) {
                count++;
                octets += mailbox.octets(i);
            }
        }
        return say("+OK " + count + " " + octets);
    }

    private Pop3Visit sizes(String argument) throws IOException {
        if (argument.isEmpty()) {
            mailbox.countAll();
        }
        return list(argument, index -> Long.toString(mailbox.octets(index)));
    }

    private Pop3Visit list(String argument, IntFunction<String> told) throws IOException {
        if (!argument.isEmpty()) {
            OptionalInt index = index(argument);
            return index.isEmpty() ? Pop3Visit.OPEN : say("+OK " + row(index.getAsInt(), told));
        }
        okay();
        for (int i = 0; i < mailbox.count(); i++) {
            if (!deleted.get(i)) {
                say(row(i, told));
            }
        }
        return say(".");
    }

    private static String row(int index, IntFunction<String> told) {
        return index + 1 + " " + told.apply(index);
    }

    /** One for RETR and TOP, as qmail has it: with a second number that many lines of the body, otherwise all. */
    private Pop3Visit retrieve(String verb, String argument) throws IOException {
        int blank = argument.indexOf(' ');
        String second = blank < 0 ? "" : argument.substring(blank).strip();
        boolean wrong = style == Pop3Style.EXACT && second.isEmpty() != verb.equals("retr");
        if (wrong || !second.isEmpty() && !isNumber(second)) {
            return refuse("syntax error");
        }
        OptionalInt index = index(blank < 0 ? argument : argument.substring(0, blank));
        if (index.isEmpty()) {
            return Pop3Visit.OPEN;
        }
        Optional<InputStream> opened = mailbox.read(index.getAsInt());
        if (opened.isEmpty()) {
            return refuse("unable to open that message");
        }
        try (InputStream message = opened.get()) {
            okay();
            Pop3Text.send(message, second.isEmpty() ? Pop3Text.ALL : number(second), out, style);
        }
        return Pop3Visit.OPEN;
    }

    private Pop3Visit delete(String argument) throws IOException {
        OptionalInt index = index(argument);
        if (index.isEmpty()) {
            return Pop3Visit.OPEN;
        }
        deleted.set(index.getAsInt());
        last = Math.max(last, index.getAsInt() + 1);
        return okay();
    }

    private Pop3Visit reset() throws IOException {
        deleted.clear();
        last = 0;
        return okay();
    }

    private Pop3Visit capabilities() throws IOException {
        okay();
        for (String capability : style == Pop3Style.QMAIL ? QMAIL_CAPABILITIES : EXACT_CAPABILITIES) {
            say(capability);
        }
        return say(".");
    }

    private Pop3Visit quit() throws IOException {
        int failures = mailbox.finish(deleted);
        if (style == Pop3Style.EXACT && failures > 0) {
            refuse("some messages could not be removed"); // one answer, as RFC 1939 section 6 has it
            return Pop3Visit.OVER;
        }
        for (; failures > 0; failures--) {
            refuse("unable to unlink all deleted messages");
        }
        okay();
        return Pop3Visit.OVER;
    }

    // ---- Numbers

    /** The place of a message in the list; empty if it was refused. */
    private OptionalInt index(String argument) throws IOException {
        String digits = argument.strip();
        if (!isNumber(digits)) {
            refuse("syntax error");
            return OptionalInt.empty();
        }
        long number = number(digits);
        if (number == 0) {
            refuse("messages are counted from 1");
        } else if (number > mailbox.count()) {
            refuse("not that many messages");
        } else if (deleted.get((int) number - 1)) {
            refuse("already deleted");
        } else {
            return OptionalInt.of((int) number - 1);
        }
        return OptionalInt.empty();
    }

    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Of digits; {@link Integer#MAX_VALUE} for all from there on. */
    private static long number(String digits) {
        long number = 0;
        for (int i = 0; i < digits.length(); i++) {
            number = Math.min(number * 10 + digits.charAt(i) - '0', Integer.MAX_VALUE);
        }
        return number;
    }

    // ---- Answers

    private Pop3Visit okay() throws IOException {
        return say("+OK ");
    }

    private Pop3Visit refuse(String reason) throws IOException {
        return say("-ERR " + reason);
    }

    private Pop3Visit say(String line) throws IOException {
        out.write(Octets.bytes(line + "\r\n"));
        return Pop3Visit.OPEN;
    }
}

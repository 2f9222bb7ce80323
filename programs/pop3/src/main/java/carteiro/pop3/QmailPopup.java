package carteiro.pop3;

import carteiro.mail.Octets;
import carteiro.pop3.Pop3Line.Pop3Command;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * qmail-popup: POP3 before the login, on standard input and output (docs/programs/qmail-popup.md). It reads no octet behind the line
 * that the login is in: those are for whoever serves the client afterwards.
 */
public final class QmailPopup {
    /** How long the client may say nothing; as qmail (1200 s). */
    static final Duration SILENCE = Duration.ofMinutes(20);

    /** How long it may take to log in. */
    static final Duration WHOLE = Duration.ofHours(1);

    /** Whatever happened; as qmail. */
    private static final int END = 1;

    /** What a client may have sent behind a login that failed, in octets; unread, it would take the answer with it. */
    private static final int DROPPED = 64 * 1024;

    private static final String[] CAPABILITIES = {
        "USER", "TOP", "UIDL", "PIPELINING", "RESP-CODES", "IMPLEMENTATION Carteiro",
    };

    private final InputStream from;
    private final OutputStream out;
    private final IdleLimit limit;
    private final String stamp;
    private final List<String> checker;
    private byte[] user = {};

    private QmailPopup(InputStream in, OutputStream out, IdleLimit limit, String stamp, List<String> checker) {
        this.from = limit.over(in);
        this.out = limit.over(out);
        this.limit = limit;
        this.stamp = stamp;
        this.checker = checker;
    }

    /** {@code qmail-popup HOST CHECKER ARGUMENTS...}. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-popup", arguments, call -> {
            List<String> words = characters(call.arguments());
            if (words.size() < 2 || words.get(1).startsWith("-")) {
                call.out().write(Octets.bytes("usage: popup hostname subprogram\n"));
                return END;
            }
            String stamp = "<" + ProcessHandle.current().pid() + "."
                    + Instant.now().getEpochSecond() + "@" + call.arguments().getFirst() + ">";
            try (var limit =
                    new IdleLimit(SILENCE, WHOLE, () -> Runtime.getRuntime().halt(END))) {
                new QmailPopup(call.in(), call.out(), limit, stamp, words.subList(1, words.size())).converse();
            } catch (IOException e) {
                // the client has gone
            }
            return END;
        });
    }

    /** The words as a child gets them unchanged; none if there are octets that Java would not pass on. */
    private static List<String> characters(List<String> octets) {
        var words = new ArrayList<String>();
        try {
            for (String word : octets) {
                words.add(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(Octets.bytes(word)))
                        .toString());
            }
        } catch (CharacterCodingException e) {
            return List.of();
        }
        return words;
    }

    private void converse() throws IOException {
        say("+OK " + stamp);
        var in = new Pop3Input(from, out, 1);
        while (true) {
            switch (in.next()) {
                case Pop3Command command -> {
                    if (execute(command) == PopupStep.END) {
                        return;
                    }
                }
                case Pop3Line.Pop3Malformed(String reason) -> refuse(reason);
                case Pop3Line.Pop3Endless _ -> {
                    refuse("line too long");
                    return;
                }
                case Pop3Line.Pop3End _ -> {
                    return;
                }
            }
        }
    }

    /** What comes next. */
    private enum PopupStep {
        GO_ON,
        END
    }

    private PopupStep execute(Pop3Command command) throws IOException {
        try {
            return switch (command.verb()) {
                case "user" -> user(command.argument());
                case "pass" -> pass(command.argument());
                case "apop" -> apop(command.argument());
                case "noop" -> say("+OK ");
                case "capa" -> capabilities();
                case "quit" -> {
                    say("+OK ");
                    yield PopupStep.END;
                }
                default -> refuse("authorization first");
            };
        } finally {
            command.clear();
        }
    }

    private PopupStep user(byte[] name) throws IOException {
        if (name.length == 0) {
            return refuse("syntax error");
        }
        user = name.clone();
        return say("+OK ");
    }

    private PopupStep pass(byte[] password) throws IOException {
        if (user.length == 0) {
            return refuse("USER first");
        }
        return password.length == 0 ? refuse("syntax error") : logIn(user, password);
    }

    private PopupStep apop(byte[] argument) throws IOException {
        int blank = 0;
        while (blank < argument.length && argument[blank] != ' ') {
            blank++;
        }
        if (blank == argument.length) {
            return refuse("syntax error");
        }
        return logIn(Arrays.copyOf(argument, blank), Arrays.copyOfRange(argument, blank + 1, argument.length));
    }

    private PopupStep capabilities() throws IOException {
        say("+OK ");
        for (String capability : CAPABILITIES) {
            say(capability);
        }
        return say(".");
    }

    private PopupStep logIn(byte[] name, byte[] secret) throws IOException {
        limit.close(); // the visit has the limits of whoever serves it
        Pop3Login.LoginEnd end;
        try {
            end = new Pop3Login(checker, Octets.bytes(stamp)).run(name, secret);
        } catch (IOException e) {
            return failed("unable to fork");
        }
        return switch (end) {
            case SERVED -> PopupStep.END;
            case REFUSED -> failed("authorization failed");
            case CRASHED -> failed("aack, child crashed");
            case TOO_LONG -> failed("user name and password are too long");
        };
    }

    /** The one try is over. */
    private PopupStep failed(String reason) throws IOException {
        refuse(reason);
        for (int dropped = 0; dropped < DROPPED && from.available() > 0; dropped++) {
            if (from.read() < 0) {
                break;
            }
        }
        return PopupStep.END;
    }

    private PopupStep refuse(String reason) throws IOException {
        return say("-ERR " + reason);
    }

    private PopupStep say(String line) throws IOException {
        out.write(Octets.bytes(line + "\r\n"));
        return PopupStep.GO_ON;
    }
}

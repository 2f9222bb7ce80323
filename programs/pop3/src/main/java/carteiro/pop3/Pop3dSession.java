package carteiro.pop3;

import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientBudget;
import carteiro.listen.ClientConnection;
import carteiro.listen.ListenerRole;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.LoginMechanism;
import carteiro.listen.LoginMechanism.NamedMechanism;
import carteiro.listen.SaslLogin;
import carteiro.listen.SaslLogin.LoginRefusal;
import carteiro.listen.SaslLogin.LoginResult;
import carteiro.listen.SaslLogin.NoResponseException;
import carteiro.listen.TlsKey;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.protocol.Mailboxes;
import carteiro.protocol.Mailboxes.MailboxOpened;
import carteiro.protocol.Mailboxes.MailboxVisit;
import carteiro.protocol.Passwords;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.Passwords.TlsBinding;
import carteiro.wire.Line;
import carteiro.wire.LineReader;
import carteiro.wire.TlsIdentity;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * A conversation with a client: the greeting, TLS and the login are had here (RFC 1939 section 4, RFC 2595, RFC 5034); what follows goes
 * to mailboxes, command by command, and its answers back.
 */
final class Pop3dSession {
    /** Octets in a command line, its end included; RFC 2449 section 4 asks for 255, names and passwords may be long. */
    static final int LINE_LIMIT = 2048;

    /** Refused logins until the connection is ended. */
    private static final int MOST_FAILURES = 3;

    /** Commands in a row that are not understood until it is. */
    private static final int MOST_REFUSED = 20;

    private static final int BLOCK = 16 * 1024;

    private final ClientConnection connection;
    private final Client client;
    private final Pop3dSettings settings;
    private final Pop3dContext context;
    private final ClientBudget.ClientReservation tlsMemory;
    private String user = "";
    private int failures;
    private int refused;
    private Visit state = Visit.LOGIN;
    private String how = "";

    // of the visit
    private String account = "";
    private long fetched;
    private long removed;
    private long octets;

    /** What a session makes use of; all of it may be used by any thread. */
    record Pop3dContext(
            Passwords passwords, Mailboxes mailboxes, EventLog log, Budgets budgets, BooleanSupplier stopping) {}

    private enum Visit {
        LOGIN,
        OVER
    }

    Pop3dSession(ClientConnection connection, Client client, Pop3dSettings settings, Pop3dContext context) {
        this.connection = connection;
        this.client = client;
        this.settings = settings;
        this.context = context;
        this.tlsMemory = context.budgets().tls().share(client.key());
    }

    /** Converses, and closes. */
    void run(ListenerRole role) {
        try {
            if (role.has(RoleWord.TLS)) {
                secureAtOnce();
            }
            if (state != Visit.OVER) {
                say("+OK " + settings.me() + " POP3");
            }
            while (state != Visit.OVER) {
                next();
            }
            connection.closeGently();
        } catch (IOException e) {
            how = how.isEmpty() ? "connection lost" : how;
        } catch (RuntimeException e) {
            context.log().bug("pop3d", e);
        } finally {
            tlsMemory.giveBack();
            connection.closeHard();
            if (!account.isEmpty()) {
                context.log().log(new Pop3Event.Pop3VisitEnded(
                        account, client.ip(), fetched, removed, octets, how.isEmpty() ? "connection lost" : how));
            }
        }
    }

    private void say(String line) throws IOException {
        connection.send(Octets.bytes(line + "\r\n"));
    }

    private void end(String why) {
        state = Visit.OVER;
        how = why;
    }

    // ---- before the login

    private void next() throws IOException {
        if (context.stopping().getAsBoolean()) {
            say("-ERR [SYS/TEMP] the service is being stopped");
            end("stopped");
            return;
        }
        switch (connection.lines().next(Pop3dSession::secretPart)) {
            case Line.Text(var text) -> execute(text);
            case Line other -> fault(other);
        }
    }

    /** What stood where a line was expected. */
    private void fault(Line line) throws IOException {
        switch (line) {
            case Line.Text _ -> throw new IllegalArgumentException("a line that is one");
            case Line.TooLong _ -> refuse("line too long");
            case Line.Endless _ -> {
                say("-ERR line too long");
                end("line without end");
            }
            case Line.BareLineFeed _, Line.BareCarriageReturn _ -> {
                say("-ERR lines end with CR and LF");
                end("a line that ends in CR or LF alone");
            }
            case Line.End _ -> endOfInput();
        }
    }

    private void endOfInput() throws IOException {
        Optional<ClientConnection.Ending> ending = connection.ending();
        if (ending.isPresent()) {
            say(
                    switch (ending.get()) {
                        case SILENT -> "-ERR nothing heard for too long";
                        case TOO_LONG -> "-ERR this conversation has lasted too long";
                        case STOPPING -> "-ERR [SYS/TEMP] the service is being stopped";
                    });
            end(
                    switch (ending.get()) {
                        case SILENT -> "silent for too long";
                        case TOO_LONG -> "it lasted too long";
                        case STOPPING -> "stopped";
                    });
        } else {
            end("connection lost");
        }
    }

    private void refuse(String reason) throws IOException {
        say("-ERR " + reason);
        refused++;
        if (refused >= MOST_REFUSED) {
            end("too many refused commands");
        }
    }

    /** What stands behind PASS, or behind AUTH and a mechanism, becomes no text. */
    private static int secretPart(byte[] line, int from, int length) {
        int verb = word(line, from, length, 0);
        String name = Octets.lowerCase(Octets.text(line, from, Math.min(verb, 4)));
        if (verb != 4 || verb == length) {
            return length;
        }
        return switch (name) {
            case "pass" -> verb + 1;
            case "auth" -> Math.min(word(line, from, length, verb + 1) + 1, length);
            default -> length;
        };
    }

    /** Where the word ends that begins there. */
    private static int word(byte[] line, int from, int length, int begin) {
        int end = begin;
        while (end < length && line[from + end] != ' ') {
            end++;
        }
        return end;
    }

    private void execute(String text) throws IOException {
        int blank = text.indexOf(' ');
        String verb = Octets.lowerCase(blank < 0 ? text : text.substring(0, blank));
        String argument = blank < 0 ? "" : text.substring(blank + 1);
        switch (verb) {
            case "user" -> user(argument);
            case "pass" -> pass();
            case "auth" -> auth(argument.strip().toUpperCase(Locale.ROOT));
            case "stls" -> startTls(argument);
            case "capa" -> capabilities();
            case "noop" -> say("+OK ");
            case "utf8" -> say("+OK UTF8 is what mailboxes hold here");
            case "lang" -> say(Pop3Session.language(argument));
            case "quit" -> {
                say("+OK ");
                end("quit");
            }
            default -> refuse("authorization first");
        }
    }

    private boolean mayLogIn() {
        return connection.cipher().isPresent()
                || settings.cleartext()
                        && !LoginMechanism.named(settings.mechanisms(), false).isEmpty();
    }

    private List<NamedMechanism> mechanisms() {
        return LoginMechanism.named(settings.mechanisms(), connection.cipher().isPresent());
    }

    private void capabilities() throws IOException {
        var lines = new ArrayList<>(List.of("+OK "));
        if (mayLogIn()) {
            if (settings.mechanisms().contains(LoginMechanism.PLAIN)) {
                lines.add("USER");
            }
            lines.add(
                    "SASL " + mechanisms().stream().map(NamedMechanism::keyword).collect(Collectors.joining(" ")));
        }
        if (settings.tls().isPresent() && connection.cipher().isEmpty()) {
            lines.add("STLS");
        }
        lines.addAll(Pop3Session.EXACT_CAPABILITIES);
        lines.add(".");
        say(String.join("\r\n", lines));
    }

    // ---- TLS

    private void secureAtOnce() {
        try {
            TlsIdentity identity = settings.tls().orElseThrow().identity();
            if (tlsMemory.take(Budgets.TLS)) {
                connection.startTls(identity);
            } else {
                end("no TLS (its part of the heap is taken)");
            }
        } catch (IOException e) {
            end("no TLS (" + LogText.reason(e) + ")");
        }
    }

    /** RFC 2595 section 4. What was sent behind STLS in the clear must never count as sent by TLS. */
    private void startTls(String argument) throws IOException {
        Optional<TlsKey> key = settings.tls();
        if (connection.cipher().isPresent()) {
            refuse("TLS is on already");
        } else if (key.isEmpty() || !argument.isEmpty()) {
            refuse(key.isEmpty() ? "TLS is not offered here" : "this command takes no argument");
        } else if (connection.lines().hasBuffered()) {
            say("-ERR nothing may follow STLS before TLS is on");
            end("commands behind STLS");
        } else {
            TlsIdentity identity;
            try {
                identity = key.get().identity();
            } catch (IOException e) {
                context.log().alert("pop3d", "control/servercert.pem: " + e.getMessage());
                refuse("[SYS/TEMP] TLS is not to be had now");
                return;
            }
            if (!tlsMemory.take(Budgets.TLS)) {
                refuse("[SYS/TEMP] TLS is not to be had now");
                return;
            }
            say("+OK begin TLS");
            user = "";
            try {
                connection.startTls(identity);
            } catch (IOException e) {
                end("no TLS (" + LogText.reason(e) + ")");
            }
        }
    }

    // ---- the login

    private void user(String name) throws IOException {
        if (!mayLogIn()) {
            refuse("STLS first");
        } else if (name.isEmpty() || name.length() > Passwords.LONGEST_NAME) {
            refuse("a name has 1 to " + Passwords.LONGEST_NAME + " octets");
        } else if (!settings.mechanisms().contains(LoginMechanism.PLAIN)) {
            refuse("use AUTH");
        } else {
            user = name;
            say("+OK ");
        }
    }

    /** As PLAIN: what is said of it is the same. */
    private void pass() throws IOException {
        byte[] password = connection.lines().takeSecret();
        if (user.isEmpty()) {
            Arrays.fill(password, (byte) 0);
            refuse("USER first");
            return;
        }
        byte[] name = Octets.bytes(user);
        byte[] message = new byte[name.length + password.length + 2];
        System.arraycopy(name, 0, message, 1, name.length);
        System.arraycopy(password, 0, message, name.length + 2, password.length);
        Arrays.fill(password, (byte) 0);
        byte[] encoded = Base64.getEncoder().encode(message);
        Arrays.fill(message, (byte) 0);
        user = "";
        logIn(new NamedMechanism(LoginMechanism.PLAIN, false), encoded, "USER");
    }

    private void auth(String mechanism) throws IOException {
        byte[] initial = connection.lines().takeSecret();
        if (!mayLogIn()) {
            refuse("STLS first");
            return;
        }
        if (mechanism.isEmpty()) { // as clients ask that are older than CAPA
            say("+OK \r\n"
                    + mechanisms().stream().map(each -> each.keyword() + "\r\n").collect(Collectors.joining()) + ".");
            return;
        }
        Optional<NamedMechanism> named = mechanisms().stream()
                .filter(each -> each.keyword().equals(mechanism))
                .findFirst();
        if (named.isEmpty()) {
            refuse("mechanism not known, or not offered here");
        } else {
            logIn(named.get(), initial, mechanism);
        }
    }

    private void logIn(NamedMechanism mechanism, byte[] initial, String told) throws IOException {
        var bindings = new ArrayList<TlsBinding>();
        if (mechanisms().stream().anyMatch(NamedMechanism::plus)) {
            connection.channelBindings().forEach((type, each) -> bindings.add(new TlsBinding(type, Octets.text(each))));
        }
        var login = new SaslLogin(this::response, context.passwords(), LoginService.POP3, client.ip(), bindings);
        try {
            switch (login.by(mechanism, initial)) {
                case LoginResult.LoginAccepted(var who, var ticket) -> open(who, ticket, told);
                case LoginResult.LoginRejected(var refusal, var name, var why, var until) ->
                    rejected(refusal, name, why, until);
            }
        } catch (NoResponseException e) {
            // the client was told, or has gone
        }
    }

    private void rejected(LoginRefusal refusal, String name, String why, long until) throws IOException {
        SaslLogin.waitUntil(until, context.stopping());
        String reply = switch (refusal) { // RFC 3206
            case WRONG -> "-ERR [AUTH] wrong name or password";
            case WRONG_TOKEN -> "-ERR [AUTH] the token is not accepted";
            case BLOCKED -> "-ERR [SYS/TEMP] too many wrong passwords, try again later";
            case CANNOT_TELL -> "-ERR [SYS/TEMP] logins are not possible now, try again later";
            case NOT_BASE64 -> "-ERR this is no base64";
            case MALFORMED -> "-ERR this is no message of the mechanism";
            case CANCELLED -> "-ERR login cancelled";
        };
        context.log().log(new Pop3Event.Pop3LoginRefused(name, client.ip(), reply, why));
        say(reply);
        failures++;
        if (failures >= MOST_FAILURES) {
            end("too many refused logins");
        }
    }

    private byte[] response(String challenge) throws IOException, NoResponseException {
        say("+ " + challenge);
        Line line = connection.lines().next(LineReader.SecretPart.ALL);
        if (line instanceof Line.Text) {
            return connection.lines().takeSecret();
        }
        fault(line);
        throw new NoResponseException();
    }

    // ---- behind it

    private void open(String who, String ticket, String mechanism) throws IOException {
        MailboxOpened opened;
        try {
            opened = context.mailboxes().open(ticket);
        } catch (IOException e) {
            opened = new MailboxOpened.ClosedMailbox(LogText.reason(e));
        }
        switch (opened) {
            case MailboxOpened.ClosedMailbox(var reason) -> {
                String reply = "-ERR [SYS/TEMP] the mailbox cannot be opened now";
                context.log().log(new Pop3Event.Pop3LoginRefused(who, client.ip(), reply, reason));
                say(reply);
                end("no mailbox");
            }
            case MailboxOpened.OpenMailbox(var visit) -> {
                try (visit) {
                    context.log().log(new Pop3Event.Pop3LoggedIn(who, client.ip(), mechanism));
                    account = who;
                    say("+OK logged in");
                    serve(visit);
                }
            }
        }
    }

    private void serve(MailboxVisit visit) throws IOException {
        while (state != Visit.OVER) {
            switch (connection.lines().next()) {
                case Line.Text(var text) -> command(text, visit);
                case Line other -> fault(other);
            }
        }
    }

    private void command(String text, MailboxVisit visit) throws IOException {
        int blank = text.indexOf(' ');
        String verb = Octets.lowerCase(blank < 0 ? text : text.substring(0, blank));
        if (text.indexOf('\0') >= 0) {
            say("-ERR syntax error");
            return;
        }
        boolean whole;
        try {
            ask(visit, text);
            whole = answer(
                    visit,
                    Pop3Session.hasLines(
                            verb, blank >= 0 && !text.substring(blank).isBlank()));
        } catch (MailboxLostException e) {
            if (e.unanswered) { // else half an answer was sent, and nothing can follow it
                say("-ERR [SYS/TEMP] the mailbox cannot be used now, log in again later");
            }
            end(e.how);
            return;
        }
        switch (verb) {
            case "retr", "top" -> fetched += whole ? 1 : 0;
            case "dele" -> removed += whole ? 1 : 0;
            case "rset" -> removed = 0;
            case "quit" -> end("quit");
            default -> {}
        }
    }

    /** mailboxes has gone, or does not answer. */
    private static final class MailboxLostException extends Exception {
        private static final long serialVersionUID = 1L;
        final String how;
        final boolean unanswered;

        MailboxLostException(IOException cause, boolean unanswered) {
            super(cause);
            this.how = cause instanceof SocketTimeoutException ? "mailboxes does not answer" : "mailboxes has ended it";
            this.unanswered = unanswered;
        }
    }

    private static void ask(MailboxVisit visit, String command) throws MailboxLostException {
        try {
            visit.commands().write(Octets.bytes(command + "\r\n"));
            visit.commands().flush();
        } catch (IOException e) {
            throw new MailboxLostException(e, true);
        }
    }

    /** The next octets of an answer. */
    private static int heard(MailboxVisit visit, byte[] block, boolean first) throws MailboxLostException {
        try {
            int count = visit.answers().read(block);
            if (count > 0) {
                return count;
            }
            throw new EOFException();
        } catch (IOException e) {
            throw new MailboxLostException(e, first);
        }
    }

    /**
     * Passes an answer on.
     *
     * @param lines whether lines follow a good one, up to a dot
     * @return whether it was good
     */
    private boolean answer(MailboxVisit visit, boolean lines) throws IOException, MailboxLostException {
        byte[] block = new byte[BLOCK];
        var end = new AnswerEnd();
        boolean good = false;
        boolean first = true;
        while (true) {
            int count = heard(visit, block, first);
            if (first) {
                good = block[0] == '+';
                end.begin(lines && good);
                first = false;
            }
            connection.send(Arrays.copyOf(block, count));
            octets += count;
            if (end.isAt(block, count)) {
                return good;
            }
        }
    }

    /** Finds the end of an answer: of its first line, or the line of a dot behind it. */
    private static final class AnswerEnd {
        private static final byte[] LINES = {'\r', '\n', '.', '\r', '\n'};
        private int matched;
        private boolean firstLine = true;
        private boolean lines;

        void begin(boolean withLines) {
            lines = withLines;
        }

        boolean isAt(byte[] block, int count) {
            for (int i = 0; i < count; i++) {
                if (block[i] == LINES[matched]) {
                    matched++;
                } else {
                    matched = block[i] == '\r' ? 1 : 0;
                }
                if (firstLine && matched == 2) {
                    if (!lines) {
                        return true;
                    }
                    firstLine = false;
                }
                if (matched == LINES.length) {
                    return true;
                }
            }
            return false;
        }
    }
}

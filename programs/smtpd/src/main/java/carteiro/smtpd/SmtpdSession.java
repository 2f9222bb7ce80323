package carteiro.smtpd;

import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientBudget;
import carteiro.listen.ClientConnection;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.LoginMechanism;
import carteiro.listen.LoginMechanism.NamedMechanism;
import carteiro.listen.ReceivedField;
import carteiro.listen.ReceivedField.Protocol;
import carteiro.listen.SaslLogin;
import carteiro.listen.SaslLogin.LoginResult;
import carteiro.listen.SaslLogin.NoResponseException;
import carteiro.listen.TlsKey;
import carteiro.listen.TransactionId;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Submission;
import carteiro.protocol.ExternalQueueProgram;
import carteiro.protocol.Lookup;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Passwords;
import carteiro.protocol.Passwords.TlsBinding;
import carteiro.protocol.StartupGrace;
import carteiro.smtpd.ClientCertificates.CertifiedClient;
import carteiro.smtpd.IncomingMessage.EndlessException;
import carteiro.smtpd.IncomingMessage.ReceiveResult;
import carteiro.smtpd.LoginOffer.Availability;
import carteiro.smtpd.LoginOffer.LoginPermission;
import carteiro.smtpd.PolicyCheck.LookupRequest;
import carteiro.smtpd.Verdict.Refusal;
import carteiro.wire.Line;
import carteiro.wire.LineReader;
import carteiro.wire.TextDecoder;
import carteiro.wire.TlsIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One SMTP conversation, from greeting to close (RFC 5321 section 3); one virtual thread runs it. */
final class SmtpdSession {
    private static final Reply OK = Reply.of(250, "2.0.0 ok");
    static final Reply SENDER_OK = Reply.of(250, "2.1.0 ok");
    static final Reply RECIPIENT_OK = Reply.of(250, "2.1.5 ok");
    private static final Reply FLUSHED = Reply.of(250, "2.0.0 flushed");
    private static final Reply GO_AHEAD = Reply.of(354, "go ahead, end with a dot alone");
    private static final Reply VRFY = Reply.of(252, "2.5.0 send some mail, it will be tried");
    private static final Reply HELP =
            Reply.of(214, "2.0.0 Carteiro: HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT");
    private static final Reply READY_FOR_TLS = Reply.of(220, "2.0.0 ready for TLS");
    private static final Reply MAIL_FIRST = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 MAIL first");
    private static final Reply RCPT_FIRST = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 RCPT first");
    private static final Reply CHUNKS_FIRST = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 the last chunk or RSET first");
    private static final Refusal NO_MEMORY = new Verdict.NotNow(
            PolicyRule.MEMORY.reply(452, "4.3.1 no room for more recipients now"),
            "recipients fill their part of the heap");
    private static final Refusal NO_BUFFERS = new Verdict.NotNow(
            PolicyRule.MEMORY.reply(452, "4.3.1 too many messages are under way, try again later"),
            "messages under way fill their part of the heap");
    private static final Reply NO_QUEUE = PolicyRule.QUEUE.reply(451, "4.3.0 messages cannot be taken now");
    private static final Reply NO_TLS = PolicyRule.STARTTLS.reply(502, "5.5.1 TLS is not offered here");
    private static final String NOT_NOW = "4.7.0 TLS is not to be had now";
    private static final Reply NO_KEY_NOW = PolicyRule.STARTTLS.reply(454, NOT_NOW);
    private static final Reply NO_TLS_MEMORY = PolicyRule.MEMORY.reply(454, NOT_NOW);
    private static final Reply TLS_ALREADY = PolicyRule.COMMAND_ORDER.reply(503, "5.5.1 TLS is on already");
    private static final Reply NOTHING_BEHIND_STARTTLS =
            PolicyRule.BEHIND_STARTTLS.reply(554, "5.5.1 nothing may follow STARTTLS before TLS is on");
    private static final Reply LOGGED_IN = Reply.of(235, "2.7.0 logged in");
    private static final Reply LINE_TOO_LONG = PolicyRule.COMMAND_LENGTH.reply(500, "5.5.2 line too long");
    private static final Reply NOT_SMTP = PolicyRule.OTHER_PROTOCOL.reply(500, "5.5.1 this is no command of SMTP");
    private static final Reply IDLE_COMMANDS =
            PolicyRule.IDLE_COMMANDS.reply(421, "4.7.0 too many commands without a message");
    private static final Reply REFUSALS = PolicyRule.REFUSALS.reply(421, "4.7.0 too many refused commands");
    private static final Reply SILENT = PolicyRule.SILENCE.reply(421, "4.4.2 timeout, nothing heard for too long");
    private static final Reply TOO_LONG =
            PolicyRule.CONVERSATION.reply(421, "4.4.2 this conversation has lasted too long");
    private static final Reply STOPPING = PolicyRule.STOPPING.reply(421, "4.3.2 the service is being stopped");
    private static final Reply OUR_FAULT =
            PolicyRule.FAULT.reply(421, "4.3.0 something is wrong here, try again later");

    /** Octets in a command line, CRLF included: an address of {@link carteiro.smtp.SmtpPath#LONGEST}, quoted, fits. */
    static final int LINE_LIMIT = 2048;

    /** Refusals for now (4xx) that one session may have in the log; the others are counted. */
    private static final int LOGGED_DEFERRALS = 20;

    /** Recipients over the limit in one transaction that count for nothing: a client with a long list means no harm. */
    static final int SURPLUS = 10_000;

    /** A chunk of BDAT that is not the last and has fewer octets brings a message hardly nearer. */
    private static final int SMALL_CHUNK = 512;

    /**
     * What a session needs of the rest.
     *
     * @param home where a program of QMAILQUEUE is run
     * @param budgets what all conversations may hold together
     * @param startup waits for those who are not there yet
     * @param uid the user this process runs as, for the envelope
     * @param stopping whether the program is being stopped
     */
    record SessionContext(
            Enqueue enqueue,
            Lookup lookup,
            Passwords passwords,
            EventLog log,
            Clock clock,
            Path home,
            Budgets budgets,
            StartupGrace startup,
            int uid,
            BooleanSupplier stopping)
            implements LookupRequest {
        @Override
        public Lookup.RecipientAnswer ask(Lookup.LookupQuestion question) throws IOException {
            return startup.ask(() -> lookup.recipient(question));
        }

        @Override
        public List<Passwords.Ownership> ownership(String account, List<Address> addresses) throws IOException {
            return startup.ask(() -> passwords.ownership(account, addresses));
        }

        @Override
        public Passwords.SendingVerdict sending(String account, int recipients) throws IOException {
            return startup.ask(() -> passwords.sending(account, recipients));
        }
    }

    /** From MAIL on, until the message is kept or given up. */
    private static final class Transaction {
        final TransactionView view; // as after MAIL
        final Address sender;
        final BodyType body;
        final AddressForm form;
        final String id = TransactionId.next();
        final List<Address> recipients = new ArrayList<>(1);
        int deferred; // recipients refused for now
        int surplus; // those over the limit

        @Nullable
        IncomingMessage chunks; // from the first BDAT on

        Transaction(TransactionView view) {
            this.view = view;
            this.sender = view.sender();
            this.body = view.body();
            this.form = view.form();
        }

        /** What of it brings no message nearer. A list is work, though some of it is refused for now. */
        int idle(int mostRecipients) {
            return Math.max(0, surplus - SURPLUS)
                    + (recipients.isEmpty() ? deferred : Math.max(0, deferred - mostRecipients));
        }
    }

    private final ClientConnection connection;
    private final Client client;
    private final SmtpdSettings settings;
    private final SessionContext context;
    private final ClientBudget.ClientReservation tlsMemory;
    private final ClientBudget.ClientReservation recipientMemory;

    private final Rights rightsAtFirst;
    private Peer peer;
    private boolean extended;
    private boolean afterRefusedLogin; // what follows, if it is no command, may be a password
    private @Nullable Transaction transaction;
    private int messages;
    private int refusals;
    private int refusalsInARow;
    private int deferrals;
    private int idleCommands; // since the last message, without those of the transaction
    private @Nullable String ended;

    /** @param peer whom the policy has let in */
    SmtpdSession(ClientConnection connection, Peer peer, SmtpdSettings settings, SessionContext context) {
        this.connection = connection;
        this.peer = peer;
        this.rightsAtFirst = peer.rights();
        this.client = peer.client();
        this.settings = settings;
        this.context = context;
        this.tlsMemory = context.budgets().tls().share(client.key());
        this.recipientMemory = context.budgets().recipients().share(client.key());
    }

    /** Converses until the end; closes the connection. */
    void run() {
        try {
            if (peer.role().has(RoleWord.TLS)) {
                beginWithTls();
            }
            if (ended == null) {
                converse();
            }
        } catch (IOException e) {
            ended = "connection lost (" + e.getMessage() + ")";
        } catch (RuntimeException e) {
            context.log().bug("smtpd", e);
            replyInternalError();
        } finally {
            abandonTransaction();
            tlsMemory.giveBack();
            context.log().log(new MessageEvent.SessionEnded(
                    client.ip(),
                    peer.helo(),
                    peer.cipher().orElse(MessageEvent.SessionEnded.PLAIN),
                    messages,
                    refusals,
                    ended == null ? "bug" : ended));
            close();
        }
    }

    /** How it ended: {@code quit} is the only good one. */
    String ended() {
        return ended == null ? "" : ended;
    }

    private void replyInternalError() {
        try {
            send(OUR_FAULT);
            connection.closeGently();
        } catch (IOException e) {
            // the client has gone
        }
    }

    private void close() {
        try {
            connection.close();
        } catch (IOException e) {
            // the client has gone
        }
    }

    private void converse() throws IOException {
        send(welcome(settings));
        while (ended == null) {
            if (context.stopping().getAsBoolean()) {
                end(STOPPING, "stopped");
            } else if (refusalsInARow >= settings.refusals()) {
                end(REFUSALS, "too many refused commands");
            } else if (idleCommands + idleOfTransaction() >= settings.idleCommands()) {
                end(IDLE_COMMANDS, "too many commands without a message");
            } else {
                switch (connection.lines().next(SmtpCommand.RESPONSE_OF_AUTH)) {
                    case Line.Text(var text) -> execute(SmtpCommand.parse(text));
                    case Line.TooLong _ -> refuse("command", LINE_TOO_LONG);
                    case Line.Endless _ -> refuseAndEnd("command", LINE_TOO_LONG, "line without end");
                    case Line.BareLineFeed _ -> refuse("command", LineEndsCheck.BARE_LF);
                    case Line.BareCarriageReturn _ -> refuse("command", LineEndsCheck.BARE_CR);
                    case Line.End _ -> endOfInput();
                }
            }
        }
    }

    private void execute(SmtpCommand command) throws IOException {
        boolean mayBeResponse = afterRefusedLogin;
        afterRefusedLogin = false;
        if (isIdleCommand(command)) {
            idleCommands++;
        }
        switch (command) {
            case SmtpCommand.Helo(var name) -> {
                if (greet("HELO", name)) {
                    extended = false;
                    send(greeting(settings));
                }
            }
            case SmtpCommand.Ehlo(var name) -> {
                if (greet("EHLO", name)) {
                    extended = true;
                    send(extensions());
                }
            }
            case SmtpCommand.StartTls _ -> startTls();
            case SmtpCommand.Auth(var mechanism) -> {
                authenticate(mechanism);
                afterRefusedLogin = peer.rights().login().isEmpty();
            }
            case SmtpCommand.Mail mail -> begin(mail);
            case SmtpCommand.Rcpt(var recipient) -> add(recipient);
            case SmtpCommand.Data _ -> receive();
            case SmtpCommand.Bdat(var octets, var place) -> receiveChunk(octets, place);
            case SmtpCommand.Rset _ -> {
                abandonTransaction();
                send(FLUSHED);
            }
            case SmtpCommand.Noop _ -> send(OK);
            case SmtpCommand.Vrfy _ -> send(VRFY);
            case SmtpCommand.Help _ -> send(HELP);
            case SmtpCommand.Quit _ -> {
                ended = "quit";
                send(Reply.of(221, "2.0.0 " + settings.greeting()));
                connection.flush();
            }
            case SmtpCommand.RefusedCommand(var verb, var reply) -> {
                afterRefusedLogin =
                        mayBeResponse || verb.equals("AUTH"); // a client that goes on says name, then password
                refuse(mayBeResponse ? "command" : verb, reply);
            }
            case SmtpCommand.Foreign(var verb) -> refuseAndEnd(mayBeResponse ? "command" : verb, NOT_SMTP, "not SMTP");
            case SmtpCommand.UnreadableBdat(var reply) -> refuseAndEnd("BDAT", reply, "BDAT not understood");
        }
    }

    /** Work without end for a client that never has a message; what is refused is counted there. */
    private static boolean isIdleCommand(SmtpCommand command) {
        return switch (command) {
            case SmtpCommand.Helo _,
                    SmtpCommand.Ehlo _,
                    SmtpCommand.Mail _,
                    SmtpCommand.Rset _,
                    SmtpCommand.Noop _,
                    SmtpCommand.Vrfy _,
                    SmtpCommand.Auth _,
                    SmtpCommand.Help _ -> true;
            case SmtpCommand.Bdat(var octets, var place) ->
                octets < SMALL_CHUNK && place == SmtpCommand.ChunkPosition.EARLIER;
            case SmtpCommand.StartTls _,
                    SmtpCommand.Rcpt _,
                    SmtpCommand.Data _,
                    SmtpCommand.Quit _,
                    SmtpCommand.RefusedCommand _,
                    SmtpCommand.Foreign _,
                    SmtpCommand.UnreadableBdat _ -> false;
        };
    }

    // ---- The commands, in the order of the dialogue

    static Reply welcome(SmtpdSettings settings) {
        return Reply.of(220, settings.greeting() + " ESMTP");
    }

    /** The answer to HELO, and the first line of that to EHLO. */
    static Reply greeting(SmtpdSettings settings) {
        return Reply.of(250, settings.greeting());
    }

    /** Whether the policy lets a client greet by that name; it is told if not. */
    private boolean greet(String verb, String name) throws IOException {
        abandonTransaction();
        Peer greeted = peer.greeted(name);
        Optional<Refusal> refused = settings.policy().judge(Stage.GREETED, greeted, TransactionView.NONE, context);
        if (refused.isPresent()) {
            refuse(verb, refused.get());
            return false;
        }
        peer = greeted;
        return true;
    }

    private Reply extensions() {
        boolean utf8 = settings.widestForm() == AddressForm.SMTPUTF8;
        boolean offerTls = settings.tls().isPresent() && peer.cipher().isEmpty();
        return Reply.of(
                250,
                settings.greeting() + "\nPIPELINING\n8BITMIME\nSIZE "
                        + peer.rights().databytes() + "\n"
                        + (offerTls ? "STARTTLS\n" : "")
                        + (settings.logins().to(peer) == Availability.NOW
                                ? settings.logins().line(peer) + "\n"
                                : "")
                        + "ENHANCEDSTATUSCODES\nCHUNKING"
                        + (utf8 ? "\nSMTPUTF8" : ""));
    }

    /** RFC 3207. What a client, or somebody between, sent behind STARTTLS in the clear must never count as sent by TLS. */
    private void startTls() throws IOException {
        Optional<TlsKey> key = settings.tls();
        if (peer.cipher().isPresent()) {
            refuse("STARTTLS", TLS_ALREADY);
        } else if (key.isEmpty()) {
            refuse("STARTTLS", NO_TLS);
        } else if (connection.lines().hasBuffered()) {
            refuseAndEnd("STARTTLS", NOTHING_BEHIND_STARTTLS, "commands behind STARTTLS");
        } else {
            abandonTransaction();
            TlsIdentity identity;
            try {
                identity = key.get().identity();
            } catch (IOException e) {
                context.log().alert("smtpd", "control/servercert.pem: " + e.getMessage());
                refuse("STARTTLS", NO_KEY_NOW);
                return;
            }
            if (!tlsMemory.take(Budgets.TLS)) {
                refuse("STARTTLS", NO_TLS_MEMORY);
                return;
            }
            send(READY_FOR_TLS);
            secure(identity);
        }
    }

    private void secure(TlsIdentity identity) {
        peer = peer.secured(Optional.empty(), rightsAtFirst, Optional.empty());
        extended = false;
        try {
            connection.startTls(
                    settings.logins().to(peer) == Availability.NEVER
                            ? identity
                            : settings.certificates().asking(identity));
            peer = peer.secured(connection.cipher(), rightsAtFirst, certified());
        } catch (IOException e) {
            ended = "no TLS (" + e.getMessage() + ")";
        }
    }

    private Optional<String> certified() {
        return switch (settings.certificates().of(connection.clientCertificates())) {
            case CertifiedClient.CertifiedAccount(var account) -> Optional.of(account);
            case CertifiedClient.Uncertified(var why) -> {
                if (!why.isEmpty()) {
                    context.log().log(new SmtpdEvent.CertificateUseless(client.ip(), why));
                }
                yield Optional.empty();
            }
        };
    }

    /** Before the greeting. Who cannot have TLS cannot be told so. */
    private void beginWithTls() throws IOException {
        Optional<TlsKey> key = settings.tls();
        if (key.isEmpty()) {
            ended = "no TLS (no key)";
        } else if (!tlsMemory.take(Budgets.TLS)) {
            ended = "no TLS (its part of the heap is taken)";
        } else {
            secure(key.get().identity());
        }
    }

    private void authenticate(String mechanism) throws IOException {
        switch (settings.logins().permission(peer, mechanism, extended, transaction != null)) {
            case LoginPermission.LoginPermitted(var named) -> authenticate(named);
            case LoginPermission.LoginRefused(var reply) -> refuse("AUTH", reply);
        }
    }

    private void authenticate(NamedMechanism mechanism) throws IOException {
        var authentication = new SaslLogin(
                this::response,
                context.passwords(),
                Passwords.LoginService.SMTP,
                client.ip(),
                settings.logins().bindsTo(peer) ? bindings() : List.of());
        try {
            byte[] initial = connection.lines().takeSecret();
            switch (mechanism.mechanism() == LoginMechanism.EXTERNAL
                    ? authentication.external(peer.certified().orElseThrow(), initial)
                    : authentication.by(mechanism, initial)) {
                case LoginResult.LoginAccepted(var account, var _) -> {
                    peer = peer.loggedIn(account);
                    refusalsInARow = 0;
                    context.log().log(new SmtpdEvent.SmtpLogin(account, client.ip(), mechanism.keyword()));
                    send(LOGGED_IN);
                }
                case LoginResult.LoginRejected(var refusal, var name, var why, var until) -> {
                    SaslLogin.waitUntil(until, context.stopping());
                    refuse(
                            "AUTH",
                            Address.NULL,
                            LoginOffer.reply(refusal),
                            name.isEmpty() ? why : "\"" + name + "\"" + (why.isEmpty() ? "" : " " + why));
                }
            }
        } catch (NoResponseException e) {
            // the client was told, or has gone
        }
    }

    private List<TlsBinding> bindings() {
        var bindings = new ArrayList<TlsBinding>();
        connection.channelBindings().forEach((type, octets) -> bindings.add(new TlsBinding(type, Octets.text(octets))));
        return bindings;
    }

    /** A response of AUTH (RFC 4954 section 4). */
    private byte[] response(String challenge) throws IOException, NoResponseException {
        send(Reply.of(334, challenge));
        switch (connection.lines().next(LineReader.SecretPart.ALL)) {
            case Line.Text _ -> {
                return connection.lines().takeSecret();
            }
            case Line.TooLong _ -> refuse("AUTH", LINE_TOO_LONG);
            case Line.Endless _ -> refuseAndEnd("AUTH", LINE_TOO_LONG, "line without end");
            case Line.BareLineFeed _ -> refuse("AUTH", LineEndsCheck.BARE_LF);
            case Line.BareCarriageReturn _ -> refuse("AUTH", LineEndsCheck.BARE_CR);
            case Line.End _ -> endOfInput();
        }
        throw new NoResponseException();
    }

    private void begin(SmtpCommand.Mail mail) throws IOException {
        if (hasChunks()) {
            refuse("MAIL", CHUNKS_FIRST);
            return;
        }
        abandonTransaction(); // as in qmail, MAIL within a transaction begins anew
        TransactionView begun = TransactionView.of(settings.localLiterals().withLocalName(mail.sender()), mail);
        Optional<Refusal> refused = settings.policy().judge(Stage.SENDER, peer, begun, context);
        if (refused.isPresent()) {
            refuse("MAIL", mail.sender(), refused.get());
            return;
        }
        transaction = new Transaction(begun);
        send(SENDER_OK);
    }

    private void add(Address recipient) throws IOException {
        Transaction current = transaction;
        if (current == null) {
            refuse("RCPT", MAIL_FIRST);
            return;
        }
        if (current.chunks != null) {
            refuse("RCPT", CHUNKS_FIRST);
            return;
        }
        Optional<Reply> unfit = SmtpCommand.fit(recipient, current.form);
        if (unfit.isPresent()) {
            refuse(command(recipient), current.sender, unfit.get(), "");
            return;
        }
        Address named = settings.localLiterals().withLocalName(recipient);
        Optional<Refusal> refused = settings.policy()
                .judge(Stage.RECIPIENT, peer, current.view.at(named, current.recipients.size()), context);
        if (refused.isPresent()) {
            refuseRecipient(recipient, current, refused.get());
        } else if (!recipientMemory.take(Budgets.RECIPIENT + peer.rights().lengthOf(named))) {
            refuseRecipient(recipient, current, NO_MEMORY);
        } else {
            current.recipients.add(peer.rights().kept(named));
            send(RECIPIENT_OK);
        }
    }

    private static String command(Address recipient) {
        return "RCPT <" + recipient.octets() + ">";
    }

    /** What is refused for now counts with the transaction, see {@link Transaction#idle}. */
    private void refuseRecipient(Address recipient, Transaction current, Refusal refusal) throws IOException {
        switch (refusal) {
            case Verdict.Refuse _, Verdict.RefuseAndEnd _ -> refuse(command(recipient), current.sender, refusal);
            case Verdict.NotNow(var reply, var why) -> {
                if (refusal.rule() == PolicyRule.RECIPIENTS) {
                    current.surplus++;
                } else {
                    current.deferred++;
                }
                logRefusal(command(recipient), current.sender, reply, why);
                send(reply);
            }
        }
    }

    private int idleOfTransaction() {
        return transaction == null ? 0 : transaction.idle(settings.recipients());
    }

    private void receive() throws IOException {
        Transaction current = transaction;
        if (current == null) {
            refuse("DATA", MAIL_FIRST);
        } else if (current.chunks != null) {
            refuse("DATA", CHUNKS_FIRST);
        } else if (current.recipients.isEmpty()) {
            refuse("DATA", current.sender, RCPT_FIRST, "");
        } else {
            endTransaction(); // it is over, whatever comes of it
            try (IncomingMessage message = open(current, TextDecoder.TransferForm.DOTTED)) {
                send(GO_AHEAD);
                message.begin(received(current));
                if (!connection.lines().text(message.decoder(), message)) {
                    endOfInput();
                } else {
                    finish(current, message, "DATA");
                }
            } catch (NotNowException e) {
                refuse("DATA", current.sender, e.refusal);
            } catch (EndlessException e) {
                refuseAndEnd("DATA", current.sender, e.reply(), "message without end");
            } finally {
                forgetRecipients();
            }
        }
    }

    /** RFC 3030. The octets follow whatever we answer, so they are always read first. */
    private void receiveChunk(long octets, SmtpCommand.ChunkPosition place) throws IOException {
        Transaction current = transaction;
        if (current == null || current.recipients.isEmpty()) {
            if (octets > mostDropped()) {
                refuseAndEnd("BDAT", LimitCheck.TOO_BIG, "message without end");
            } else if (connection.lines().drop(octets)) {
                refuse("BDAT", current == null ? MAIL_FIRST : RCPT_FIRST);
            } else {
                endOfInput();
            }
            return;
        }
        try {
            if (current.chunks == null) {
                current.chunks = open(current, TextDecoder.TransferForm.COUNTED);
                current.chunks.begin(received(current));
            }
            receiveChunk(current, current.chunks, octets, place);
        } catch (NotNowException e) {
            abandonTransaction();
            if (connection.lines().drop(octets)) {
                refuse("BDAT", current.sender, e.refusal);
            } else {
                endOfInput();
            }
        } catch (EndlessException e) {
            refuseAndEnd("BDAT", e.reply(), "message without end");
        }
    }

    private void receiveChunk(
            Transaction current, IncomingMessage message, long octets, SmtpCommand.ChunkPosition place)
            throws IOException {
        TextDecoder decoder = message.decoder();
        if (!connection.lines().text(decoder, octets, message)) {
            endOfInput();
            return;
        }
        if (decoder.state() == TextDecoder.DecoderState.OPEN && place == SmtpCommand.ChunkPosition.EARLIER) {
            send(Reply.of(250, "2.0.0 " + octets + " octets"));
            return;
        }
        if (decoder.endsInsideLine()) {
            message.take(new byte[] {'\n'}, 0, 1); // what we keep and send on are whole lines
        }
        decoder.end();
        endTransaction();
        try (message) {
            finish(current, message, "BDAT");
        } finally {
            forgetRecipients();
        }
    }

    private void finish(Transaction current, IncomingMessage message, String command) throws IOException {
        connection.settle();
        Optional<Refusal> refused = message.refusal();
        if (refused.isPresent()) {
            refuse(command, current.sender, refused.get());
            return;
        }
        var envelope = new Envelope(current.sender, current.recipients, current.body, current.form, context.uid());
        envelope = envelope.with(client.attributes(envelope.attributes(), peer.helo(), peer.cipher()));
        if (peer.rights().login().isPresent()) {
            envelope = envelope.with(Attribute.LOGIN, peer.rights().login().get());
        }
        switch (message.keep(envelope, context.clock())) {
            case ReceiveResult.InQueue(var number, var reply) -> {
                messages++;
                refusalsInARow = 0;
                idleCommands = 0;
                context.log().log(new MessageEvent.MessageAccepted(
                        "smtpd",
                        number,
                        current.sender.octets(),
                        current.recipients.size(),
                        message.octets(),
                        client.ip(),
                        current.id,
                        message.messageId(),
                        peer.rights().login().orElse("")));
                send(reply);
            }
            case ReceiveResult.NotInQueue(var refusal) -> refuse(command, current.sender, refusal);
        }
    }

    /** A message cannot be begun now. */
    private static final class NotNowException extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient Refusal refusal;

        NotNowException(Refusal refusal) {
            super(refusal.why());
            this.refusal = refusal;
        }
    }

    private IncomingMessage open(Transaction current, TextDecoder.TransferForm form) throws NotNowException {
        ClientBudget.ClientReservation buffers = context.budgets().messages().share(client.key());
        if (!buffers.take(Budgets.MESSAGE)) {
            throw new NotNowException(NO_BUFFERS);
        }
        Submission submission;
        try {
            submission = context.startup().ask(queue()::open);
        } catch (IOException e) {
            buffers.giveBack();
            throw new NotNowException(new Verdict.NotNow(NO_QUEUE, String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            buffers.giveBack();
            throw e;
        }
        TransactionView view = current.view.at(Address.NULL, current.recipients.size());
        return new IncomingMessage(
                submission,
                new TextDecoder(form),
                (stage, facts) -> settings.policy().judge(stage, peer, view.with(facts), context),
                peer.rights()
                        .login()
                        .map(_ -> new SubmittedHeader(
                                settings.me(), current.id, context.clock().instant())),
                mostDropped(),
                buffers,
                context.budgets().text().share(client.key()));
    }

    /** What is read and dropped of a message over its limit before the connection is ended, in octets. */
    private long mostDropped() {
        return Math.max(IncomingMessage.DROPPED, peer.rights().databytes());
    }

    /** queue, or what QMAILQUEUE names in its place. */
    private Enqueue queue() {
        String program = client.variables().getOrDefault(TcpRules.QMAILQUEUE, "");
        return program.isEmpty() ? context.enqueue() : new ExternalQueueProgram(program, context.home(), environment());
    }

    /** What the program of QMAILQUEUE finds; after a login also the account, as below qmail-LDAP's smtpd. */
    private Map<String, String> environment() {
        var environment = new HashMap<>(client.environment());
        peer.rights().login().ifPresent(account -> environment.put(TcpRules.SMTPAUTHUSER, account));
        return environment;
    }

    private byte[] received(Transaction current) {
        Optional<String> cipher = peer.cipher();
        boolean login = peer.rights().login().isPresent();
        Protocol protocol = Protocol.of(extended, current.form, cipher.isPresent(), login);
        if (login && settings.hidesUsers()) {
            return ReceivedField.withoutClient(
                    settings.me(), protocol, current.id, cipher, context.clock().instant());
        }
        return ReceivedField.of(
                client,
                peer.helo(),
                settings.me(),
                protocol,
                current.id,
                cipher,
                context.clock().instant());
    }

    private boolean hasChunks() {
        return transaction != null && transaction.chunks != null;
    }

    private void abandonTransaction() {
        if (transaction != null && transaction.chunks != null) {
            transaction.chunks.close();
        }
        endTransaction();
        forgetRecipients();
    }

    private void endTransaction() {
        idleCommands += idleOfTransaction();
        transaction = null;
    }

    private void forgetRecipients() {
        recipientMemory.giveBack();
    }

    // ---- Replies and ends

    private void send(Reply reply) throws IOException {
        connection.send(reply.octets(settings.ruleCodes()));
    }

    private void refuse(String what, Reply reply) throws IOException {
        refuse(what, transaction == null ? Address.NULL : transaction.sender, reply, "");
    }

    private void refuse(String what, Refusal refusal) throws IOException {
        refuse(what, transaction == null ? Address.NULL : transaction.sender, refusal);
    }

    private void refuse(String what, Address sender, Refusal refusal) throws IOException {
        refuse(what, sender, refusal.reply(), refusal.why());
        switch (refusal) {
            case Verdict.Refuse _, Verdict.NotNow _ -> {}
            case Verdict.RefuseAndEnd(var _, var how) -> {
                ended = how;
                connection.closeGently();
            }
        }
    }

    private void refuse(String what, Address sender, Reply reply, String why) throws IOException {
        if (reply.code() < 500) {
            idleCommands++;
        }
        logRefusal(what, sender, reply, why);
        send(reply);
    }

    private void logRefusal(String what, Address sender, Reply reply, String why) {
        if (reply.code() >= 500) {
            refusals++;
            refusalsInARow++;
        } else {
            deferrals++;
        }
        if (reply.code() >= 500 || deferrals <= LOGGED_DEFERRALS) {
            context.log().log(new SmtpdEvent.SmtpRefused(
                    what, sender.octets(), client.ip(), reply.line(settings.ruleCodes()), why, reply.ruleName()));
        }
    }

    private void refuseAndEnd(String what, Reply reply, String how) throws IOException {
        refuseAndEnd(what, transaction == null ? Address.NULL : transaction.sender, reply, how);
    }

    private void refuseAndEnd(String what, Address sender, Reply reply, String how) throws IOException {
        refuse(what, sender, new Verdict.RefuseAndEnd(reply, how));
    }

    private void end(Reply reply, String how) throws IOException {
        ended = how;
        send(reply);
        connection.closeGently();
    }

    /** The client closed, or we ended its input. */
    private void endOfInput() throws IOException {
        Optional<ClientConnection.Ending> ending = connection.ending();
        if (ending.isEmpty()) {
            ended = "connection closed by the client";
            return;
        }
        switch (ending.get()) {
            case SILENT -> end(SILENT, "timeout");
            case TOO_LONG -> end(TOO_LONG, "conversation too long");
            case STOPPING -> end(STOPPING, "stopped");
        }
    }
}

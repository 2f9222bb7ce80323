package carteiro.inject;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.idna.DomainName;
import carteiro.inject.RewrittenHeader.RewritingOptions;
import carteiro.inject.RewrittenHeader.UnreadableFieldException;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Completion;
import carteiro.mail.Envelope;
import carteiro.mail.HeaderAddressList;
import carteiro.mail.MalformedFieldException;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.Options;
import carteiro.posix.ProcessCredentials;
import carteiro.protocol.Enqueue;
import carteiro.protocol.ExternalQueueProgram;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Spool;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** qmail-inject: repairs the header of a message on standard input and hands it to queue (docs/programs/qmail-inject.md). */
public final class QmailInject {
    static final int PERMANENT = 100;
    static final int TEMPORARY = 111;

    /** The most octets of the file that QMAILMFTFILE names. */
    static final int MOST_LISTS = 1 << 20;

    private final Invocation call;
    private final Installation installation;
    private final Enqueue queue;

    private RecipientSource source = RecipientSource.ARGUMENTS_ELSE_HEADER;
    private Optional<String> senderOption = Optional.empty();
    private boolean printOnly;

    /** Where recipients come from. */
    private enum RecipientSource {
        ARGUMENTS,
        HEADER,
        BOTH,
        ARGUMENTS_ELSE_HEADER
    }

    QmailInject(Invocation call, Installation installation, Enqueue queue) {
        this.call = call;
        this.installation = installation;
        this.queue = ExternalQueueProgram.orElse(queue, call.environment(), installation.home());
    }

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-inject", arguments, QmailInject::inject);
    }

    /** Runs it against the queue of the installation that the environment names. */
    static int inject(Invocation call) throws IOException {
        Installation installation = Installation.ofEnvironment(call.environment());
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return new QmailInject(call, installation, wires.enqueue()).run();
        }
    }

    /** Does all of it and answers the exit code. */
    int run() throws IOException {
        var options = new Options(call.arguments(), "aAhHnNf:");
        for (char letter; (letter = options.next()) != Options.END; ) {
            switch (letter) {
                case 'a' -> source = RecipientSource.ARGUMENTS;
                case 'h' -> source = RecipientSource.HEADER;
                case 'H' -> source = RecipientSource.BOTH;
                case 'A' -> source = RecipientSource.ARGUMENTS_ELSE_HEADER;
                case 'f' -> senderOption = Optional.of(options.value());
                case 'n' -> printOnly = true;
                case 'N' -> printOnly = false;
                default -> {
                    call.complain("qmail-inject: usage: qmail-inject [ -nNaAhH ] [ -f sender ] [ recip ... ]\n");
                    return PERMANENT;
                }
            }
        }
        try {
            return inject(options.rest());
        } catch (ControlException e) {
            return fatal(TEMPORARY, "unable to read controls: " + e.getMessage());
        } catch (UnreadableFieldException e) {
            return fatal(
                    PERMANENT,
                    "unable to parse this line: " + e.getMessage() + "\n"
                            + e.field()
                                    .substring(0, Math.min(e.field().length(), LogText.LIMIT))
                                    .stripTrailing());
        } catch (MalformedFieldException e) {
            return fatal(PERMANENT, "unable to parse this address: " + e.reason());
        } catch (MessageInput.LineTooLongException e) {
            return fatal(PERMANENT, "header over " + Header.LIMIT + " octets");
        } catch (Header.TooManyFieldsException e) {
            return fatal(PERMANENT, "header of over " + Header.MOST_FIELDS + " fields");
        }
    }

    /** Some of the text may be a stranger's, who is not to write to a terminal: it has the lines of a field at most. */
    private int fatal(int code, String text) {
        var shown = new StringBuilder("qmail-inject: fatal: ");
        for (String line : text.split("\n")) {
            shown.append(LogText.sentence(line.replace('\t', ' '))).append('\n');
        }
        call.complain(shown.toString());
        return code;
    }

    private int inject(List<String> arguments)
            throws IOException, ControlException, UnreadableFieldException, MalformedFieldException {
        var settings = InjectSettings.read(installation, call);
        var author = Author.of(call, settings.completion());
        Instant now = Instant.now();
        ProcessCredentials caller = ProcessCredentials.current();
        String letters = call.variable("QMAILINJECT");

        var recipients = new ArrayList<Address>();
        boolean fromArguments = source != RecipientSource.HEADER && !arguments.isEmpty();
        boolean fromHeader = source == RecipientSource.HEADER
                || source == RecipientSource.BOTH
                || source == RecipientSource.ARGUMENTS_ELSE_HEADER && arguments.isEmpty();
        if (fromArguments) {
            for (String argument : arguments) {
                recipients.addAll(addresses(argument, settings.completion()));
            }
        }

        var input = new MessageInput(call.in());
        Header header = Header.read(input);
        var wishes = new RewritingOptions(
                fromHeader, has(letters, 'f'), has(letters, 'i'), has(letters, 'c'), followupLists());
        RewrittenHeader rewriting = RewrittenHeader.of(header, settings, author, wishes, now, caller.pid());
        if (fromHeader) {
            recipients.addAll(rewriting.recipients());
        }
        Address sender = sender(rewriting, author, settings.completion(), letters, now, caller);

        if (printOnly) {
            var out = new BufferedOutputStream(call.out(), 32 * 1024);
            out.write(Octets.bytes("Return-Path: <" + sender.quoted() + ">\n"));
            var lines = new SmtpTextFilter(out, settings.line());
            write(lines, header, rewriting, input);
            lines.flush();
            return 0;
        }
        if (recipients.isEmpty()) {
            return fatal(
                    PERMANENT,
                    "no recipients; name them as arguments or in To, Cc or Bcc" + (fromHeader ? "" : " with -h or -H"));
        }
        if (recipients.size() > Envelope.MOST_RECIPIENTS) {
            return fatal(PERMANENT, recipients.size() + " recipients, over " + Envelope.MOST_RECIPIENTS);
        }
        try (var submission = new LocalSubmission(queue, Spool.of(installation, call.environment()), caller, now)) {
            var lines = new SmtpTextFilter(submission, settings.line());
            write(lines, header, rewriting, input);
            lines.end();
            return exitCode(submission.commit(sender, recipients));
        }
    }

    private static boolean has(String letters, char letter) {
        return letters.indexOf(letter) >= 0;
    }

    private static List<Address> addresses(String argument, Completion completion) throws MalformedFieldException {
        try {
            return HeaderAddressList.read(argument, completion).addresses();
        } catch (MalformedFieldException e) {
            throw new MalformedFieldException(e.reason() + ": " + argument);
        }
    }

    /** The keys of the addresses of lists, see {@link DomainName#addressKey}; a missing file is no list. */
    private Set<String> followupLists() throws IOException {
        String file = call.variable("QMAILMFTFILE");
        if (file.isEmpty()) {
            return Set.of();
        }
        var lists = new HashSet<String>();
        try {
            for (String line : lines(Path.of(file))) {
                String address = line.strip();
                if (!address.isEmpty() && !address.startsWith("#")) {
                    lists.add(DomainName.addressKey(address));
                }
            }
        } catch (NoSuchFileException e) {
            return Set.of();
        } catch (IOException e) {
            throw new IOException("unable to read " + file + ", named by QMAILMFTFILE: " + e, e);
        }
        return lists;
    }

    private static List<String> lines(Path file) throws IOException {
        byte[] octets;
        try (var in = Files.newInputStream(file)) {
            octets = in.readNBytes(MOST_LISTS + 1);
        }
        if (octets.length > MOST_LISTS) {
            throw new IOException("over " + MOST_LISTS + " octets");
        }
        return Octets.text(octets).lines().toList();
    }

    private Address sender(
            RewrittenHeader rewriting,
            Author author,
            Completion completion,
            String letters,
            Instant now,
            ProcessCredentials caller)
            throws MalformedFieldException {
        if (senderOption.isPresent()) {
            List<Address> named = addresses(senderOption.get(), completion);
            if (named.size() > 1) {
                throw new MalformedFieldException("more than one sender: " + senderOption.get());
            }
            if (named.isEmpty() && senderOption.get().indexOf('@') >= 0) {
                throw new MalformedFieldException("a sender without a local part: " + senderOption.get());
            }
            return named.isEmpty() ? Address.NULL : named.getFirst();
        }
        if (rewriting.returnPath().isPresent() && !has(letters, 's')) {
            Address path = rewriting.returnPath().get();
            return has(letters, 'r') && !path.isNull() && path.octets().length() + 4 < Address.LIMIT
                    ? new Address(path.octets() + "-@[]")
                    : path;
        }
        String perMessage = has(letters, 'm') ? "-" + now.getEpochSecond() + "." + caller.pid() : "";
        return author.sender(perMessage, has(letters, 'r'));
    }

    /** Writes the message; flushes nothing. */
    private static void write(SmtpTextFilter out, Header header, RewrittenHeader rewriting, MessageInput input)
            throws IOException {
        for (String field : rewriting.fields()) {
            out.write(Octets.bytes(field));
        }
        out.body();
        if (header.separated()) {
            out.write('\n');
            out.write(Octets.bytes(header.bodyLine()));
            input.copyTo(out, header.returns());
        }
    }

    private int exitCode(Enqueue.Receipt receipt) {
        return switch (receipt) {
            case Enqueue.Receipt.Accepted _ -> 0;
            case Enqueue.Receipt.TemporaryFailure(var status, String reason) ->
                fatal(TEMPORARY, reason + " (#" + status + ")");
            case Enqueue.Receipt.PermanentFailure(var status, String reason) ->
                fatal(PERMANENT, reason + " (#" + status + ")");
        };
    }
}

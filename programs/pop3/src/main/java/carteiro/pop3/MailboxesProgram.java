package carteiro.pop3;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.listen.ClientBudget;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.FileThreads;
import carteiro.protocol.MailboxTickets;
import carteiro.protocol.MailboxTickets.TicketAnswer;
import carteiro.protocol.Mailboxes.MailboxHost;
import carteiro.protocol.Mailboxes.MailboxOpening;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Opens mailboxes for pop3d, each as its account (docs/programs/pop3d.md). It alone has the power to, and does it for tickets of
 * lookup alone: whoever takes pop3d over opens no mailbox that nobody has just logged in to.
 */
public final class MailboxesProgram implements Program {
    static final String NAME = "mailboxes";

    /** How long one call to the file system may take. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** For the service loader. */
    public MailboxesProgram() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String user() {
        return "root";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.ASKED;
    }

    @Override
    public boolean isWanted(Installation installation) {
        return Files.exists(installation.control(Settings.POP3DLISTEN));
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = format(installation);
    }

    private static UidlFormat format(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        UidlFormat format = UidlFormat.read(files);
        files.check();
        return format;
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        UidlFormat format = format(context.installation());
        context.dropPrivileges();
        var files = new FileThreads(NAME, AccountPrivilege.ofThisProcess(), PATIENCE, context.log());
        var host = new Host(context.wires().tickets(), files, context.log(), format);
        return new RunningMailboxes(
                context.installation(), host, context.wires().offerMailboxes(host));
    }

    /** Serves visits. */
    private static final class Host implements MailboxHost {
        private static final int READ_AT_ONCE = 512;
        private static final int WRITTEN_AT_ONCE = 32 * 1024;

        private final MailboxTickets tickets;
        private final FileThreads files;
        private final EventLog log;
        private final SentSizes sizes = new SentSizes();

        /** A third of the heap for the lists of all visits, of which no account takes all. */
        private final ClientBudget lists = new ClientBudget(Runtime.getRuntime().maxMemory() / 3);

        private final AtomicInteger open = new AtomicInteger();
        private volatile UidlFormat format;

        Host(MailboxTickets tickets, FileThreads files, EventLog log, UidlFormat format) {
            this.format = format;
            this.tickets = tickets;
            this.files = files;
            this.log = log;
        }

        @Override
        public void serve(String ticket, InputStream commands, OutputStream answers, MailboxOpening opened)
                throws IOException {
            TicketAnswer answer;
            try {
                answer = tickets.redeem(ticket);
            } catch (IOException e) {
                opened.told("lookup cannot be asked: " + LogText.reason(e));
                return;
            }
            switch (answer) {
                case TicketAnswer.MailboxOfAccount account -> serve(account, commands, answers, opened);
                case TicketAnswer.NoSuchTicket() -> {
                    log.log(new Pop3Event.TicketUnknown());
                    opened.told("nobody has just logged in");
                }
                case TicketAnswer.NoMailbox(var reason) -> opened.told(reason);
                case TicketAnswer.MailboxUndecided(var reason) -> opened.told(reason);
            }
        }

        private void serve(
                TicketAnswer.MailboxOfAccount account,
                InputStream commands,
                OutputStream answers,
                MailboxOpening opened)
                throws IOException {
            try (var memory = new VisitMemory(lists.share(key(account)))) {
                AccountMailbox mailbox;
                try {
                    mailbox = AccountMailbox.open(account, files, sizes, format, memory);
                } catch (IOException e) {
                    opened.told(account.folder() + ": " + LogText.reason(e));
                    return;
                }
                serve(mailbox, commands, answers, opened);
            }
        }

        /** Virtual mailboxes may all be one user's: each account has its own share. */
        private static long key(TicketAnswer.MailboxOfAccount account) {
            return (long) account.uid() << Integer.SIZE
                    | Integer.toUnsignedLong(account.account().hashCode());
        }

        private void serve(AccountMailbox mailbox, InputStream commands, OutputStream answers, MailboxOpening opened)
                throws IOException {
            open.incrementAndGet();
            try (mailbox) {
                opened.told("");
                var out = new BufferedOutputStream(answers, WRITTEN_AT_ONCE);
                new Pop3Session(new Pop3Input(commands, out, READ_AT_ONCE), out, mailbox, Pop3Session.Pop3Style.EXACT)
                        .converse();
            } catch (UncheckedIOException e) {
                throw e.getCause();
            } finally {
                open.decrementAndGet();
            }
        }
    }

    /** The program at work. */
    private record RunningMailboxes(Installation installation, Host host, Closeable endpoint)
            implements RunningProgram {
        /** Visits that have begun go on as they are. */
        @Override
        public void reload() throws ControlException {
            host.format = format(installation);
        }

        @Override
        public String status() {
            return "open=" + host.open.get();
        }

        @Override
        public void stop(Duration patience) {
            try {
                endpoint.close();
            } catch (IOException e) {
                host.log.warning(NAME, "closing its socket: " + LogText.reason(e));
            }
        }
    }
}

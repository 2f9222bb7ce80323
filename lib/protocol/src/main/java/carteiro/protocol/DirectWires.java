package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Outcome;
import carteiro.wire.MalformedFrameException;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The carrier within one process: a call is a call. What is offered is also offered at its socket, so that inject and
 * qmail-smtpd, which are processes of their own, reach it as in the split form.
 */
public final class DirectWires implements Wires {
    private final Wires sockets;
    private final ServiceSlot<Enqueue> enqueue = new ServiceSlot<>("queue");
    private final ServiceSlot<Waiting> waiting = new ServiceSlot<>("queue");
    private final ServiceSlot<Messages> messages = new ServiceSlot<>("queue");
    private final ServiceSlot<Cleaning> cleaning = new ServiceSlot<>("queue");
    private final ServiceSlot<Inspection> inspection = new ServiceSlot<>("queue");
    private final ServiceSlot<Withdrawal> withdrawal = new ServiceSlot<>("send");
    private final ServiceSlot<Deliver> local = new ServiceSlot<>("local");
    private final ServiceSlot<Deliver> remote = new ServiceSlot<>("remote");
    private final ServiceSlot<Lookup> lookup = new ServiceSlot<>("lookup");
    private final ServiceSlot<Routing> routing = new ServiceSlot<>("lookup");
    private final ServiceSlot<Passwords> passwords = new ServiceSlot<>("lookup");
    private final ServiceSlot<LoginRecords> logins = new ServiceSlot<>("lookup");
    private final ServiceSlot<MailboxTickets> tickets = new ServiceSlot<>("lookup");
    private final ServiceSlot<PasswordChecker> checker = new ServiceSlot<>("checkpassword");
    private final ServiceSlot<BearerTokens> bearerTokens = new ServiceSlot<>("tokens");
    private final ServiceSlot<Homes> homes = new ServiceSlot<>("local");

    /** @param sockets where everything offered is offered too */
    public DirectWires(Wires sockets) {
        this.sockets = sockets;
    }

    /** Where one program is plugged in, or not. */
    private static final class ServiceSlot<T> {
        private final String program;
        private final AtomicReference<@Nullable T> offered = new AtomicReference<>();

        ServiceSlot(String program) {
            this.program = program;
        }

        T get() throws IOException {
            T now = offered.get();
            if (now == null) {
                throw new NotRunningException(program + " is not running");
            }
            return now;
        }

        Closeable offer(T offer, Closeable socket) throws IOException {
            if (!offered.compareAndSet(null, offer)) {
                socket.close();
                throw new IOException(program + " is running already");
            }
            return () -> {
                offered.compareAndSet(offer, null);
                socket.close();
            };
        }
    }

    @Override
    public Enqueue enqueue() {
        return () -> enqueue.get().open();
    }

    @Override
    public Waiting waiting() {
        return () -> waiting.get().open();
    }

    @Override
    public Messages messages() {
        return message -> messages.get().open(message);
    }

    @Override
    public Deliver deliver(Channel channel) {
        ServiceSlot<Deliver> plug = switch (channel) {
            case LOCAL -> local;
            case REMOTE -> remote;
        };
        Deliver asked = delivery -> {
            List<Outcome> outcomes = plug.get().deliver(delivery);
            if (outcomes.size() != delivery.recipients().size()) {
                throw new MalformedFrameException(channel.word() + " gave " + outcomes.size() + " outcomes for "
                        + delivery.recipients().size() + " recipients");
            }
            return outcomes;
        };
        return new UnderstoodDeliveries(
                new UnderstoodDeliveries(asked, channel.word(), Attribute.Mark.DELIVERER_MUST),
                "send",
                Attribute.Mark.SCHEDULER_MUST);
    }

    @Override
    public Lookup lookup() {
        return new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) throws IOException {
                return lookup.get().recipient(question);
            }

            @Override
            public Answer account(LookupQuestion question) throws IOException {
                return lookup.get().account(question);
            }
        };
    }

    @Override
    public Routing routing() {
        return new Routing() {
            @Override
            public List<Route> routes(List<Address> envelopeRecipients) throws IOException {
                return routing.get().routes(envelopeRecipients);
            }

            @Override
            public void reread() throws ControlException, IOException {
                routing.get().reread();
            }
        };
    }

    @Override
    public Passwords passwords() {
        return new Passwords() {
            @Override
            public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) throws IOException {
                return passwords.get().check(attempt, name, password);
            }

            @Override
            public LoginVerdict certified(LoginAttempt attempt, String account) throws IOException {
                return passwords.get().certified(attempt, account);
            }

            @Override
            public TokenReply token(LoginAttempt attempt, String name, byte[] token) throws IOException {
                return passwords.get().token(attempt, name, token);
            }

            @Override
            public List<Ownership> ownership(String account, List<Address> addresses) throws IOException {
                return passwords.get().ownership(account, addresses);
            }

            @Override
            public SendingVerdict sending(String account, int recipients) throws IOException {
                return passwords.get().sending(account, recipients);
            }

            @Override
            public ScramReply begin(LoginAttempt attempt, ScramRequest request) throws IOException {
                return passwords.get().begin(attempt, request);
            }

            @Override
            public ScramReply finish(LoginAttempt attempt, String exchange, String message) throws IOException {
                return passwords.get().finish(attempt, exchange, message);
            }
        };
    }

    @Override
    public LoginRecords logins() {
        return new LoginRecords() {
            @Override
            public List<AccountLogins> page(String after, int most) throws IOException {
                return logins.get().page(after, most);
            }

            @Override
            public AccountLogins account(String account) throws IOException {
                return logins.get().account(account);
            }

            @Override
            public List<BlockedOrigin> blocked() throws IOException {
                return logins.get().blocked();
            }

            @Override
            public boolean order(LoginOrder order, String name, String by) throws IOException {
                return logins.get().order(order, name, by);
            }
        };
    }

    @Override
    public MailboxTickets tickets() {
        return ticket -> tickets.get().redeem(ticket);
    }

    /** Over the socket here too: a visit is a conversation, and two streams are what a socket has. */
    @Override
    public Mailboxes mailboxes() {
        return sockets.mailboxes();
    }

    @Override
    public BearerTokens tokens() {
        return token -> bearerTokens.get().look(token);
    }

    @Override
    public Homes homes() {
        return extension -> homes.get().look(extension);
    }

    @Override
    public Cleaning cleaning() {
        return new Cleaning() {
            @Override
            public List<String> dead() throws IOException {
                return cleaning.get().dead();
            }

            @Override
            public void removed(List<String> files) throws IOException {
                cleaning.get().removed(files);
            }

            @Override
            public long rewriteSparse() throws IOException {
                return cleaning.get().rewriteSparse();
            }
        };
    }

    @Override
    public Inspection inspection() {
        return new Inspection() {
            @Override
            public QueueCounts counts() throws IOException {
                return inspection.get().counts();
            }

            @Override
            public List<Waiting.WaitingMessage> page(long after, int most) throws IOException {
                return inspection.get().page(after, most);
            }

            @Override
            public Waiting.Page recipients(long message, int from) throws IOException {
                return inspection.get().recipients(message, from);
            }

            @Override
            public List<String> reasons(long message, int from, int count) throws IOException {
                return inspection.get().reasons(message, from, count);
            }
        };
    }

    @Override
    public Withdrawal withdrawal() {
        return (order, by, messages) -> withdrawal.get().withdraw(order, by, messages);
    }

    @Override
    public Closeable offer(Enqueue offer) throws IOException {
        return enqueue.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offer(Waiting offer) throws IOException {
        return waiting.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offer(Messages offer) throws IOException {
        return messages.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offer(Channel channel, Deliver offer) throws IOException {
        ServiceSlot<Deliver> plug = switch (channel) {
            case LOCAL -> local;
            case REMOTE -> remote;
        };
        return plug.offer(offer, sockets.offer(channel, offer));
    }

    @Override
    public Closeable offer(Lookup offer) throws IOException {
        return lookup.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offerRouting(Routing offer) throws IOException {
        return routing.offer(offer, sockets.offerRouting(offer));
    }

    @Override
    public PasswordChecker passwordChecker() {
        return (attempt, name, password) -> checker.get().check(attempt, name, password);
    }

    @Override
    public Closeable offerChecker(PasswordChecker offer) throws IOException {
        return checker.offer(offer, sockets.offerChecker(offer));
    }

    @Override
    public Closeable offer(Passwords offer) throws IOException {
        return passwords.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offer(LoginRecords offer) throws IOException {
        return logins.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offerTickets(MailboxTickets offer) throws IOException {
        return tickets.offer(offer, sockets.offerTickets(offer));
    }

    @Override
    public Closeable offerMailboxes(Mailboxes.MailboxHost host) throws IOException {
        return sockets.offerMailboxes(host);
    }

    @Override
    public Closeable offerTokens(BearerTokens offer) throws IOException {
        return bearerTokens.offer(offer, sockets.offerTokens(offer));
    }

    @Override
    public Closeable offerHomes(Homes offer) throws IOException {
        return homes.offer(offer, sockets.offerHomes(offer));
    }

    @Override
    public Closeable offer(Cleaning offer) throws IOException {
        return cleaning.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offer(Inspection offer) throws IOException {
        return inspection.offer(offer, sockets.offer(offer));
    }

    @Override
    public Closeable offer(Withdrawal offer) throws IOException {
        return withdrawal.offer(offer, sockets.offer(offer));
    }

    @Override
    public boolean serves(String program) {
        return sockets.serves(program);
    }

    @Override
    public void close() {
        sockets.close();
    }
}

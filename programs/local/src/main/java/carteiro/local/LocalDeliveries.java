package carteiro.local;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.Status;
import carteiro.maildir.MessageOctets;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.BusyException;
import carteiro.protocol.Deliver;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Messages.MessageBody;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.StartupGrace;
import carteiro.protocol.Wires;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Answers send: finds out who a recipient is, and delivers. Any number of threads at once. */
final class LocalDeliveries implements Deliver {
    /** Deliveries at a time; further callers wait. Above any concurrencylocal. */
    static final int MOST = 1000;

    /** How long after local lookup may take to start, before a delivery is deferred for it. */
    private static final Duration LOOKUP_STARTS = Duration.ofSeconds(5);

    private final Wires wires;
    private final AccountPrivilege privilege;
    private final MessageSpool spool;
    private final AccountDelivery.LocalDeliveryContext tools;
    private final EventLog log;
    private final AtomicReference<LocalSettings> settings;
    private final DeliveryLimiter shares;
    private final Semaphore free = new Semaphore(MOST);
    private volatile boolean stopping;
    private final StartupGrace startup = StartupGrace.begin(LOOKUP_STARTS, () -> stopping);

    LocalDeliveries(
            Wires wires,
            AccountPrivilege privilege,
            MessageSpool spool,
            AccountDelivery.LocalDeliveryContext tools,
            EventLog log,
            LocalSettings settings) {
        this.wires = wires;
        this.privilege = privilege;
        this.spool = spool;
        this.tools = tools;
        this.log = log;
        this.settings = new AtomicReference<>(settings);
        this.shares = new DeliveryLimiter(settings.shares());
    }

    void use(LocalSettings changed) {
        settings.set(changed);
        shares.use(changed.shares());
    }

    int running() {
        return MOST - free.availablePermits();
    }

    /** Takes nothing new. */
    void refuse() {
        stopping = true;
    }

    /** Whether nothing is in hand any more, after waiting for that. */
    boolean quiet(Duration patience) throws InterruptedException {
        return free.tryAcquire(MOST, patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public List<Outcome> deliver(Delivery delivery) throws IOException {
        free.acquireUninterruptibly();
        try {
            if (stopping) {
                throw new NotRunningException("local is stopping");
            }
            var outcomes = new ArrayList<Outcome>();
            for (Address recipient : delivery.addresses()) { // send gives one
                outcomes.add(deliver(delivery, recipient));
            }
            return List.copyOf(outcomes);
        } finally {
            free.release();
        }
    }

    private Outcome deliver(Delivery delivery, Address recipient) throws BusyException {
        try {
            return switch (startup.ask(
                    () -> wires.lookup().account(LookupQuestion.delivering(recipient, delivery.sender())))) {
                case Answer.Account account -> deliver(delivery, recipient, account);
                case Answer.ForwardOnly(List<Address> targets) -> forward(delivery, recipient, targets);
                case Answer.Trash() -> new Outcome.Delivered(new Status(2, 1, 5), "");
                case Answer.NoSuchAddress(Status status, String reason) ->
                    new Outcome.Failed(status, inReport(reason, status));
                case Answer.Unresolved(Status status, String reason) ->
                    new Outcome.Deferred(status, inReport(reason, status));
                case Answer.OtherHost() -> {
                    log.warning(
                            "local",
                            "lookup says that " + recipient + " is of another host, but send gave it to local; "
                                    + "it is tried again later");
                    yield Outcome.notNow("The address is of another host. (#4.3.5)\n");
                }
            };
        } catch (BusyException e) {
            if (delivery.recipients().size() == 1) {
                throw e;
            }
            return Outcome.notNow("The account has as many deliveries as it may have at once. (#4.3.0)\n");
        } catch (FileNotFoundException e) {
            return Outcome.notNow("The queue has no such message. (#4.3.0)\n");
        } catch (IOException e) {
            log.log(new MessageEvent.DeliveryWaits(delivery.number(), LogText.reason(e)));
            return Outcome.notNow("The address cannot be looked up, or the message cannot be read, now. (#4.3.0)\n");
        } catch (RuntimeException e) {
            log.bug("local", e);
            return Outcome.notNow("A mistake in the mail system; its administrator knows. (#4.3.0)\n");
        }
    }

    private Outcome deliver(Delivery delivery, Address recipient, Answer.Account account) throws IOException {
        if (account.identity().uid() == 0) {
            log.alert(
                    "local",
                    "account " + account.identity().user() + " has uid 0, and root gets no mail; make an alias for it");
            return Outcome.notNow("No mail is delivered as root. (#4.3.0)\n");
        }
        switch (privilege) {
            case AccountPrivilege.EveryUser _ -> {}
            case AccountPrivilege.OneUser(int uid) -> {
                if (uid != account.identity().uid()) {
                    log.alert(
                            "local",
                            "account " + account.identity().user() + " has uid "
                                    + Integer.toUnsignedString(
                                            account.identity().uid())
                                    + ", but local was started by uid " + Integer.toUnsignedString(uid)
                                    + " and can deliver for that one alone; start it as root");
                    return Outcome.notNow("The mail system cannot deliver for this user now. (#4.3.0)\n");
                }
            }
        }
        if (!account.home().folder().startsWith("/")) {
            log.alert(
                    "local", "account " + account.identity().user() + " has a home that is no absolute path; mend it");
            return Outcome.notNow("The home of this account is not well defined. (#4.3.0)\n");
        }
        try (DeliveryLimiter.DeliverySlot place =
                        shares.enter(account.identity().uid());
                MessageBody body = wires.messages().open(delivery.message(), delivery.ticket());
                MessageSpool.HeldMessage held = spool.take(body)) {
            return new AccountDelivery(
                            tools,
                            account,
                            Addressing.of(delivery.sender(), recipient),
                            ofForward(delivery),
                            message(held),
                            settings.get().defaultDelivery(),
                            place::forPrograms)
                    .deliver();
        }
    }

    /** What the message carries goes on with it. */
    private static Attributes ofForward(Delivery delivery) {
        return delivery.envelope().attributes().with(Attribute.PARENT, delivery.message());
    }

    private static AccountDelivery.DeliverableMessage message(MessageSpool.HeldMessage held) {
        return new AccountDelivery.DeliverableMessage() {
            @Override
            public MessageOctets octets() {
                return held.octets();
            }

            @Override
            public Redirect input(int uid, int gid) throws IOException {
                return held.input(uid, gid);
            }
        };
    }

    /** An address that is nothing but other addresses. */
    private Outcome forward(Delivery delivery, Address recipient, List<Address> targets) throws IOException {
        Addressing addressing = Addressing.of(delivery.sender(), recipient);
        var report = new DeliveryReport();
        try (MessageBody body = wires.messages().open(delivery.message(), delivery.ticket());
                MessageSpool.HeldMessage held = spool.take(body)) {
            if (LoopScan.finds(addressing.deliveredTo(), held.octets())) {
                return report.refused(
                        DeliveryRefusal.LOOP, "This message is looping: it already has my Delivered-To line.");
            }
            int uid = carteiro.posix.Identity.ownUid();
            return tools.forwarding()
                    .send(
                            new Envelope(delivery.sender(), RecipientList.of(targets), ofForward(delivery)).by(uid),
                            addressing.deliveredTo() + (targets.size() > 1 ? "Precedence: bulk\n" : ""),
                            held.octets(),
                            "did 0+" + targets.size() + "+0\n",
                            report);
        }
    }

    /** {@code No such mailbox. (#5.1.1)}: a reason as a line of a report, with its status once. */
    static String inReport(String reason, Status status) {
        if (reason.contains("(#")) {
            return reason + "\n";
        }
        String sentence = reason.endsWith(".") ? reason : reason + ".";
        return sentence + " (#" + status + ")\n";
    }
}

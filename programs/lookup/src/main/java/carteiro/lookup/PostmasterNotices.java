package carteiro.lookup;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.MailDate;
import carteiro.mail.Octets;
import carteiro.mail.QmailReceived;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * Tells the postmaster by mail what the log says of an account that is over its limit, or is used in an unusual way. Of one account once
 * a day, and not of hundreds: what somebody else does must not fill the postmaster's mailbox. Any number of threads.
 */
final class PostmasterNotices {
    /** The most in a day. */
    static final int MOST = 50;

    private static final long DAY = 86_400;

    private final Enqueue queue;
    private final EventLog log;
    private final InstantSource clock;
    private final Executor sender;
    private final int uid;
    private volatile Optional<NoticeAddresses> addresses;
    private final Set<String> told = new HashSet<>(); // guarded by itself, as is the next
    private long day;

    /**
     * From whom, and to whom.
     *
     * @param from control/bouncefrom at control/bouncehost
     * @param to control/doublebounceto at control/doublebouncehost
     */
    record NoticeAddresses(Address from, Address to) {}

    /**
     * @param sender runs what waits for the queue
     * @param uid the user of this process
     * @param addresses empty if the postmaster wants no mail
     */
    PostmasterNotices(
            Enqueue queue,
            EventLog log,
            InstantSource clock,
            Executor sender,
            int uid,
            Optional<NoticeAddresses> addresses) {
        this.queue = queue;
        this.log = log;
        this.clock = clock;
        this.sender = sender;
        this.uid = uid;
        this.addresses = addresses;
    }

    void use(Optional<NoticeAddresses> changed) {
        addresses = changed;
    }

    /** Tells of it, if it is of a kind that is told of. */
    void tell(LookupEvent event) {
        switch (event) {
            case LookupEvent.AccountOverLimit over -> tell("is over its limit", over.account(), over.line());
            case LookupEvent.LoginsSpread spread ->
                tell("is logged in to from many networks", spread.account(), spread.line());
            case LookupEvent.SendingUnusual unusual ->
                tell("sends much more than it uses to", unusual.account(), unusual.line());
            default -> {}
        }
    }

    private void tell(String what, String account, String line) {
        Optional<NoticeAddresses> now = addresses;
        if (now.isPresent() && isFirst(what + " " + Octets.lowerCase(account))) {
            sender.execute(() -> send(now.get(), what, account, line));
        }
    }

    private boolean isFirst(String what) {
        long today = clock.instant().getEpochSecond() / DAY;
        synchronized (told) {
            if (today != day) {
                day = today;
                told.clear();
            }
            return told.size() < MOST && told.add(what);
        }
    }

    private void send(NoticeAddresses between, String what, String account, String line) {
        byte[] text = Octets.bytes(text(between, what, account, line));
        var envelope =
                new Envelope(Address.NULL, List.of(between.to()), BodyType.EIGHT_BIT_MIME, AddressForm.ASCII, uid);
        try (Enqueue.Submission submission = queue.open()) {
            submission.write(text, 0, text.length);
            switch (submission.commit(envelope)) {
                case Receipt.Accepted _ -> {}
                case Receipt.TemporaryFailure(var _, var reason) -> failed(reason);
                case Receipt.PermanentFailure(var _, var reason) -> failed(reason);
            }
        } catch (IOException e) {
            failed(LogText.reason(e));
        }
    }

    private void failed(String reason) {
        log.warning(LookupProgram.NAME, "the postmaster could not be told by mail (" + LogText.sentence(reason) + ")");
    }

    private String text(NoticeAddresses between, String what, String account, String line) {
        Instant now = clock.instant();
        String name = LogText.safe(account);
        return QmailReceived.field(ProcessHandle.current().pid(), QmailReceived.byUid(uid), now)
                + "Date: " + MailDate.format(now) + "\n"
                + "From: " + LogText.safe(between.from().quoted()) + "\n"
                + "To: " + LogText.safe(between.to().quoted()) + "\n"
                + "Subject: account " + name + " " + what + "\n"
                + "Auto-Submitted: auto-generated\n"
                + "MIME-Version: 1.0\n"
                + "Content-Type: text/plain; charset=utf-8\n"
                + "Content-Transfer-Encoding: 8bit\n"
                + "\n"
                + "Hi. This is lookup of Carteiro. Its log says:\n\n"
                + "    " + line + "\n\n"
                + "Who has logged in, and what was sent:       carteiro logins " + name + "\n"
                + "If somebody else has the password, stop it: carteiro logins --stop " + name + "\n"
                + "How much accounts may send:                 control/accountlimits\n\n"
                + "This is told once a day. Control/doublebounceto says to whom; empty, nobody is told.\n";
    }
}

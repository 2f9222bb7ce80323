package carteiro.send;

import carteiro.control.DomainTable;
import carteiro.log.LogEvent;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.Status;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Withdrawal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A schedule in the hands of a test, and what it said. Everything at {@code local.example} is local. */
final class Planned implements Schedule.ScheduleListener {
    static final long BIRTH = 1_795_489_290;
    static final Outcome OK = new Outcome.Delivered(new Status(2, 0, 0), "ok\n");
    static final Outcome LATER = new Outcome.Deferred(new Status(4, 0, 0), "later\n");
    static final Outcome NEVER = new Outcome.Failed(new Status(5, 0, 0), "never\n");

    final List<LogEvent> events = new ArrayList<>();
    final List<Report> reports = new ArrayList<>();
    final List<Long> finished = new ArrayList<>();
    final List<Long> removed = new ArrayList<>();
    final Map<Long, List<Address>> addresses = new HashMap<>();
    final Set<Long> unreadable = new HashSet<>();
    final Set<Long> unroutable = new HashSet<>();
    int pageSize = 1000;
    int pagesTold;
    static final Map<String, String> HERE = Map.of("local.example", "");

    /** By domain: what is here by now. */
    final Map<String, String> here = new HashMap<>(HERE);

    final Schedule schedule;
    long now = BIRTH;

    Planned(SendSettings.ChannelLimits local, SendSettings.ChannelLimits remote, long lifetime) {
        this(local, remote, lifetime, Map.of());
    }

    private Planned(
            SendSettings.ChannelLimits local,
            SendSettings.ChannelLimits remote,
            long lifetime,
            Map<String, DestinationLimit> limits) {
        this(local, remote, lifetime, limits, 1 << 20, 1 << 20);
    }

    private Planned(
            SendSettings.ChannelLimits local,
            SendSettings.ChannelLimits remote,
            long lifetime,
            Map<String, DestinationLimit> limits,
            long pageRoom,
            long passRoom) {
        schedule = new Schedule(
                new SendSettings(
                        local,
                        remote,
                        new DomainTable<>(limits),
                        lifetime,
                        Address.NULL,
                        "host",
                        Optional.of(Address.NULL),
                        0),
                this,
                pageRoom,
                passRoom);
    }

    /** With qmail's retry times, and all slots for each destination. */
    static Planned of(int local, int remote) {
        return of(local, local, remote, remote);
    }

    /** With room for so many octets of pages. */
    static Planned paged(int local, int perUser, int remote, int perHost, long pageRoom) {
        return new Planned(
                new SendSettings.ChannelLimits(local, perUser, new RetryTimes.Squares(10)),
                new SendSettings.ChannelLimits(remote, perHost, new RetryTimes.Squares(20)),
                604_800,
                Map.of(),
                pageRoom,
                1 << 20);
    }

    /** With room for so many octets of passes of messages of few recipients. */
    static Planned passing(int remote, long passRoom) {
        return new Planned(
                new SendSettings.ChannelLimits(10, 10, new RetryTimes.Squares(10)),
                new SendSettings.ChannelLimits(remote, remote, new RetryTimes.Squares(20)),
                604_800,
                Map.of(),
                1 << 20,
                passRoom);
    }

    /** With qmail's retry times, all slots for each destination, and room for a single page of recipients. */
    static Planned narrow(int local, int remote) {
        return new Planned(
                new SendSettings.ChannelLimits(local, local, new RetryTimes.Squares(10)),
                new SendSettings.ChannelLimits(remote, remote, new RetryTimes.Squares(20)),
                604_800,
                Map.of(),
                1,
                1 << 20);
    }

    /** With a limit of single destinations; all slots for the others. */
    static Planned limited(int remote, Map<String, DestinationLimit> limits) {
        return new Planned(
                new SendSettings.ChannelLimits(10, 10, new RetryTimes.Squares(10)),
                new SendSettings.ChannelLimits(remote, remote, new RetryTimes.Squares(20)),
                604_800,
                limits);
    }

    static Planned of(int local, int perUser, int remote, int perHost) {
        return new Planned(
                new SendSettings.ChannelLimits(local, perUser, new RetryTimes.Squares(10)),
                new SendSettings.ChannelLimits(remote, perHost, new RetryTimes.Squares(20)),
                604_800);
    }

    @Override
    public void log(LogEvent event) {
        events.add(event);
    }

    @Override
    public void report(Report report) {
        reports.add(report);
    }

    @Override
    public void finished(ScheduledMessage message) {
        finished.add(message.number());
    }

    @Override
    public void removed(ScheduledMessage message) {
        removed.add(message.number());
    }

    Withdrawal.WithdrawalOutcome remove(long number) {
        return schedule.withdraw(
                number, new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.REMOVE, ""), "root");
    }

    Withdrawal.WithdrawalOutcome bounce(long number) {
        return schedule.withdraw(
                number,
                new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.BOUNCE, "no such project"),
                "root");
    }

    void add(long number, String... recipients) {
        addFrom("ann@example.org", number, recipients);
    }

    void addFrom(String sender, long number, String... recipients) {
        addWith(sender, number, Collections.nCopies(recipients.length, RecipientState.Due.NOW), recipients);
    }

    void addWith(String sender, long number, List<? extends RecipientState> states, String... recipients) {
        var addresses = new ArrayList<Address>();
        for (String recipient : recipients) {
            addresses.add(new Address(recipient));
        }
        this.addresses.put(number, addresses);
        var envelope = new Envelope(
                new Address(sender),
                addresses.size() <= ScheduledMessage.KEPT
                        ? addresses
                        : addresses.subList(0, Math.min(pageSize, addresses.size())),
                Envelope.BodyType.SEVEN_BIT,
                Envelope.AddressForm.ASCII,
                0);
        int told = addresses.size() <= ScheduledMessage.KEPT ? addresses.size() : Math.min(pageSize, addresses.size());
        var message = new ScheduledMessage(
                new WaitingMessage(
                        number,
                        Instant.ofEpochSecond(now),
                        10,
                        envelope,
                        List.copyOf(states.subList(0, told)),
                        addresses.size()),
                routes(addresses.subList(0, told)));
        if (told < addresses.size()) {
            message.addRecipients(
                    routes(addresses.subList(told, addresses.size())),
                    List.copyOf(states.subList(told, addresses.size())));
        }
        schedule.add(message, now);
    }

    List<Route> routes(List<Address> recipients) {
        return recipients.stream()
                .map(recipient -> RoutingDouble.route(recipient, here))
                .toList();
    }

    /** Everything that may start now. */
    List<DeliveryAttempt> starts() {
        while (schedule.promoteDue(now, 1000)) {
            // more is due
        }
        tellPages();
        var starts = new ArrayList<DeliveryAttempt>();
        for (DeliveryAttempt attempt = schedule.next(now); attempt != null; attempt = schedule.next(now)) {
            starts.add(attempt);
        }
        return starts;
    }

    /** Tells the addresses that are asked for, {@link #pageSize} at a time. */
    void tellPages() {
        for (Schedule.AddressRequest wanted = schedule.nextPage(); wanted != null; wanted = schedule.nextPage()) {
            List<Address> all = addresses.getOrDefault(wanted.message().number(), List.of());
            int end = Math.min(all.size(), wanted.from() + pageSize);
            pagesTold++;
            if (unreadable.contains(wanted.message().number())) {
                schedule.unreadable(wanted, now);
            } else if (unroutable.contains(wanted.message().number())) {
                schedule.unrouted(wanted, now);
            } else {
                List<Address> told = wanted.from() < end ? all.subList(wanted.from(), end) : List.of();
                schedule.paged(wanted, new RoutedRecipients(RecipientList.of(told), routes(told)), now);
            }
        }
    }

    DeliveryAttempt only() {
        List<DeliveryAttempt> starts = starts();
        if (starts.size() != 1) {
            throw new AssertionError("not one start: " + starts);
        }
        return starts.getFirst();
    }

    void end(DeliveryAttempt attempt, Outcome outcome) {
        schedule.ended(attempt, Collections.nCopies(attempt.recipients().length, outcome), now);
    }

    static List<String> recipients(List<DeliveryAttempt> starts) {
        return starts.stream()
                .flatMap(attempt -> attempt.delivery().addresses().stream())
                .map(Address::octets)
                .toList();
    }

    List<String> lines() {
        return events.stream().map(LogEvent::line).toList();
    }

    /** How many of a kind were started, by the domain of their recipients. */
    static long to(List<DeliveryAttempt> starts, String domain) {
        return recipients(starts).stream()
                .filter(recipient -> recipient.endsWith(domain))
                .count();
    }
}

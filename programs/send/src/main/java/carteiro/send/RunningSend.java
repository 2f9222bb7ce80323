package carteiro.send;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogEvent;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.posix.UnixId;
import carteiro.protocol.BusyException;
import carteiro.protocol.Deliver;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Program;
import carteiro.protocol.RefusedException;
import carteiro.protocol.Route;
import carteiro.protocol.StartupGrace;
import carteiro.protocol.VitalThread;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.UnreadableException;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Waiting.WaitingSession;
import carteiro.protocol.Wires;
import carteiro.protocol.Withdrawal;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import carteiro.send.EarlyBounces.RoutedMessage;
import carteiro.send.RouteFinder.UnroutedException;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * send at work: owns the {@link Schedule} and the threads. Its lock guards the schedule and is never held over I/O;
 * writing to the log is none, since the log never blocks.
 *
 * <p>Threads, all virtual: one takes messages from queue, one hands reports to it, one waits for due times, one a running
 * delivery, one a bounce. Whoever has changed the schedule calls {@link #dispatch}, which starts what can be started.
 */
final class RunningSend implements Program.RunningProgram {
    /** Messages taken from queue in one call. */
    static final int TAKEN = 1000;

    /** How long one call waits for messages. */
    static final Duration PATIENCE = Duration.ofMinutes(1);

    /** The first and the longest pause, in milliseconds, before queue is asked for again. */
    static final long FIRST_PAUSE = 100;

    static final long LONGEST_PAUSE = 10_000;

    /** Passes begun under one hold of the lock, so that a storm of due messages does not block what ends meanwhile. */
    private static final int RIPENED = 1000;

    /** Bounces being written at once; more wait, without a thread. */
    private static final int BOUNCES_AT_ONCE = 8;

    /** A clock that is so many seconds behind what it said was set back; what is less is waited for. */
    private static final long SET_BACK = 5;

    /** The longest sleep, so that a clock that was set is noticed. */
    private static final long LONGEST_SLEEP = 60_000;

    /** How long after send the programs that deliver may take to start, before a delivery is told to be deferred for it. */
    private static final Duration OTHERS_START = Duration.ofSeconds(5);

    /** What of the time to stop is kept for the last reports when deliveries take all the rest; a quarter if that is less. */
    private static final long LAST_REPORTS = TimeUnit.SECONDS.toNanos(5);

    /** Octets of memory for messages that wait, of all programs that keep them: a quarter of the heap. */
    static final long MEMORY = Runtime.getRuntime().maxMemory() / 4;

    /** How long a message waits whose addresses queue cannot read now, before it is taken after all. */
    static final Duration UNREADABLE_PAUSE = Duration.ofMinutes(1);

    /** Messages that wait for that; for more a new session is begun after a while, which tells them again. */
    private static final int MOST_UNREADABLE = 1000;

    private static final Duration FORGOTTEN_PAUSE = Duration.ofMinutes(10);

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final EventLog log;
    private final int uid;
    private final Wires wires;
    private final Clock clock;
    private final Installation installation;
    private final Closeable onlyOne;
    private final long memory;
    private final Closeable endpoint;
    private final ReportSender reports = new ReportSender(this::dispatch);
    private final RouteFinder routes;
    private final Bounces bounces;
    private final Watchdog watchdog = new Watchdog();
    private final List<VitalThread> threads;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();
    private final Condition pageWanted = lock.newCondition();
    /** What ended while queue, restarted, was telling what waits: its answer may be older. Guarded by lock. */
    private final Set<Long> endedMeanwhile = new HashSet<>();

    private boolean endsWatched; // guarded by lock
    private final Condition ended = lock.newCondition();

    /** Guarded by the lock. */
    private final Schedule schedule;

    /** Guarded by the lock: what the clock said last. */
    private long latest;

    /** Guarded by the lock: when the clockwork wakes by itself. */
    private long wakesAt;

    /** Guarded by the lock: finished messages whose bounce waits for its turn. */
    private final ArrayDeque<ScheduledMessage> toBounce = new ArrayDeque<>();

    /** Guarded by the lock: bounces being written, at most {@link #BOUNCES_AT_ONCE}. */
    private int bouncing;

    /** Guarded by the lock: bounces of ours that queue presented before it told us their number. */
    private final EarlyBounces early = new EarlyBounces();

    /** Of the thread that takes messages: those whose addresses queue could not read, or lookup not route. */
    private final ArrayDeque<UnreadMessage> unread = new ArrayDeque<>();

    private record UnreadMessage(WaitingMessage waiting, long since) {}

    /** When the first message was left to the next session; 0 if none was. Written by the thread that takes messages. */
    private volatile long forgotten;

    /** Guarded by the lock: messages that were told, and are not in the schedule yet. */
    private final Set<Long> untaken = new HashSet<>();

    /** Guarded by the lock. */
    private boolean stopping;

    private volatile boolean closed;
    private final StartupGrace startup = StartupGrace.begin(OTHERS_START, () -> closed);

    private RunningSend(
            Program.ProgramContext context, SendSettings settings, Clock clock, int uid, Closeable onlyOne, long memory)
            throws IOException {
        this.memory = memory;
        this.log = context.log();
        this.wires = context.wires();
        this.installation = context.installation();
        this.clock = clock;
        this.onlyOne = onlyOne;
        this.uid = uid;
        this.routes = new RouteFinder(wires.routing(), log, this::sleep, () -> closed);
        this.bounces = new Bounces(settings, wires, reports, routes, clock, uid);
        this.schedule = new Schedule(settings, new Schedule.ScheduleListener() {
            @Override
            public void log(LogEvent event) {
                log.log(event);
            }

            @Override
            public void report(Report report) {
                reports.add(report);
            }

            @Override
            public void finished(ScheduledMessage message) {
                RunningSend.this.finished(message);
            }

            @Override
            public void removed(ScheduledMessage message) {
                end(message);
            }
        });
        this.threads = List.of(
                vital("send/reports", reports::run),
                vital("send/clockwork", this::runTimer),
                vital("send/pages", this::readPages),
                vital("send/taking", this::takeMessages));
        this.endpoint = wires.offer((Withdrawal) this::withdraw);
    }

    private VitalThread vital(String name, Runnable work) {
        return new VitalThread(Thread.ofVirtual().name(name), "send", log, () -> closed, work);
    }

    /**
     * @param onlyOne closed at the end
     * @param memory octets that messages may take; {@link #MEMORY}
     */
    static RunningSend start(
            Program.ProgramContext context, SendSettings settings, Clock clock, int uid, Closeable onlyOne, long memory)
            throws IOException {
        var sending = new RunningSend(context, settings, clock, uid, onlyOne, memory);
        sending.schedule.status();
        sending.threads.forEach(VitalThread::start);
        return sending;
    }

    private long now() {
        return Math.floorDiv(clock.millis(), 1000L);
    }

    /** Begins what is due and starts what can be started; tells the clockwork when it is needed. Whether more is due. */
    boolean dispatch() {
        var starts = new ArrayList<DeliveryAttempt>();
        boolean more;
        boolean keepUp = reports.hasCapacity();
        lock.lock();
        try {
            long now = now();
            if (now < latest - SET_BACK) {
                log.log(new SendEvent.ClockSetBack(latest - now));
                schedule.clockSetBack(now);
            }
            latest = now < latest - SET_BACK ? now : Math.max(now, latest);
            more = schedule.promoteDue(now, RIPENED);
            if (keepUp && !closed) {
                for (DeliveryAttempt attempt = schedule.next(now); attempt != null; attempt = schedule.next(now)) {
                    starts.add(attempt);
                }
            }
            if (schedule.hasNextPage()) {
                pageWanted.signal();
            }
            if (more || schedule.nextWake() < wakesAt) {
                wake.signal();
            }
        } finally {
            lock.unlock();
        }
        for (DeliveryAttempt attempt : starts) {
            Thread.ofVirtual().name("send/delivery").start(() -> deliver(attempt));
        }
        return more;
    }

    /** Wakes for due times; sleeps otherwise. */
    private void runTimer() {
        lock.lock();
        try {
            while (!closed) {
                long sleep = Math.min(
                        LONGEST_SLEEP,
                        schedule.nextWake() - now() > LONGEST_SLEEP / 1000
                                ? LONGEST_SLEEP
                                : schedule.nextWake() * 1000 - clock.millis());
                if (sleep > 0) {
                    wakesAt = schedule.nextWake();
                    wake.await(sleep, TimeUnit.MILLISECONDS);
                    wakesAt = Long.MIN_VALUE;
                }
                long before = schedule.nextWake();
                boolean more;
                lock.unlock();
                try {
                    more = dispatch();
                } finally {
                    lock.lock();
                }
                if (!closed && !more && schedule.nextWake() == before && before <= now()) {
                    wake.await(
                            1, TimeUnit.SECONDS); // it is due and cannot be done: queue is away, or all slots are taken
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** Asks queue for the addresses of recipients whose turn comes. */
    private void readPages() {
        while (!closed) {
            Schedule.AddressRequest wanted = awaitPageWanted();
            if (wanted == null) {
                return;
            }
            while (!reports.hasCapacity() && !closed) { // queue is away, or has enough to do
                sleep(FIRST_PAUSE);
            }
            try {
                RecipientList recipients = reports.recipients(wanted.message().number(), wanted.from())
                        .recipients();
                RoutedRecipients routed = routed(wanted, recipients);
                settle(() -> schedule.paged(wanted, routed, now()));
            } catch (UnroutedException e) {
                log.log(new MessageEvent.NoRoute(wanted.message().number(), String.valueOf(e.getMessage())));
                settle(() -> schedule.unrouted(wanted, now()));
            } catch (UnreadableException e) {
                settle(() -> schedule.unreadable(wanted, now()));
            } catch (IOException e) {
                settle(() -> schedule.notPaged(wanted)); // whoever takes messages notices, and begins a new session
                sleep(FIRST_PAUSE);
                continue;
            }
            dispatch();
        }
    }

    /** Does not wait for lookup: what is withdrawn meanwhile comes first. */
    private RoutedRecipients routed(Schedule.AddressRequest wanted, RecipientList recipients)
            throws UnroutedException, IOException {
        if (recipients.isEmpty()) {
            return RoutedRecipients.NONE;
        }
        try {
            return new RoutedRecipients(recipients, routes.routes(recipients.addresses()));
        } catch (IOException e) {
            if (isWithdrawn(wanted.message())) { // its bounce shows the addresses as they were handed in
                return new RoutedRecipients(
                        recipients,
                        recipients.addresses().stream()
                                .<Route>map(Route.ToRemote::new)
                                .toList());
            }
            if (e instanceof NotRunningException || e instanceof RefusedException) {
                throw e;
            }
            throw new UnroutedException(e);
        }
    }

    private Schedule.@Nullable AddressRequest awaitPageWanted() {
        lock.lock();
        try {
            while (!closed) {
                Schedule.AddressRequest wanted = schedule.nextPage();
                if (wanted != null) {
                    return wanted;
                }
                pageWanted.awaitUninterruptibly();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void takeMessages() {
        long pause = FIRST_PAUSE;
        boolean lost = false;
        while (!closed) {
            String reason;
            boolean refused = false;
            try {
                WaitingSession session = wires.waiting().open();
                try {
                    reports.begin(session);
                    begin();
                    if (lost) {
                        log.log(new SendEvent.Back("queue"));
                        lost = false;
                    }
                    pause = FIRST_PAUSE;
                    take(session);
                } finally {
                    if (!closed) { // else the last reports go by it
                        reports.end(session);
                    }
                }
                continue; // what was left is told anew
            } catch (IOException e) {
                reason = String.valueOf(e.getMessage());
                refused = e instanceof RefusedException;
            } catch (RuntimeException e) {
                log.bug("send", e);
                reason = e.toString();
            }
            if (refused && !lost && !closed) { // waiting does not help
                log.log(new SendEvent.ProgramRefused("queue", reason));
                lost = true;
            } else if (!lost && pause > FIRST_PAUSE * 32 && !closed) { // after 6 seconds: more than a restart
                log.log(new SendEvent.ProgramLost("queue", reason));
                lost = true;
            }
            sleep(pause);
            pause = Math.min(LONGEST_PAUSE, pause * 2);
        }
    }

    private void sleep(long milliseconds) {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(milliseconds);
            while (left > 0 && !closed) {
                left = ended.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void begin() {
        lock.lock();
        try {
            schedule.newSession(now());
        } finally {
            lock.unlock();
        }
        dispatch(); // queue is back: what could not start may
    }

    private void take(WaitingSession session) throws IOException {
        boolean all = false;
        unread.clear(); // this session tells them again
        forgotten = 0;
        untaken(Set::clear);
        while (!closed && (forgotten == 0 || clock.millis() - forgotten < FORGOTTEN_PAUSE.toMillis())) {
            awaitMemory();
            takeUnread();
            watchEnds(!all);
            List<WaitingMessage> taken = session.next(TAKEN, all ? PATIENCE : Duration.ZERO);
            take(taken);
            if (taken.isEmpty() && !all) {
                all = true;
                lock.lock();
                try {
                    schedule.allPresented();
                } finally {
                    lock.unlock();
                }
            }
            dispatch();
        }
    }

    /**
     * What waits has its share of the memory: the rest stays with queue until some of it has ended.
     *
     * @throws IOException if queue is lost meanwhile: nothing ends before there is another session
     */
    private void awaitMemory() throws IOException {
        boolean said = false;
        while (!closed) {
            long waiting;
            lock.lock();
            try {
                if (schedule.memory() < memory) {
                    return;
                }
                waiting = schedule.messages();
            } finally {
                lock.unlock();
            }
            if (!said) {
                log.log(new SendEvent.MemoryFull(waiting, memory));
                said = true;
            }
            sleep(LONGEST_PAUSE / 10);
            reports.probe();
        }
    }

    private void watchEnds(boolean watch) {
        lock.lock();
        try {
            endedMeanwhile.clear();
            endsWatched = watch;
        } finally {
            lock.unlock();
        }
    }

    /** Takes those that are new; lookup is asked about all of them at once, and about each if that fails. */
    private void take(List<WaitingMessage> taken) throws IOException {
        var fresh = new ArrayList<WaitingMessage>(taken.size());
        var recipients = new ArrayList<Address>(taken.size());
        for (WaitingMessage waiting : taken) {
            if (isNew(waiting)) {
                fresh.add(waiting);
                recipients.addAll(waiting.envelope().addresses());
            }
        }
        if (fresh.isEmpty()) {
            return;
        }
        untaken(numbers -> fresh.forEach(waiting -> numbers.add(waiting.message())));
        List<Route> found;
        try {
            found = routes.await(recipients, reports::probe);
        } catch (UnroutedException e) {
            if (fresh.size() == 1) {
                putOff(fresh.getFirst(), e);
                return;
            }
            for (WaitingMessage waiting : fresh) {
                take(List.of(waiting));
            }
            return;
        }
        int from = 0;
        for (WaitingMessage waiting : fresh) {
            int end = from + waiting.envelope().addresses().size();
            try {
                take(new RoutedMessage(waiting, List.copyOf(found.subList(from, end))));
            } catch (RuntimeException e) {
                log.bug("send", e); // the message stays in the queue; the rest flows
            }
            from = end;
        }
    }

    private boolean isNew(WaitingMessage waiting) {
        lock.lock();
        try {
            return !stopping && !schedule.knows(waiting.message()) && !endedMeanwhile.contains(waiting.message());
        } finally {
            lock.unlock();
        }
    }

    private void untaken(Consumer<Set<Long>> change) {
        lock.lock();
        try {
            change.accept(untaken);
        } finally {
            lock.unlock();
        }
    }

    private void take(RoutedMessage message) throws IOException {
        lock.lock();
        try {
            if (!isNew(message.waiting()) // still: an early bounce may have been taken meanwhile
                    || bouncing > 0 && message.waiting().envelope().uid() == uid && early.keep(message)) {
                return;
            }
        } finally {
            lock.unlock();
        }
        try {
            admit(message);
        } catch (UnroutedException e) {
            putOff(message.waiting(), e);
        } catch (UnreadableException e) { // queue says why in its log
            putOff(message.waiting());
        }
    }

    private void putOff(WaitingMessage waiting, UnroutedException e) {
        putOff(waiting); // first: who reads the line may count on its time
        log.log(new MessageEvent.NoRoute(waiting.message(), String.valueOf(e.getMessage())));
    }

    private void putOff(WaitingMessage waiting) {
        if (unread.size() < MOST_UNREADABLE) {
            unread.addLast(new UnreadMessage(waiting, clock.millis()));
            return;
        }
        untaken(numbers -> numbers.remove(waiting.message())); // of these there may be any number
        if (forgotten == 0) {
            forgotten = clock.millis();
        }
    }

    private void takeUnread() throws IOException {
        for (int i = unread.size(); i > 0; i--) {
            UnreadMessage first = unread.removeFirst();
            if (Math.abs(clock.millis() - first.since()) < UNREADABLE_PAUSE.toMillis()) {
                unread.addLast(first);
            } else {
                take(List.of(first.waiting()));
                dispatch(); // now: what comes next may not come for long
            }
        }
    }

    private void admit(RoutedMessage taken) throws UnroutedException, IOException {
        WaitingMessage waiting = taken.waiting();
        var message = new ScheduledMessage(waiting, taken.routes());
        while (message.taken() < message.count()) {
            Page page = reports.recipients(message.number(), message.taken());
            if (page.recipients().isEmpty()) {
                untaken(numbers -> numbers.remove(message.number())); // it has ended
                return;
            }
            message.addRecipients(routes.await(page.addresses(), reports::probe), page.states());
        }
        lock.lock();
        try {
            if (message.fresh()) {
                log.log(new MessageEvent.NewMessage(message.number()));
                log.log(new MessageEvent.MessageInfo(
                        message.number(),
                        message.octets(),
                        message.sender().octets(),
                        message.number(),
                        UnixId.number(waiting.envelope().uid())));
            }
            untaken.remove(message.number());
            schedule.add(message, now());
        } finally {
            lock.unlock();
        }
    }

    /** One delivery, on its own thread. Every surprise is a deferral. */
    private void deliver(DeliveryAttempt attempt) {
        Thread self = Thread.currentThread();
        long begun = System.nanoTime();
        try {
            List<Outcome> outcomes;
            try (var _ = watchdog.closeAfter(Deliver.LIMIT, self::interrupt)) {
                outcomes = attempt(attempt);
            }
            if (outcomes.size() != attempt.recipients().length) {
                throw new MalformedFrameException(
                        outcomes.size() + " outcomes for " + attempt.recipients().length + " recipients");
            }
            settle(() -> schedule.ended(attempt, outcomes, now()));
        } catch (BusyException e) {
            settle(() -> schedule.busy(attempt, e.key(), e.atOnce(), now()));
        } catch (RefusedException e) {
            settle(() -> schedule.refused(attempt, String.valueOf(e.getMessage()), now()));
        } catch (NotRunningException e) {
            settle(() -> schedule.unreachable(attempt, String.valueOf(e.getMessage()), now()));
        } catch (MalformedFrameException e) {
            settle(() -> schedule.mangled(attempt, String.valueOf(e.getMessage()), now()));
        } catch (IOException e) {
            if (System.nanoTime() - begun > Deliver.LIMIT.toNanos() - SECOND) {
                Outcome late =
                        Outcome.notNow("The delivery did not end within " + Deliver.LIMIT.toHours() + " hours.\n");
                settle(() -> schedule.ended(attempt, Collections.nCopies(attempt.recipients().length, late), now()));
            } else {
                String reason = attempt.channel().word() + " was lost: " + e.getMessage();
                settle(() -> schedule.broken(attempt, reason, now()));
            }
        } catch (RuntimeException | Error e) {
            VitalThread.endProcessIfOutOfMemory(e);
            log.bug("send", e);
            settle(() -> schedule.mangled(attempt, e.toString(), now()));
        }
        dispatch();
    }

    /** Tries; a program that is not there yet when everything starts is waited for. */
    private List<Outcome> attempt(DeliveryAttempt attempt) throws IOException {
        Deliver.Delivery delivery = attempt.delivery();
        Deliver.Delivery shown = delivery.with(reports.ticket(attempt.channel(), delivery.message()));
        return startup.ask(() -> wires.deliver(attempt.channel()).deliver(shown), () -> isWithdrawn(attempt.message()));
    }

    private boolean isWithdrawn(ScheduledMessage message) {
        lock.lock();
        try {
            return message.gone();
        } finally {
            lock.unlock();
        }
    }

    private void settle(Runnable change) {
        lock.lock();
        try {
            change.run();
            ended.signalAll();
        } catch (RuntimeException e) {
            log.bug("send", e);
        } finally {
            lock.unlock();
        }
    }

    /** Called by the schedule, under the lock: nothing of a message is left. */
    private void finished(ScheduledMessage message) {
        if (message.someFailed()) {
            toBounce.addLast(message);
            bounceNext();
        } else {
            end(message);
        }
    }

    private void bounceNext() {
        while (bouncing < BOUNCES_AT_ONCE && !stopping) {
            ScheduledMessage message = toBounce.pollFirst();
            if (message == null) {
                return;
            }
            bouncing++;
            // first queue must have every paragraph of it
            reports.afterAll(() -> Thread.ofVirtual().name("send/bounce").start(() -> bounce(message)));
        }
    }

    private void end(ScheduledMessage message) {
        log.log(new MessageEvent.EndMessage(message.number()));
        reports.add(
                new Report.MessageEnded(message.number()),
                () -> settle(() -> {
                    schedule.forget(message);
                    if (endsWatched) {
                        endedMeanwhile.add(message.number());
                    }
                }));
    }

    /** An administrator's word; see {@link Withdrawal}. */
    List<WithdrawalOutcome> withdraw(WithdrawalRequest order, String by, List<Long> messages) throws IOException {
        var results = new ArrayList<WithdrawalOutcome>(messages.size());
        lock.lock();
        try {
            if (stopping) {
                throw new IOException("send is stopping");
            }
            for (long message : messages) {
                results.add(withdrawOne(message, order, by));
            }
        } finally {
            lock.unlock();
        }
        if (!results.contains(WithdrawalOutcome.WITHDRAWN) && !results.contains(WithdrawalOutcome.RUNNING)) {
            return results; // queue is told nothing
        }
        dispatch();
        var taken = new CountDownLatch(1);
        reports.afterAll(taken::countDown);
        try {
            if (!taken.await(Withdrawal.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                results.replaceAll(
                        result -> result == WithdrawalOutcome.WITHDRAWN ? WithdrawalOutcome.PENDING : result);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while queue was told", e);
        }
        return results;
    }

    /** Under the lock. What waits for lookup, or for a queue that can read it, is not unknown. */
    private WithdrawalOutcome withdrawOne(long message, WithdrawalRequest order, String by) {
        if (untaken.contains(message)) {
            return WithdrawalOutcome.NOT_YET;
        }
        WithdrawalOutcome outcome = schedule.withdraw(message, order, by);
        return outcome == WithdrawalOutcome.UNKNOWN && forgotten != 0 ? WithdrawalOutcome.NOT_YET : outcome;
    }

    private void bounce(ScheduledMessage message) {
        Bounces.BounceResult result;
        try {
            result = bounces.write(message);
        } catch (RuntimeException | Error e) {
            VitalThread.endProcessIfOutOfMemory(e);
            log.bug("send", e);
            result = new Bounces.BounceResult.BounceDeferred(e.toString());
        }
        Bounces.BounceResult done = result;
        settle(() -> {
            bouncing--;
            switch (done) {
                case Bounces.BounceResult.Queued(long number) -> {
                    log.log(new MessageEvent.BounceQueued(message.number(), number));
                    end(message);
                }
                case Bounces.BounceResult.DoubleDiscarded() -> {
                    log.log(new MessageEvent.DoubleBounceDiscarded(message.number()));
                    end(message);
                }
                case Bounces.BounceResult.TripleDiscarded() -> {
                    log.log(new MessageEvent.TripleBounce(message.number()));
                    end(message);
                }
                case Bounces.BounceResult.BounceDeferred(String reason) -> {
                    log.log(new MessageEvent.BounceTrouble(message.number(), reason));
                    schedule.bounceLater(message, now());
                }
            }
            bounceNext();
            long number = done instanceof Bounces.BounceResult.Queued(long queued) ? queued : 0;
            early.leave(number, bouncing == 0).forEach(this::admitEarly);
        });
        dispatch();
    }

    private void admitEarly(RoutedMessage message) {
        try {
            admit(message);
        } catch (UnroutedException | IOException e) {
            throw new IllegalStateException("of one recipient nothing is asked for", e);
        }
    }

    /**
     * HUP: lookup reads locals and virtualdomains again, this destinationlimits; a mistake in either leaves all as it is. A lookup that
     * cannot be asked reads its files when it starts.
     */
    @Override
    public void reload() throws ControlException {
        Optional<SendEvent.LookupNotAsked> missed;
        SendSettings read;
        try {
            read = SendSettings.read(installation);
            missed = reread();
        } catch (ControlException e) {
            log.log(new SendEvent.UnableToReread(String.join("; ", e.problems())));
            throw e;
        }
        settle(() -> schedule.limit(read.destinationLimits()));
        dispatch();
        if (missed.isPresent()) {
            log.log(missed.get());
            throw new ControlException(List.of(missed.get().sentence()));
        }
    }

    private Optional<SendEvent.LookupNotAsked> reread() throws ControlException {
        try {
            wires.routing().reread();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(new SendEvent.LookupNotAsked(LogText.reason(e)));
        }
    }

    @Override
    public void tryNow() {
        lock.lock();
        try {
            schedule.tryNow(now());
        } finally {
            lock.unlock();
        }
        dispatch();
    }

    @Override
    public boolean alive() {
        return threads.stream().allMatch(VitalThread::alive);
    }

    @Override
    public String status() {
        lock.lock();
        try {
            return schedule.describe();
        } finally {
            lock.unlock();
        }
    }

    /** TERM: nothing starts any more; what runs may end, for so long; what became of it is told to queue. */
    @Override
    public void stop(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        lock.lock();
        try {
            if (stopping) {
                return;
            }
            stopping = true;
            schedule.exit();
            schedule.status();
            long left = patience.toNanos() - Math.min(LAST_REPORTS, patience.toNanos() / 4);
            while ((schedule.running() > 0 || bouncing > 0 && reports.inSession()) && left > 0) {
                long turn = Math.min(left, SECOND); // that queue has gone meanwhile is not signalled
                left -= turn - ended.awaitNanos(turn);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        closed = true;
        lock.lock();
        try {
            wake.signalAll();
            pageWanted.signalAll();
            ended.signalAll();
        } finally {
            lock.unlock();
        }
        reports.close(end - System.nanoTime());
        watchdog.close();
        log.log(new MessageEvent.SendExiting());
        for (Closeable kept : List.of(endpoint, onlyOne)) {
            try {
                kept.close();
            } catch (IOException e) {
                log.warning("send", "cannot release its socket or its lock: " + e.getMessage());
            }
        }
    }
}

package carteiro.queue;

import carteiro.clean.Sweeper;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queue.Plan.End;
import carteiro.queue.Plan.Step;
import carteiro.segments.FileDisk;
import carteiro.segments.Segments;
import carteiro.testkit.ModelDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * queue, clean, and a loop that does what send and local do, at work on one disk: messages come, are delivered into
 * mailboxes, bounce, wait. Keeps book of what was promised, and when.
 */
final class Works implements AutoCloseable {
    /** One delivery into a mailbox that was begun. */
    static final class Delivery {
        final Promise message;
        final int recipient;
        final int begunAt;
        int deliveredAt = Promise.NEVER;

        Delivery(Promise message, int recipient, int begunAt) {
            this.message = message;
            this.recipient = recipient;
            this.begunAt = begunAt;
        }
    }

    private static final Address POSTMASTER = new Address("ann@example.org");
    private static final long PATIENCE = 400; // milliseconds; only a failing disk makes it wait

    private final ModelDisk disk;
    private final EventLog log;
    private final int segmentSize;
    private final SetClock clock;
    private final Sweeper clean;
    final List<Promise> promises;
    final List<Delivery> deliveries;
    private final Map<Promise, List<RecipientState>> open = new LinkedHashMap<>(); // as send knows it
    private Boxes boxes;
    private Queue queue;
    private Waiting.WaitingSession session;
    private volatile boolean alone;
    private int repeatedNames;

    /** Opens the queue. */
    Works(
            ModelDisk disk,
            EventLog log,
            int segmentSize,
            SetClock clock,
            List<Promise> promises,
            List<Delivery> deliveries)
            throws IOException {
        this.disk = disk;
        this.log = log;
        this.segmentSize = segmentSize;
        this.promises = promises;
        this.deliveries = deliveries;
        this.clock = clock;
        this.boxes = new Boxes(disk.root(), clock);
        this.clean = new Sweeper(folder(disk), log);
        start();
    }

    static Path folder(ModelDisk disk) {
        return disk.root().resolve("queue");
    }

    /** A disk as init leaves it. */
    static ModelDisk fresh() throws IOException {
        var disk = new ModelDisk();
        Files.createDirectory(folder(disk));
        Boxes.make(disk.root());
        disk.settle();
        return disk;
    }

    static Queue open(ModelDisk disk, EventLog log, int segmentSize, Clock clock, Supplier<QueueSettings> settings)
            throws IOException {
        var files = new FileDisk(folder(disk)) {
            @Override
            public long usable() {
                return Long.MAX_VALUE;
            }
        };
        return new Queue(files, settings, log, clock, segmentSize);
    }

    private void start() throws IOException {
        IOException trouble = new IOException();
        for (int attempt = 0; attempt < 20; attempt++) { // start would try as often; a failing disk fails a few calls
            try {
                queue = open(disk, log, segmentSize, clock, () -> new QueueSettings(alone ? 0 : 1 << 20, 1 << 20));
                session = queue.waiting().open();
                adopt();
                return;
            } catch (IOException e) {
                trouble = e;
            }
        }
        throw trouble;
    }

    /** How many deliveries failed because another message had that name already. */
    int repeatedNames() {
        return repeatedNames;
    }

    /** What a new send is told. */
    private void adopt() throws IOException {
        open.clear();
        Map<Integer, Promise> byId = new HashMap<>();
        promises.forEach(promise -> byId.put(promise.id, promise));
        for (WaitingMessage waiting : Verdict.drain(session)) {
            byte[] octets = octets(waiting.message());
            Promise promise = byId.get(Verdict.id(octets));
            if (promise == null || !Arrays.equals(promise.octets, octets)) {
                throw new Violation("a message nobody sent is waiting: number " + waiting.message());
            }
            promise.number = waiting.message();
            if (promise.acceptedAt == Promise.NEVER) {
                promise.acceptedAt = disk.callCount(); // refused by a failing disk, and there after all
            }
            open.put(promise, new ArrayList<>(waiting.states()));
        }
    }

    private byte[] octets(long number) throws IOException {
        try (var body = queue.messages().open(number)) {
            return body.readAllBytes();
        }
    }

    // ---- What happens

    void run(List<Step> steps) throws Exception {
        for (Step step : steps) {
            perform(step);
        }
    }

    private void perform(Step step) throws Exception {
        switch (step) {
            case Step.Accept accept -> submit(message(accept));
            case Step.Together(var messages) -> together(messages);
            case Step.Attempt(int pick, End end) -> {
                List<Map.Entry<Promise, Integer>> due = due();
                if (!due.isEmpty()) {
                    var one = due.get(pick % due.size());
                    attempt(one.getKey(), one.getValue(), end);
                }
            }
            case Step.Finish(int pick) -> {
                List<Promise> finished = finished();
                if (!finished.isEmpty()) {
                    finish(finished.get(pick % finished.size()));
                }
            }
            case Step.Work(int most) -> {
                for (int i = 0; i < most && !due().isEmpty(); i++) {
                    attempt(due().getFirst().getKey(), due().getFirst().getValue(), End.DELIVERED);
                }
                for (Promise promise : finished()) {
                    finish(promise);
                }
            }
            case Step.Checkpoint() -> checkpoint();
            case Step.Clean() -> clean();
            case Step.Rewrite() -> rewrite();
            case Step.Spare() -> spare();
            case Step.Restart() -> {
                stop();
                boxes = new Boxes(disk.root(), clock);
                start();
            }
            case Step.ClockSet(int seconds) -> clock.set(seconds);
            case Step.DiskFails(int after, int count, boolean full) ->
                disk.fail(after, after + count, full ? "No space left on device" : "Input/output error");
        }
    }

    private Promise message(Step.Accept accept) {
        var recipients = new ArrayList<Address>();
        int id = promises.size();
        for (int i = 0; i < accept.recipients(); i++) {
            recipients.add(new Address((id % 3 == 2 && i == 0 ? "mbox" : "m" + i) + "@example.org"));
        }
        var text = new StringBuilder("message " + id + "\n");
        var random = new Random(id * 31L + accept.octets());
        while (text.length() < accept.octets()) {
            text.append(Long.toString(random.nextLong(), 36)).append(random.nextInt(4) == 0 ? '\n' : ' ');
        }
        return promise(text.append('\n').toString(), recipients, -1, POSTMASTER, accept.alone());
    }

    private Promise promise(String text, List<Address> recipients, int bounceOf, Address sender, boolean alone) {
        this.alone = alone;
        var envelope = new Envelope(sender, recipients, BodyType.SEVEN_BIT, AddressForm.ASCII, 71);
        byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
        var promise = new Promise(promises.size(), octets, envelope, clock.instant(), bounceOf, disk.callCount());
        promises.add(promise);
        return promise;
    }

    /** Of every second message the first line is given at the end, as a field on top. */
    private Receipt hand(Promise promise) throws IOException {
        String text = new String(promise.octets, StandardCharsets.ISO_8859_1);
        int first = promise.id % 2 == 0 ? 0 : text.indexOf('\n') + 1;
        try (var submission = queue.enqueue().open()) {
            submission.write(promise.octets, first, promise.octets.length - first);
            return submission.commit(promise.envelope, text.substring(0, first));
        }
    }

    /** Whether it was accepted. */
    private boolean submit(Promise promise) throws IOException {
        return answered(promise, hand(promise));
    }

    private boolean answered(Promise promise, Receipt receipt) {
        if (!(receipt instanceof Receipt.Accepted(long number))) {
            return false;
        }
        for (Promise other : promises) {
            if (other != promise && other.number == number) {
                throw new Violation("the number of another: " + promise + ", " + other);
            }
        }
        promise.number = number;
        promise.acceptedAt = disk.callCount();
        syncedByForce(promise.submittedAt);
        var states = new ArrayList<RecipientState>();
        promise.envelope.addresses().forEach(_ -> states.add(RecipientState.Due.NOW));
        open.put(promise, states);
        return true;
    }

    /**
     * What was reported before a moment is on disk now, by a force of the segment. Not if a call had failed since: the segment
     * was left then, and only a checkpoint brings to the disk what had not been forced.
     */
    private void syncedByForce(int before) {
        int failed = disk.lastFailure();
        synced(before, told -> told.begunAt > failed);
    }

    private void synced(int before, Predicate<Promise.Told> which) {
        int now = disk.callCount();
        for (Promise promise : promises) {
            for (Promise.Told told : promise.told) {
                if (told.syncedAt == Promise.NEVER && told.begunAt <= before && which.test(told)) {
                    told.syncedAt = now;
                }
            }
        }
    }

    /** The first occupies the journal; the others gather behind it. */
    private void together(List<Step.Accept> messages) throws Exception {
        disk.hold();
        var waiting = new ArrayList<FutureTask<Receipt>>();
        var sent = new ArrayList<Promise>();
        try {
            for (Step.Accept accept : messages) {
                Promise promise = message(new Step.Accept(accept.octets(), accept.recipients(), false));
                var task = new FutureTask<>(() -> hand(promise));
                Thread thread = Thread.ofVirtual().start(task);
                sent.add(promise);
                waiting.add(task);
                if (waiting.size() == 1) {
                    disk.awaitHeld();
                }
                while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
                    Thread.onSpinWait();
                }
            }
        } finally {
            disk.release();
        }
        for (int i = 0; i < sent.size(); i++) {
            waiting.get(i).get();
        }
        for (int i = 0; i < sent.size(); i++) {
            answered(sent.get(i), waiting.get(i).get());
        }
    }

    private void report(Promise promise, Report report) throws IOException, InterruptedException {
        int before = disk.callCount();
        promise.told.add(new Promise.Told(report, before));
        session.report(List.of(report));
        disk.awaitWrite(before, PATIENCE); // so that every run of a history writes the same
    }

    // ---- What send does

    private List<Map.Entry<Promise, Integer>> due() {
        var due = new ArrayList<Map.Entry<Promise, Integer>>();
        open.forEach((promise, states) -> {
            for (int i = 0; i < states.size(); i++) {
                if (states.get(i) instanceof RecipientState.Due) {
                    due.add(Map.entry(promise, i));
                }
            }
        });
        return due;
    }

    private List<Promise> finished() {
        return open.entrySet().stream()
                .filter(entry -> entry.getValue().stream().noneMatch(state -> state instanceof RecipientState.Due))
                .map(Map.Entry::getKey)
                .toList();
    }

    private void attempt(Promise promise, int recipient, End end) throws IOException, InterruptedException {
        Address address = promise.envelope.addresses().get(recipient);
        End reached = end == End.FAILED && promise.bounceOf >= 0 ? End.DEFERRED : end;
        if (reached == End.DELIVERED && !deliver(promise, recipient, address)) {
            reached = End.DEFERRED;
        }
        switch (reached) {
            case DELIVERED -> {
                report(promise, new Report.RecipientDelivered(promise.number, recipient));
                Objects.requireNonNull(open.get(promise)).set(recipient, new RecipientState.Done());
            }
            case FAILED -> {
                String paragraph = "<" + address.octets() + ">:\nno, says call " + disk.callCount() + "\n\n";
                report(promise, new Report.RecipientFailed(promise.number, recipient, paragraph));
                Objects.requireNonNull(open.get(promise)).set(recipient, new RecipientState.ToBounce());
            }
            case DEFERRED -> {
                Instant due = clock.instant().truncatedTo(ChronoUnit.DAYS).plusSeconds(disk.callCount()); // differ
                report(promise, new Report.RecipientsDeferred(promise.number, List.of(recipient), due));
                Objects.requireNonNull(open.get(promise)).set(recipient, new RecipientState.Due(due));
            }
        }
    }

    private boolean deliver(Promise promise, int recipient, Address address) throws IOException {
        byte[] octets = octets(promise.number);
        if (!Arrays.equals(octets, promise.octets)) {
            throw new Violation("not what was sent: " + promise);
        }
        var delivery = new Delivery(promise, recipient, disk.callCount());
        deliveries.add(delivery);
        try {
            boxes.deliver(address, octets);
        } catch (FileAlreadyExistsException e) {
            repeatedNames++;
            return false; // the clock says what it has said before
        } catch (IOException e) {
            return false; // the disk failed
        }
        delivery.deliveredAt = disk.callCount();
        return true;
    }

    private void finish(Promise promise) throws IOException, InterruptedException {
        List<Failure> failures = session.failures(promise.number);
        if (!failures.isEmpty()) {
            var text = new StringBuilder("message " + promises.size() + "\nbounce of " + promise.id + "\n");
            for (Failure failure : failures) {
                if (!promise.paragraphs(failure.recipient(), Promise.NEVER).contains(failure.paragraph())) {
                    throw new Violation("a paragraph nobody wrote, \"" + failure.paragraph() + "\", of " + promise);
                }
                text.append(failure.paragraph());
            }
            if (!submit(promise(text.toString(), List.of(POSTMASTER), promise.id, Address.NULL, false))) {
                return; // the disk failed: another time
            }
        }
        report(promise, new Report.MessageEnded(promise.number));
        open.remove(promise);
    }

    // ---- Housekeeping

    void checkpoint() {
        int before = disk.callCount();
        try {
            queue.checkpoint();
            synced(before, _ -> true);
        } catch (IOException e) {
            // the disk failed
        }
    }

    void clean() throws IOException {
        queue.cleaning().removed(clean.sweep(queue.cleaning().dead()));
    }

    void rewrite() {
        try {
            queue.cleaning().rewriteSparse();
        } catch (IOException e) {
            // the disk failed
        }
    }

    private void spare() throws InterruptedException {
        if (!Files.exists(folder(disk).resolve(Segments.SPARE))) {
            try {
                queue.prepareSpare();
            } catch (IOException e) {
                // the disk failed
            }
        }
    }

    /** Delivers and ends everything. */
    void finishAll() throws IOException, InterruptedException {
        int most = 10 + deliveries.size(); // bounces come behind what they are about; names may be there already
        for (int i = 0; i < most && !open.isEmpty(); i++) {
            for (var one : due()) {
                attempt(one.getKey(), one.getValue(), End.DELIVERED);
            }
            for (Promise promise : finished()) {
                finish(promise);
            }
        }
        if (!open.isEmpty()) {
            throw new Violation("never ends: " + open.keySet());
        }
    }

    private void stop() throws IOException {
        session.close();
        queue.close();
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}

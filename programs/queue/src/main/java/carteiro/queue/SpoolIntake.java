package carteiro.queue;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Envelope;
import carteiro.posix.FileStatus;
import carteiro.posix.SystemAccount;
import carteiro.posix.UnixId;
import carteiro.posix.UntrustedFile;
import carteiro.protocol.Enqueue;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Messages;
import carteiro.protocol.Spool;
import carteiro.protocol.SpooledMessage;
import carteiro.protocol.VitalThread;
import carteiro.queue.SpoolFolder.SpoolFile;
import carteiro.segments.FileDisk;
import carteiro.wire.MalformedFrameException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Takes in what local users left in the spool while queue could not be reached. Each file is opened once, looked at by its
 * descriptor, read once, and its octets are believed only as far as those of any local user. Each user has a share of each
 * round. One thread; {@link #status} is for any.
 */
final class SpoolIntake {
    /** The octets of one user's files in one round; a single file may have all of them. */
    static final long SHARE_OCTETS = Spool.LARGEST;

    /** Milliseconds from one look into the spool to the next, where the last has found nothing to do. */
    private static final long PAUSE = 1_000;

    /** How much longer than the look itself the pause is: whoever fills the folder does not take a processor with it. */
    private static final int REST = 9;

    private static final long LONGEST_PAUSE = 60_000;

    /** Milliseconds from one alert about files that cannot be taken in to the next: who makes one can make many. */
    private static final long ALERT_PAUSE = 1_000;

    /** Milliseconds from one warning about files that cannot be read now to the next. */
    private static final long WARNING_PAUSE = 60_000;

    private final SpoolFolder folder;
    private final int ownUid;
    private final Queue queue;
    private final Enqueue enqueue;
    private final SpoolIntakeMarker taking;
    private final EventLog log;
    private final Clock clock;
    private final VitalThread thread;
    private final Set<String> taken = new HashSet<>(); // in the queue, their files not removed yet
    private long looked; // milliseconds that the last listing took
    private SpoolIntakeMarker.@Nullable MarkerLine
            before; // what was being taken in when queue stopped, until that is dealt with
    private final long lastBefore; // the greatest number that its message may have
    private boolean unusable;
    private long alertedAt = Long.MIN_VALUE / 2;
    private long warnedAt = Long.MIN_VALUE / 2;
    private long unsaid;
    private volatile long waiting;
    private final AtomicLong setAside = new AtomicLong();
    private volatile boolean stopping;

    /**
     * Reads what was being taken in when queue stopped: before {@code queue} takes anything from others.
     *
     * @param enqueue the way into {@code queue}
     */
    SpoolIntake(
            SpoolFolder folder,
            int ownUid,
            Queue queue,
            Enqueue enqueue,
            SpoolIntakeMarker taking,
            EventLog log,
            Clock clock)
            throws IOException {
        this.before = taking.last();
        this.lastBefore = queue.lastMessage();
        this.folder = folder;
        this.ownUid = ownUid;
        this.queue = queue;
        this.enqueue = enqueue;
        this.taking = taking;
        this.log = log;
        this.clock = clock;
        this.thread = new VitalThread(
                Thread.ofPlatform().name("queue-spool").daemon(true), "queue", log, () -> stopping, this::run);
    }

    /** One for the queue of an installation; it works from {@link #start} until {@link #stop}. */
    static SpoolIntake of(Installation installation, Queue queue, EventLog log) throws IOException {
        return new SpoolIntake(
                new SpoolFolder(Spool.folder(installation)),
                SystemAccount.effectiveUid(),
                queue,
                queue.enqueue(),
                new SpoolIntakeMarker(new FileDisk(installation.queue())),
                log,
                Clock.systemUTC());
    }

    void start() {
        thread.start();
    }

    /** What became of a file. */
    private enum IntakeResult {
        /** It is dealt with. */
        DONE,
        /** It cannot be looked at now, for a reason of its own. */
        LEFT,
        /** Neither it nor another can be taken in now. */
        NOT_NOW
    }

    private void run() {
        try {
            while (!stopping) {
                if (!attempt()) {
                    pause();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void pause() throws InterruptedException {
        long pause = Math.clamp(REST * looked, PAUSE, LONGEST_PAUSE);
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause);
        for (long left = pause; !stopping && left > 0; left = (until - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }

    /** It ends after the file it is at. */
    synchronized void stop() {
        stopping = true;
        notifyAll();
    }

    /** Waits for its end, for so long at most. */
    void join(Duration patience) throws InterruptedException {
        var _ = thread.join(patience);
    }

    /** Whether it works, unless it was stopped. */
    boolean alive() {
        return thread.alive();
    }

    private boolean attempt() {
        try {
            boolean more = round();
            if (unusable) {
                unusable = false;
                log.log(new SpoolEvent.UsableAgain());
            }
            return more;
        } catch (IOException e) {
            if (!unusable) {
                unusable = true;
                log.log(new SpoolEvent.Unusable(LogText.reason(e)));
            }
        } catch (RuntimeException e) {
            log.bug("queue", e);
        }
        return false;
    }

    /**
     * Takes in a share of each user's files, one of each user after another.
     *
     * @return whether another round finds more to do
     * @throws IOException if the spool cannot be used now
     */
    boolean round() throws IOException {
        folder.prepare(ownUid);
        long began = System.nanoTime();
        SpoolFolder.Listing listing = folder.list(clock.millis());
        looked = (System.nanoTime() - began) / 1_000_000;
        waiting = listing.messages();
        setAside.set(listing.setAside());
        if (before != null && !folder.has(before.name())) {
            before = null; // it was removed, or its owner took it away
        }
        if (listing.messages() == 0) {
            return false;
        }
        int group = folder.group();
        if (before != null) { // first: the next one's line takes the place of its line
            var unfinished = new SpoolFile(before.name(), ownUid, FileTime.fromMillis(0));
            switch (take(unfinished, group, new Counted())) {
                case NOT_NOW -> {
                    return false;
                }
                case DONE -> before = null;
                case LEFT -> {} // another time; the line is known here until queue stops
            }
        }
        List<List<SpoolFile>> shares = listing.shares();
        long[] octets = new long[shares.size()];
        long done = 0;
        removeTaken();
        for (int turn = 0; turn < SpoolFolder.SHARE; turn++) {
            for (int user = 0; user < shares.size(); user++) {
                if (stopping) {
                    return false;
                }
                if (turn < shares.get(user).size() && octets[user] < SHARE_OCTETS) {
                    SpoolFile found = shares.get(user).get(turn);
                    var counted = new Counted();
                    IntakeResult end = take(found, group, counted);
                    octets[user] += counted.octets;
                    if (end == IntakeResult.NOT_NOW) {
                        return false;
                    }
                    done += end == IntakeResult.DONE ? 1 : 0;
                    waiting = Math.max(0, listing.messages() - done);
                }
            }
        }
        return done > 0 && done < listing.messages();
    }

    /** How many octets of a file were read. */
    private static final class Counted {
        long octets;
    }

    private IntakeResult take(SpoolFile found, int group, Counted counted) throws IOException {
        if (taken.contains(found.name())) {
            return IntakeResult.LEFT;
        }
        UntrustedFile opened;
        try {
            opened = folder.open(found.name());
        } catch (NoSuchFileException e) {
            return IntakeResult.DONE; // its owner took it away
        } catch (UntrustedFile.UnusableException e) {
            return setAside(found.name(), found.uid(), LogText.reason(e));
        } catch (IOException e) {
            return IntakeResult.LEFT; // its owner has a lease on it, or we are out of descriptors
        }
        try (UntrustedFile file = opened) {
            FileStatus status = file.status();
            String wrong = wrong(status, group);
            if (wrong != null) {
                return setAside(found.name(), status.uid(), wrong);
            }
            counted.octets = status.size();
            return take(found.name(), file, status);
        }
    }

    private static @Nullable String wrong(FileStatus status, int group) {
        if (status.kind() != FileStatus.FileKind.REGULAR) {
            return "it is no file";
        }
        if (status.links() != 1) {
            return "it has " + status.links() + " names";
        }
        if (status.gid() != group) {
            return "its group is " + Integer.toUnsignedString(status.gid()) + ", and not the folder's "
                    + Integer.toUnsignedString(group) + ": it was not made here";
        }
        if (status.size() > Spool.LARGEST) {
            return "it has " + status.size() + " octets, over " + Spool.LARGEST;
        }
        return null;
    }

    private IntakeResult take(String name, UntrustedFile file, FileStatus status) throws IOException {
        long known;
        try {
            known = takenBefore(name, file, status);
        } catch (IOException e) {
            return left(name, status.uid(), e);
        }
        if (known > 0) {
            log.log(new SpoolEvent.TakenBefore(known, name));
            taken.add(name);
            removeTaken();
            return IntakeResult.DONE;
        }
        taking.begin(new SpoolIntakeMarker.MarkerLine(name, queue.lastMessage() + 1));
        try (var submission = enqueue.open()) {
            Envelope envelope;
            try (InputStream in = content(file, status)) {
                Envelope claimed = SpooledMessage.read(in, submission);
                claimed.check();
                claimed.checkValues();
                envelope = claimed.by(status.uid());
            } catch (MalformedFrameException | IllegalArgumentException e) {
                return setAside(name, status.uid(), String.valueOf(e.getMessage()));
            } catch (IOException e) { // it may be sound, and the disk in trouble
                return left(name, status.uid(), e);
            }
            return switch (submission.commit(envelope)) {
                case Enqueue.Receipt.Accepted(long message) -> {
                    log.log(new MessageEvent.SpoolTaken(message, name, UnixId.number(status.uid())));
                    taken.add(name);
                    removeTaken();
                    yield IntakeResult.DONE;
                }
                case Enqueue.Receipt.TemporaryFailure _ -> IntakeResult.NOT_NOW;
                case Enqueue.Receipt.PermanentFailure(var code, String reason) ->
                    setAside(name, status.uid(), reason + " (#" + code + ")");
            };
        }
    }

    /** What is in the queue must not be taken in again, even if its file cannot be removed now. */
    private void removeTaken() throws IOException {
        for (String name : List.copyOf(taken)) {
            try {
                folder.remove(name);
            } catch (DirectoryNotEmptyException e) { // its owner has put a folder into its place: no message of anybody
                int uid = folder.owner(name);
                if (setAside(name, uid, "it is no file") == IntakeResult.LEFT) {
                    throw e;
                }
            }
            taken.remove(name);
        }
    }

    /** What the file had when it was looked at, and no more, however it grows. */
    private static InputStream content(UntrustedFile file, FileStatus status) throws IOException {
        return new Limited(Channels.newInputStream(file.channel()), status.size());
    }

    private static final class Limited extends FilterInputStream {
        private long left;

        Limited(InputStream in, long left) {
            super(in);
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            int count = left == 0 ? -1 : in.read(into, from, (int) Math.min(length, left));
            left -= Math.max(0, count);
            return count;
        }
    }

    /** It cannot be read now: the others go on, and the log says so now and then. */
    private IntakeResult left(String name, int uid, IOException why) {
        long now = clock.millis();
        if (now - warnedAt >= WARNING_PAUSE || now < warnedAt) {
            warnedAt = now;
            log.log(new SpoolEvent.Left(name, UnixId.number(uid), LogText.reason(why)));
        }
        return IntakeResult.LEFT;
    }

    private IntakeResult setAside(String name, int uid, String why) {
        String now;
        try {
            now = folder.setAside(name);
        } catch (IOException e) {
            return IntakeResult.LEFT;
        }
        setAside.incrementAndGet();
        alert(new SpoolEvent.SetAside(name, UnixId.number(uid), why, now, unsaid));
        return IntakeResult.DONE;
    }

    private void alert(SpoolEvent.SetAside event) {
        long now = clock.millis();
        if (now - alertedAt < ALERT_PAUSE && now >= alertedAt) {
            unsaid++;
            return;
        }
        alertedAt = now;
        log.log(event);
        unsaid = 0;
    }

    /** What was being taken in when queue stopped may be in the queue: the number of its message, or 0. */
    private long takenBefore(String name, UntrustedFile file, FileStatus status) throws IOException {
        SpoolIntakeMarker.MarkerLine line = before;
        if (line == null || !line.name().equals(name)) {
            return 0;
        }
        try {
            var size = new Size();
            read(file, status, size);
            for (long message : queue.numbersFrom(line.first())) {
                if (message <= lastBefore && isSame(message, size.octets, file, status)) {
                    return message;
                }
            }
        } catch (MalformedFrameException e) {
            return 0; // it is dealt with as any other
        }
        return 0;
    }

    private static void read(UntrustedFile file, FileStatus status, Enqueue.Submission into) throws IOException {
        try (InputStream in = content(file, status)) {
            var _ = SpooledMessage.read(in, into);
        }
    }

    private boolean isSame(long message, long octets, UntrustedFile file, FileStatus status) throws IOException {
        try (Messages.MessageBody body = queue.messages().open(message)) {
            if (body.octets() != octets) {
                return false;
            }
            var comparison = new Comparison(body);
            read(file, status, comparison);
            return comparison.same;
        } catch (MalformedFrameException e) {
            throw e;
        } catch (IOException e) {
            return false; // ended meanwhile, or cannot be read
        }
    }

    /** Counts the octets of a message. */
    private static final class Size implements Enqueue.Submission {
        private long octets;

        @Override
        public void write(byte[] from, int at, int length) {
            octets += length;
        }

        @Override
        public Enqueue.Receipt commit(Envelope envelope, String fields) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    /** Compares the octets of a message with those of another. */
    private static final class Comparison implements Enqueue.Submission {
        private final InputStream other;
        private boolean same = true;

        Comparison(InputStream other) {
            this.other = other;
        }

        @Override
        public void write(byte[] from, int at, int length) throws IOException {
            byte[] octets = other.readNBytes(length);
            same &= octets.length == length && java.util.Arrays.equals(octets, 0, length, from, at, at + length);
        }

        @Override
        public Enqueue.Receipt commit(Envelope envelope, String fields) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    /** How much lies in the spool, as it was seen last. */
    String status() {
        return "spool=" + waiting + " spooldamaged=" + setAside.get();
    }
}

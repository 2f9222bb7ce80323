package carteiro.protocol;

import carteiro.log.EventLog;
import carteiro.posix.ThreadIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Platform threads for work on files, which take on the identity of the files' user (docs/decisions/thread-identity.md). Not virtual ones: an
 * identity belongs to a thread of the kernel, and a forced write would hold a carrier.
 *
 * <p>A task gives its answer after the thread is root's again: giving it may start a thread, which would inherit the
 * user's identity.
 */
public final class FileThreads {
    /** The most threads. */
    public static final int MOST = 128;

    /** The most of them that work for one user, so that nobody's hanging file system stops the others. */
    public static final int MOST_PER_USER = 32;

    private static final Duration IDLE = Duration.ofMinutes(1);

    private final String program;
    private final AccountPrivilege privilege;
    private final Duration patience;
    private final EventLog log;
    private final Semaphore free;
    private final int mostPerUser;
    private final Map<Integer, UserThreadQuota> shares = new HashMap<>(); // guarded by itself

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();
    private final ArrayDeque<Task<?>> tasks = new ArrayDeque<>(); // guarded by lock; bounded by free
    private int idle; // guarded by lock
    private long started; // guarded by lock

    /**
     * None yet.
     *
     * @param program whose log they write into
     * @param patience how long one piece of work may take, with the wait for a thread
     */
    public FileThreads(String program, AccountPrivilege privilege, Duration patience, EventLog log) {
        this(program, privilege, patience, MOST, MOST_PER_USER, log);
    }

    /**
     * The same with limits of its own.
     *
     * @param most threads in all
     * @param mostPerUser of them for one user
     */
    public FileThreads(
            String program, AccountPrivilege privilege, Duration patience, int most, int mostPerUser, EventLog log) {
        this.program = program;
        this.free = new Semaphore(most);
        this.mostPerUser = mostPerUser;
        this.privilege = privilege;
        this.patience = patience;
        this.log = log;
    }

    /** What is to be done as a user. */
    @FunctionalInterface
    public interface FileAction<T> {
        /** @throws IOException if it fails */
        T run() throws IOException;
    }

    /** What one user may have. */
    private static final class UserThreadQuota {
        final Semaphore free;
        int users;

        UserThreadQuota(int most) {
            free = new Semaphore(most);
        }
    }

    /**
     * Does something with the files of a user, as that user.
     *
     * @throws IOException if it fails, takes too long, or there is no thread for too long
     */
    public <T> T as(int uid, int gid, FileAction<T> work) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        UserThreadQuota share = share(uid);
        var task = new Task<T>(uid, gid, work, share);
        try {
            acquire(share.free, end, () -> leave(uid, share));
            acquire(free, end, () -> {
                share.free.release();
                leave(uid, share);
            });
            submit(task);
            return task.answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException("the file system did not answer within " + patience.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the file system", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException trouble -> throw trouble;
                case RuntimeException ours -> throw ours;
                case Error ours -> throw ours;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    private void acquire(Semaphore semaphore, long end, Runnable otherwise) throws IOException, InterruptedException {
        boolean acquired = false;
        try {
            acquired = semaphore.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } finally {
            if (!acquired) {
                otherwise.run();
            }
        }
        if (!acquired) {
            throw new IOException("too many wait for slow disks (" + patience.toSeconds() + " s)");
        }
    }

    private UserThreadQuota share(int uid) {
        synchronized (shares) {
            UserThreadQuota share = shares.computeIfAbsent(uid, _ -> new UserThreadQuota(mostPerUser));
            share.users++;
            return share;
        }
    }

    private void leave(int uid, UserThreadQuota share) {
        synchronized (shares) {
            share.users--;
            if (share.users == 0) {
                shares.remove(uid);
            }
        }
    }

    private void submit(Task<?> task) {
        long number;
        lock.lock();
        try {
            tasks.add(task);
            if (idle >= tasks.size()) {
                added.signal();
                return;
            }
            started++;
            number = started;
        } finally {
            lock.unlock();
        }
        Thread.ofPlatform().daemon(true).name(program + " files " + number).start(this::work);
    }

    private void work() {
        for (Task<?> task = next(); task != null; task = next()) {
            if (!task.perform()) {
                return; // it is not clear who this thread is: nothing more by it
            }
        }
    }

    private @org.jspecify.annotations.Nullable Task<?> next() {
        lock.lock();
        try {
            idle++;
            long left = IDLE.toNanos();
            while (tasks.isEmpty() && left > 0) {
                left = added.awaitNanos(left);
            }
            idle--;
            return tasks.poll();
        } catch (InterruptedException e) {
            idle--;
            return null;
        } finally {
            lock.unlock();
        }
    }

    private final class Task<T> {
        private final int uid;
        private final int gid;
        private final FileAction<T> work;
        private final UserThreadQuota share;
        private final CompletableFuture<T> answer = new CompletableFuture<>();

        Task(int uid, int gid, FileAction<T> work, UserThreadQuota share) {
            this.uid = uid;
            this.gid = gid;
            this.work = work;
            this.share = share;
        }

        /** Whether the thread is as it was before. */
        boolean perform() {
            Runnable finish;
            boolean sane = true;
            try {
                T result = asUser();
                finish = () -> answer.complete(result);
            } catch (IOException | RuntimeException | Error e) {
                VitalThread.endProcessIfOutOfMemory(e);
                finish = () -> answer.completeExceptionally(e);
            }
            if (privilege instanceof AccountPrivilege.EveryUser) {
                try {
                    ThreadIdentity.restore();
                } catch (IOException | RuntimeException e) {
                    sane = false;
                    log.alert(
                            program,
                            "a thread stays uid " + Integer.toUnsignedString(uid) + " and ends: " + e.getMessage());
                }
            }
            free.release();
            share.free.release();
            leave(uid, share);
            finish.run();
            return sane;
        }

        private T asUser() throws IOException {
            switch (privilege) {
                case AccountPrivilege.EveryUser _ -> ThreadIdentity.assume(uid, gid);
                case AccountPrivilege.OneUser(int own) -> {
                    if (uid != own) {
                        throw new IOException(
                                "not started by root: only uid " + Integer.toUnsignedString(own) + " can be served");
                    }
                }
            }
            return work.run();
        }
    }
}

package carteiro.protocol;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.posix.SystemAccount;
import carteiro.wire.MalformedFrameException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/** Listens at a {@link Endpoint}; one virtual thread a connection. */
final class EndpointServer implements Closeable {
    /** Connections at one endpoint; further callers wait in the kernel's backlog. */
    private static final int MOST_CONNECTIONS = 4_000;

    private static final int BUFFER = 16 * 1024;

    /** How long answers that are being written may take when the endpoint is closed. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(1);

    /** Nanoseconds from one warning about callers to the next: who calls can make many. */
    private static final long WARNING_PAUSE = TimeUnit.SECONDS.toNanos(1);

    /** The same for callers of another version: start asks its own programs again and again. */
    private static final long VERSION_PAUSE = TimeUnit.MINUTES.toNanos(1);

    /** Users that programs of ours run as. */
    private static final Set<String> OWN_USERS =
            Set.of("qmaild", "qmailq", "qmails", "qmailr", "qmailp", "qmailpop", "qmailo");

    /**
     * Who is served.
     *
     * @param uid the system user, as the kernel says
     * @param user its name, for people; its number if it has none
     * @param standing what it is to the program
     * @param connection closing it ends the service
     * @param complaints takes what is wrong with a question, or with us, when the service goes on all the same
     */
    record Caller(
            int uid, String user, CallerRole standing, WritableByteChannel connection, Consumer<Throwable> complaints) {
        /** Whether it is none of those the endpoint is made for. */
        boolean guest() {
            return standing == CallerRole.GUEST;
        }
    }

    /** What a caller is to the program. */
    enum CallerRole {
        /** Root, or the program's own user: nothing is kept from it. */
        OWN,
        /** A program of ours with another user, for which the endpoint is made. */
        NEIGHBOUR,
        /** Anybody else. */
        GUEST
    }

    /** Serves one connection until it ends. */
    interface ConnectionHandler {
        void serve(InputStream in, OutputStream out, Caller caller) throws IOException;
    }

    private final Endpoint endpoint;
    private final ConnectionHandler server;
    private final EventLog log;
    private final Path socket;
    private final ServerSocketChannel listener;
    private final Semaphore free = new Semaphore(MOST_CONNECTIONS);
    private final CallerQuota quota = new CallerQuota();
    private final SystemUids uids = new SystemUids();
    private final int ownUid = SystemAccount.effectiveUid();
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();
    private final LogRateLimiter warnings = new LogRateLimiter(WARNING_PAUSE);
    private final LogRateLimiter alerts = new LogRateLimiter(WARNING_PAUSE);
    private final LogRateLimiter versions = new LogRateLimiter(VERSION_PAUSE);
    private final VitalThread accepting;
    private volatile boolean closed;

    private EndpointServer(
            Endpoint endpoint, ConnectionHandler server, EventLog log, Path socket, ServerSocketChannel listener) {
        this.endpoint = endpoint;
        this.server = server;
        this.log = log;
        this.socket = socket;
        this.listener = listener;
        this.accepting = new VitalThread(
                Thread.ofVirtual().name(endpoint.program() + "/" + endpoint.name()),
                endpoint.program(),
                log,
                () -> closed,
                this::accept);
    }

    /** Opens the endpoint. A socket left by a crash is replaced; one that somebody answers at is not. */
    static EndpointServer open(Endpoint endpoint, Path run, ConnectionHandler server, EventLog log) throws IOException {
        Path socket = endpoint.socket(run);
        if (socket.toString().length() > 107) {
            throw new IOException(socket + ": the path of a socket has at most 107 octets; choose a shorter --home");
        }
        Files.createDirectories(socket.getParent());
        if (Files.exists(socket)) {
            try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                throw new IOException(socket + ": another " + endpoint.program() + " answers here; stop it first");
            } catch (java.net.ConnectException e) {
                Files.delete(socket);
            }
        }
        var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(socket), 1024);
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString(endpoint.mode()));
        } catch (IOException e) {
            listener.close();
            throw new IOException(socket + ": cannot listen here (" + LogText.reason(e) + ")", e);
        }
        var keeper = new EndpointServer(endpoint, server, log, socket, listener);
        keeper.accepting.start();
        return keeper;
    }

    private void accept() {
        while (!closed) {
            free.acquireUninterruptibly();
            SocketChannel peer;
            try {
                peer = listener.accept();
            } catch (ClosedChannelException e) {
                return; // by us: else this thread was vital
            } catch (IOException e) { // out of descriptors: the connection stays in the backlog
                free.release();
                if (closed) {
                    return;
                }
                log.warning(endpoint.program(), socket + ": cannot accept now: " + LogText.reason(e));
                pause();
                continue;
            }
            connections.add(peer);
            Thread.ofVirtual().name(endpoint.program() + "/" + endpoint.name()).start(() -> converse(peer));
        }
    }

    private void converse(SocketChannel peer) {
        try (peer) {
            UnixDomainPrincipal principal = peer.getOption(ExtendedSocketOptions.SO_PEERCRED);
            String user = principal.user().getName();
            int uid = uids.of(principal.user());
            CallerRole standing = endpoint.standing(uid, ownUid, uids);
            var caller = new Caller(uid, user, standing, peer, this::complainOfQuestion);
            if (!caller.guest()) {
                serve(peer, caller);
            } else if (!endpoint.anyone()) {
                refuse(user, uid);
                GreetingInput.refuse(peer, "user " + user + " is none of those that it serves here");
            } else if (quota.enter(uid)) {
                try {
                    serve(peer, caller);
                } finally {
                    quota.leave(uid);
                }
            } else {
                warn("connection by user " + user + " refused: there are " + quota.of(uid) + " of this user, at most "
                        + CallerQuota.MOST_OF_ONE + ", and " + quota.all() + " of all but Carteiro's own, at most "
                        + CallerQuota.MOST
                        + "; see what this user runs");
                GreetingInput.refuse(peer, "user " + user + " has too many connections, or all users together have");
            }
        } catch (Throwable e) { // an Error too: it is said, and the others are served
            complain(e, "connection closed, not understood: ", "connection lost: ");
        } finally {
            connections.remove(peer);
            free.release();
        }
    }

    private void complain(Throwable e, String ofCaller, String ofConnection) {
        VitalThread.endProcessIfOutOfMemory(e);
        switch (e) {
            case EOFException _, ClosedChannelException _ -> {
                // the caller has gone, or we are closing: nothing was answered
            }
            case MalformedFrameException _, IllegalArgumentException _ -> warn(ofCaller + e.getMessage());
            case IOException gone when isOfCaller(gone) -> {
                // as remote does, when no recipient of a message that it has begun to read is taken
            }
            case IOException _ -> {
                if (!closed) {
                    log.info(endpoint.program(), socket + ": " + ofConnection + e.getMessage());
                }
            }
            default -> log.bug(endpoint.program(), e);
        }
    }

    /** Whether the caller has closed its end though there was more to read. */
    private static boolean isOfCaller(IOException e) {
        String words = String.valueOf(e.getMessage());
        return words.contains("Broken pipe") || words.contains("Connection reset");
    }

    private void complainOfQuestion(Throwable e) {
        complain(e, "question not understood: ", "question not answered: ");
    }

    private void serve(SocketChannel peer, Caller caller) throws IOException {
        var in = new BufferedInputStream(Channels.newInputStream(peer), BUFFER);
        var out = new BufferedOutputStream(Channels.newOutputStream(peer), BUFFER);
        int first = in.read();
        if (first < 0) {
            return;
        }
        int version = first == WireVersion.MARK ? WireVersion.rest(in) : WireVersion.NONE;
        if (WireVersion.understands(version)) {
            WireVersion.say(out);
            server.serve(in, out, caller);
        } else {
            refuse(version, peer, caller);
        }
    }

    private void refuse(int version, SocketChannel peer, Caller caller) throws IOException {
        String spoken = WireVersion.named(version);
        versions.say(others -> log.warning(
                endpoint.program(),
                socket + ": connection by user " + caller.user() + " refused: it speaks " + spoken + ", "
                        + endpoint.program() + " version " + WireVersion.OURS
                        + "; start all programs again from the build that is installed" + others));
        GreetingInput.refuse(
                peer,
                "it speaks version " + WireVersion.OURS + " of the wires, this program " + spoken
                        + "; start both from the same build");
    }

    /** A program of ours that runs as another user than we expect would take mail that never gets on. */
    private void refuse(String user, int uid) throws IOException {
        if (uids.isOneOf(OWN_USERS, uid) || SystemAccount.withUid(uid).isEmpty()) {
            alerts.say(others -> log.alert(
                    endpoint.program(),
                    socket + ": connection by user " + user
                            + " refused, who may run a program of Carteiro: then mail is accepted"
                            + " and not delivered; start all programs as the users that \"carteiro init\" made, or all as one"
                            + " user" + others));
        } else {
            warn("connection by user " + user + " refused");
        }
    }

    private void warn(String text) {
        warnings.say(others -> log.warning(endpoint.program(), socket + ": " + text + others));
    }

    /** Lines of the log, at most one in a while: the others are counted. */
    private static final class LogRateLimiter {
        private final long pause;
        private final AtomicLong saidAt;
        private final AtomicLong unsaid = new AtomicLong();

        /** @param pause nanoseconds from one line to the next */
        LogRateLimiter(long pause) {
            this.pause = pause;
            this.saidAt = new AtomicLong(System.nanoTime() - pause);
        }

        /** @param line takes what is to be said of those before that were not */
        void say(Consumer<String> line) {
            long before = saidAt.get();
            long now = System.nanoTime();
            if (now - before < pause || !saidAt.compareAndSet(before, now)) {
                unsaid.incrementAndGet();
                return;
            }
            long others = unsaid.getAndSet(0);
            line.accept(others == 0 ? "" : " (and " + others + " times something like it before)");
        }
    }

    String program() {
        return endpoint.program();
    }

    /** Whether callers are let in; false for good once the thread that does so has ended, unless {@link #close} was called. */
    boolean alive() {
        return accepting.alive();
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Closes the endpoint. An answer that is being written still goes out, since the caller would ask again for what was
     * done: nothing more is read, and after {@link #LAST_ANSWERS} every connection is closed.
     */
    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        Files.deleteIfExists(socket);
        for (SocketChannel connection : connections) {
            try {
                connection.shutdownInput();
            } catch (IOException e) {
                // it has gone already
            }
        }
        awaitLastAnswers();
        for (SocketChannel connection : connections) {
            try { // at once for the peer, whatever our own thread is doing with it
                connection.shutdownOutput();
            } catch (IOException e) {
                // it has gone already
            }
            connection.close();
        }
    }

    private void awaitLastAnswers() {
        try { // the thread that accepts may have ended with a permit in its hand
            var _ = free.tryAcquire(MOST_CONNECTIONS - 1, LAST_ANSWERS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

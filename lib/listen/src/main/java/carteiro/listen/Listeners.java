package carteiro.listen;

import carteiro.control.ControlException;
import carteiro.control.Setting;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.log.EventLog;
import carteiro.protocol.VitalThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The listeners of a program: gives each client a virtual thread and a place, and ends what takes too long. First {@link #open}, then
 * {@link #serve}; any number of threads.
 */
public final class Listeners {
    /** How long a stop leaves a conversation that neither waits for its client nor for the fate of a message. */
    public static final Duration GRACE = Duration.ofSeconds(2);

    /** Clients that wait in the kernel for us to accept them. */
    private static final int BACKLOG = 1024;

    /** How long a closed listener's thread may take to end; it waits for nobody. */
    private static final Duration CLOSING = Duration.ofSeconds(5);

    /** How long a proxy may take to say who its client is. */
    private static final Duration PROXY_PATIENCE = Duration.ofSeconds(5);

    /** One client turned away is named in so much time; the others are counted. */
    private static final Duration NAMED_EVERY = Duration.ofSeconds(10);

    private final String program;
    private final Setting<?> setting;
    private final ClientService service;
    private final ListenerEvents events;
    private final EventLog log;
    private final Duration grace;
    private final ConnectionLimiter limiter = new ConnectionLimiter();
    private final Set<ClientConnection> connections = ConcurrentHashMap.newKeySet();
    private final Map<String, Listener> listeners = new LinkedHashMap<>(); // guarded by this
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicLong conversations = new AtomicLong();
    private final AtomicLong turnedAway = new AtomicLong();
    private final AtomicLong unnamed = new AtomicLong();
    private final AtomicLong namedAt = new AtomicLong(System.nanoTime() - NAMED_EVERY.toNanos());
    /** That which must not end; that of a closed listener has ended well. */
    private final List<VitalThread> vital = new CopyOnWriteArrayList<>();

    /**
     * Listeners that are not open yet.
     *
     * @param program its name, for threads and the log
     * @param setting the one that names the listeners
     * @param grace {@link #GRACE}, but for a test
     */
    public Listeners(
            String program,
            Setting<?> setting,
            ClientService service,
            ListenerEvents events,
            EventLog log,
            Duration grace) {
        this.program = program;
        this.setting = setting;
        this.service = service;
        this.events = events;
        this.log = log;
        this.grace = grace;
    }

    /** A port that is open, and who accepts at it; guarded by the listeners. */
    private static final class Listener {
        final ServerSocket socket;
        final String address;
        private volatile ListenerRole role;
        private @Nullable VitalThread accepting;

        Listener(ServerSocket socket, ListenerRole role) {
            this.socket = socket;
            this.role = role;
            this.address = ListenAddress.form(socket.getInetAddress(), socket.getLocalPort());
        }

        String address() {
            return address;
        }

        void acceptBy(VitalThread thread) {
            accepting = thread;
            thread.start();
        }

        /** When this returns, nobody can connect: a port stays open until the thread that waits at it has left it. */
        void close() {
            try {
                socket.close();
                VitalThread thread = accepting;
                if (thread != null) {
                    thread.join(CLOSING);
                }
            } catch (IOException e) {
                // of no further use either way
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Opens every listener; nothing is accepted yet.
     *
     * @throws IOException if a port is in use or the host has not such an address: start tries that again, and lets the
     *     other programs run, where a setting that cannot be used keeps all of them down
     */
    public synchronized void open(List<ListenAddress> wanted) throws IOException {
        var problems = new ArrayList<String>();
        for (ListenAddress address : wanted) {
            if (!listeners.containsKey(address.text())) {
                open(address, problems);
            }
        }
        if (!problems.isEmpty()) {
            throw new IOException(String.join("; ", problems));
        }
    }

    private void open(ListenAddress wanted, List<String> problems) {
        try {
            var socket = new ServerSocket();
            try {
                socket.bind(wanted.address(), BACKLOG);
                listeners.put(wanted.text(), new Listener(socket, wanted.role()));
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        } catch (IOException e) {
            problems.add(setting + ": cannot listen on " + wanted.text() + " (" + e.getMessage()
                    + "); is the port free, and above 1023 or " + program + " started by root?");
        }
    }

    /** Begins to accept. */
    public synchronized void serve() {
        vital.add(VitalThread.start(
                Thread.ofPlatform().name(program + "-sweep").daemon(true), program, log, stopping::get, this::sweep));
        listeners.values().forEach(this::accept);
    }

    private void accept(Listener listener) {
        log.log(events.listening(listener.address()));
        var accepting = new VitalThread(
                Thread.ofVirtual().name(program + " " + listener.address()),
                program,
                log,
                listener.socket::isClosed,
                () -> acceptAt(listener));
        listener.acceptBy(accepting);
        vital.add(accepting);
    }

    private void acceptAt(Listener listener) {
        while (!listener.socket.isClosed()) {
            try {
                admit(listener.socket.accept(), listener.role);
            } catch (IOException e) {
                if (!listener.socket.isClosed()) { // out of descriptors: the client waits in the kernel
                    log.warning(program, listener.address() + ": cannot accept now: " + e.getMessage());
                    pause();
                }
            }
        }
    }

    private void pause() {
        try {
            stopped.await(100, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit(Socket socket, ListenerRole role) {
        InetAddress address = socket.getInetAddress();
        ListenerLimits limits = service.limits();
        if (address == null) { // it has gone by itself
            close(socket);
            return;
        }
        boolean proxied = role.has(RoleWord.PROXY); // who has as many clients as there are
        var arrival = new Arrival(socket, address, role);
        if (hasPlace(arrival, limits.connections(), proxied ? limits.connections() : limits.connectionsOfOne())) {
            Thread.ofVirtual().name(program + " session").start(() -> {
                try (socket) {
                    if (proxied) {
                        serveBehindProxy(arrival, limits);
                    } else {
                        serve(arrival);
                    }
                } catch (IOException e) {
                    // it is closed all the same
                } catch (RuntimeException | Error e) {
                    VitalThread.endProcessIfOutOfMemory(e);
                    log.bug(program, e);
                }
            });
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // of no further use either way
        }
    }

    /** Takes a place for it; it is told if there is none. */
    private boolean hasPlace(Arrival arrival, int most, int mostOfOne) {
        switch (limiter.take(arrival.address(), most, mostOfOne)) {
            case TAKEN -> {
                return true;
            }
            case ALL_TAKEN -> service.allTaken(arrival);
            case ENOUGH_FOR_ONE -> service.enoughForOne(arrival);
        }
        return false;
    }

    /** Gives its place back at the end. */
    private void serve(Arrival arrival) {
        try {
            service.serve(arrival);
        } finally {
            limiter.giveBack(arrival.address());
        }
    }

    /** The place of the proxy becomes one of the client that it names. */
    private void serveBehindProxy(Arrival proxy, ListenerLimits limits) {
        Optional<InetAddress> named;
        try {
            if (!limits.proxies().hold(proxy.address())) {
                throw new IOException("control/proxyhosts does not name it as a proxy");
            }
            named = ProxyHeader.read(proxy.socket(), PROXY_PATIENCE);
        } catch (IOException e) {
            service.withoutProxy(proxy, String.valueOf(e.getMessage()));
            return;
        } finally {
            limiter.giveBack(proxy.address());
        }
        var client = new Arrival(proxy.socket(), named.orElse(proxy.address()), proxy.role());
        if (hasPlace(
                client, limits.connections(), named.isPresent() ? limits.connectionsOfOne() : limits.connections())) {
            serve(client);
        }
    }

    /** Converses over a connection whose time limits are enforced meanwhile; counts as a conversation. */
    public void converse(ClientConnection connection, Runnable conversation) {
        connections.add(connection);
        try {
            conversations.incrementAndGet();
            conversation.run();
        } finally {
            connections.remove(connection);
        }
    }

    /**
     * Turns a client away and closes. A new connection takes one short reply without blocking. Where TLS comes first the client reads
     * nothing. The log names one such client in ten seconds and counts the others.
     *
     * @param reply what it reads, a line at most
     * @param why for the log
     * @param rule whose refusal it is, for the log; may be empty
     */
    public void turnAway(Arrival arrival, byte[] reply, String why, String rule) {
        turnedAway.incrementAndGet();
        long now = System.nanoTime();
        long named = namedAt.get();
        if (now - named > NAMED_EVERY.toNanos() && namedAt.compareAndSet(named, now)) {
            log.log(events.turnedAway(Client.text(arrival.address()), why, rule));
        } else {
            unnamed.incrementAndGet();
        }
        try (Socket socket = arrival.socket()) {
            if (!arrival.role().has(RoleWord.TLS)) {
                socket.getOutputStream().write(reply);
            }
        } catch (IOException e) {
            // it has gone by itself
        }
    }

    private void sweep() {
        try {
            while (!stopped.await(ClientConnection.SWEEP.toMillis(), TimeUnit.MILLISECONDS)) {
                long now = System.nanoTime();
                for (ClientConnection connection : connections) {
                    connection.enforceTimeouts(now);
                }
                if (now - namedAt.get() > NAMED_EVERY.toNanos()) {
                    long more = unnamed.getAndSet(0);
                    if (more > 0) {
                        log.log(events.moreTurnedAway(more));
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The roles of those that are open. */
    public synchronized Stream<ListenerRole> roles() {
        return listeners.values().stream().map(listener -> listener.role).toList().stream();
    }

    /**
     * Opens and closes as the file now says; who stays open is not touched, but for its role.
     *
     * @param listen what is wanted; empty leaves all as they are
     * @param adopt makes the new settings those of new conversations; called once all that is wanted is open
     * @throws ControlException if one cannot be opened: nothing has changed then
     */
    public synchronized void reload(Optional<List<ListenAddress>> listen, Runnable adopt) throws ControlException {
        var problems = new ArrayList<String>();
        Set<String> kept = Set.copyOf(listeners.keySet());
        List<ListenAddress> wanted = listen.orElse(List.of());
        for (ListenAddress address : wanted) {
            if (!kept.contains(address.text())) {
                open(address, problems);
            }
        }
        if (!problems.isEmpty()) {
            closeExcept(kept);
            throw new ControlException(problems);
        }
        adopt.run(); // before its listeners: one may need the new key
        if (listen.isPresent()) {
            for (ListenAddress address : wanted) {
                Listener listener = listeners.get(address.text());
                if (listener != null) {
                    listener.role = address.role();
                }
            }
            listeners.forEach((text, listener) -> {
                if (!kept.contains(text)) {
                    accept(listener);
                }
            });
            closeExcept(wanted.stream().map(ListenAddress::text).collect(Collectors.toSet()));
        }
    }

    private void closeExcept(Set<String> kept) {
        listeners.entrySet().removeIf(entry -> {
            if (kept.contains(entry.getKey())) {
                return false;
            }
            String address = entry.getValue().address();
            entry.getValue().close();
            vital.removeIf(thread -> thread.alive() && !thread.isRunning());
            log.log(events.listeningNoMore(address));
            return true;
        });
    }

    /** Closes all listeners: nobody can connect when this returns. Conversations go on. */
    public synchronized void close() {
        listeners.values().forEach(Listener::close);
        listeners.clear();
    }

    /** False once a thread has ended that they cannot do without. */
    public boolean alive() {
        return vital.stream().allMatch(VitalThread::alive);
    }

    /** What they do, in {@code name=value} pairs. */
    public String status() {
        var addresses = new ArrayList<String>();
        synchronized (this) {
            listeners.values().forEach(listener -> addresses.add(listener.address()));
        }
        return "listening=" + String.join(",", addresses) + " sessions=" + limiter.taken() + " conversations="
                + conversations.get() + " turnedaway=" + turnedAway.get();
    }

    /** Whether {@link #stop} was called. */
    public boolean isStopping() {
        return stopping.get();
    }

    /**
     * Whether a stop goes on waiting: for queue's answers as long as it may, for what else ends by itself a moment. The
     * programs that stop after this one need their time.
     */
    private boolean isWorthWaiting(long waited, Duration patience) {
        return limiter.taken() > 0
                && waited < patience.toNanos()
                && (waited < grace.toNanos() || connections.stream().anyMatch(ClientConnection::isSettling));
    }

    /** Closes the listeners and ends the conversations: of what clients said nothing was promised, unless they wait for its fate. */
    public void stop(Duration patience) {
        long began = System.nanoTime();
        stopping.set(true);
        close();
        try {
            for (long now = began; isWorthWaiting(now - began, patience); now = System.nanoTime()) {
                for (ClientConnection connection : connections) {
                    connection.stop(now); // again and again: it may have been between two reads
                }
                stopped.await(20, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connections.forEach(ClientConnection::closeHard); // of what they said nothing was promised
        stopped.countDown();
    }
}

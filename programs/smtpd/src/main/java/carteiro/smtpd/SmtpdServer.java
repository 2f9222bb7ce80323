package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.TcpRules;
import carteiro.log.EventLog;
import carteiro.mail.Envelope.AddressForm;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.StartupGrace;
import carteiro.protocol.VitalThread;
import carteiro.smtpd.Verdict.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Clock;
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
import org.jspecify.annotations.Nullable;

/** Listens, gives each client a virtual thread and a place, and ends what takes too long. */
final class SmtpdServer implements Program.RunningProgram {
    /** Clients that wait in the kernel for us to accept them. */
    private static final int BACKLOG = 1024;

    private static final Duration SWEEP = Duration.ofMillis(200);

    /**
     * What a test has shorter or longer.
     *
     * @param grace how long a stop leaves a conversation that neither waits for its client nor for the fate of a message
     * @param startup how long after the start lookup and queue are waited for
     */
    record Times(Duration grace, Duration startup) {
        static final Times STANDARD = new Times(Duration.ofSeconds(2), StartupGrace.LENGTH);
    }

    /** How long a closed listener's thread may take to end; it waits for nobody. */
    private static final Duration CLOSING = Duration.ofSeconds(5);

    /** One client turned away is named in so much time; the others are counted. */
    private static final Duration NAMED_EVERY = Duration.ofSeconds(10);

    private static final Reply ALL_TAKEN =
            PolicyRule.ALL_CONNECTIONS.reply(421, "4.3.2 too many connections, try again later");
    private static final Reply ENOUGH_FOR_ONE =
            PolicyRule.CONNECTIONS_OF_ONE.reply(421, "4.7.0 too many connections from you, try again later");

    private final Program.ProgramContext context;
    private final EventLog log;
    private final Clock clock;
    private final Duration grace;
    private final StartupGrace startup;
    private final ConnectionLimiter limiter = new ConnectionLimiter();
    private final Budgets budgets;
    private final HostNames hostNames = new HostNames(InetAddress::getCanonicalHostName, HostNames.PATIENCE);
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

    private volatile SmtpdSettings settings;
    private volatile int uid;

    SmtpdServer(Program.ProgramContext context, SmtpdSettings settings, Budgets budgets, Clock clock, Times times) {
        this.grace = times.grace();
        this.startup = StartupGrace.begin(times.startup(), stopping::get);
        this.budgets = budgets;
        this.context = context;
        this.log = context.log();
        this.settings = settings;
        this.clock = clock;
    }

    /** A port that is open, and who accepts at it; guarded by the server. */
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
    synchronized void open(boolean asRoot) throws IOException {
        List<ListenAddress> wanted = settings.listen().orElse(asRoot ? List.of(ListenAddress.STANDARD) : List.of());
        var problems = new ArrayList<String>();
        for (ListenAddress address : wanted) {
            if (!listeners.containsKey(address.text())) {
                open(address, problems);
            }
        }
        if (!problems.isEmpty()) {
            throw new IOException(String.join("; ", problems));
        }
        if (wanted.isEmpty()) {
            log.warning("smtpd", "listening nowhere; write an address such as 127.0.0.1:2525 into control/smtpdlisten");
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
            problems.add("control/smtpdlisten: cannot listen on " + wanted.text() + " (" + e.getMessage()
                    + "); is the port free, and above 1023 or smtpd started by root?");
        }
    }

    /** Begins to accept, as the user who will serve. */
    synchronized void serve() {
        uid = SystemAccount.effectiveUid();
        if (settings.policy().isOpenRelay()) {
            log.alert(
                    "smtpd", "control/openrelay says yes: anybody may send to anywhere; remove it unless you mean it");
        }
        if (settings.widestForm() == AddressForm.ASCII) {
            log.warning(
                    "smtpd",
                    "file names are " + SmtpdSettings.fileNames() + " in this locale, so that SMTPUTF8 is not offered; "
                            + PolicyRule.FILE_NAMES.administrator());
        }
        vital.add(VitalThread.start(
                Thread.ofPlatform().name("smtpd-sweep").daemon(true), "smtpd", log, stopping::get, this::sweep));
        listeners.values().forEach(this::accept);
    }

    private void accept(Listener listener) {
        log.log(new SmtpdEvent.Listening(listener.address()));
        var accepting = new VitalThread(
                Thread.ofVirtual().name("smtpd " + listener.address()),
                "smtpd",
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
                    log.warning("smtpd", listener.address() + ": cannot accept now: " + e.getMessage());
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
        SmtpdSettings now = settings;
        switch (address == null
                ? ConnectionLimiter.Admission.ALL_TAKEN
                : limiter.take(address, now.connections(), now.connectionsOfOne())) {
            case TAKEN ->
                Thread.ofVirtual().name("smtpd session").start(() -> {
                    try (socket) {
                        serve(socket, address, role, now);
                    } catch (IOException e) {
                        log.log(new SmtpdEvent.TurnedAway(
                                Client.text(address), "connection lost before the greeting", ""));
                    } catch (RuntimeException | Error e) {
                        VitalThread.endProcessIfOutOfMemory(e);
                        log.bug("smtpd", e);
                    } finally {
                        limiter.giveBack(address);
                    }
                });
            case ALL_TAKEN -> turnAway(socket, role, ALL_TAKEN, "all " + now.connections() + " connections are taken");
            case ENOUGH_FOR_ONE ->
                turnAway(socket, role, ENOUGH_FOR_ONE, "it has " + now.connectionsOfOne() + " connections");
        }
    }

    private void serve(Socket socket, InetAddress address, ListenerRole role, SmtpdSettings now) throws IOException {
        String host = now.rules().needHost() ? hostNames.of(address) : "";
        TcpRules.Rule rule = now.rules().ruleFor(address, host, "");
        Client client = Client.at(address, host, rule);
        Peer peer = Peer.of(client, rule, now.rightsOf(client, budgets.text().mostOfOne()));
        var session = new SmtpdSession.SessionContext(
                context.wires().enqueue(),
                context.wires().lookup(),
                log,
                clock,
                context.installation().home(),
                budgets,
                startup,
                uid,
                stopping::get);
        Optional<Refusal> refused = now.policy().judge(Stage.CONNECTED, peer, TransactionView.NONE, session);
        if (refused.isPresent()) {
            turnAway(socket, role, refused.get().reply(), refused.get().why());
            return;
        }
        socket.setTcpNoDelay(true);
        var connection = new ClientConnection(socket, now.silence(), now.conversation());
        connections.add(connection);
        try {
            conversations.incrementAndGet();
            new SmtpdSession(connection, peer, now, session).run(role);
        } finally {
            connections.remove(connection);
        }
    }

    /** A new connection takes one short reply without blocking; then it is closed. Where TLS comes first it reads nothing. */
    private void turnAway(Socket socket, ListenerRole role, Reply reply, String why) {
        turnedAway.incrementAndGet();
        InetAddress address = socket.getInetAddress();
        long now = System.nanoTime();
        long named = namedAt.get();
        if (now - named > NAMED_EVERY.toNanos() && namedAt.compareAndSet(named, now)) {
            log.log(new SmtpdEvent.TurnedAway(
                    address == null ? Client.UNKNOWN : Client.text(address), why, reply.ruleName()));
        } else {
            unnamed.incrementAndGet();
        }
        try (socket) {
            if (role == ListenerRole.PLAIN) {
                socket.getOutputStream().write(reply.octets(settings.ruleCodes()));
            }
        } catch (IOException e) {
            // it has gone by itself
        }
    }

    private void sweep() {
        try {
            while (!stopped.await(SWEEP.toMillis(), TimeUnit.MILLISECONDS)) {
                long now = System.nanoTime();
                for (ClientConnection connection : connections) {
                    connection.enforceTimeouts(now);
                }
                if (now - namedAt.get() > NAMED_EVERY.toNanos()) {
                    long more = unnamed.getAndSet(0);
                    if (more > 0) {
                        log.log(new SmtpdEvent.MoreTurnedAway(more));
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** New conversations get the new settings; listeners are opened and closed as the file now says. */
    @Override
    public synchronized void reload() throws ControlException {
        SmtpdSettings read = SmtpdSettings.read(context.installation());
        if (read.listen().isEmpty()) { // the listeners stay as they are
            read.checkKeyFor(listeners.values().stream().map(listener -> listener.role));
        }
        var problems = new ArrayList<String>();
        Set<String> kept = Set.copyOf(listeners.keySet());
        List<ListenAddress> wanted = read.listen().orElse(List.of());
        for (ListenAddress address : wanted) {
            if (!kept.contains(address.text())) {
                open(address, problems);
            }
        }
        if (!problems.isEmpty()) {
            closeExcept(kept);
            throw new ControlException(problems);
        }
        settings = read; // before its listeners: one may need the new key
        if (read.listen().isPresent()) {
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
            log.log(new SmtpdEvent.ListeningNoMore(address));
            return true;
        });
    }

    synchronized void closeListeners() {
        listeners.values().forEach(Listener::close);
        listeners.clear();
    }

    @Override
    public boolean alive() {
        return vital.stream().allMatch(VitalThread::alive);
    }

    @Override
    public String status() {
        var addresses = new ArrayList<String>();
        synchronized (this) {
            listeners.values().forEach(listener -> addresses.add(listener.address()));
        }
        return "listening=" + String.join(",", addresses) + " sessions=" + limiter.taken() + " conversations="
                + conversations.get() + " turnedaway=" + turnedAway.get();
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

    @Override
    public void stop(Duration patience) {
        long began = System.nanoTime();
        stopping.set(true);
        closeListeners();
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
        hostNames.close();
    }
}

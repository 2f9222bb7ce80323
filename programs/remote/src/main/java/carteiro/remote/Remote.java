package carteiro.remote;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.dns.DnsLookup;
import carteiro.log.EventLog;
import carteiro.mail.Outcome;
import carteiro.protocol.Deliver;
import carteiro.protocol.Messages;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import carteiro.protocol.Wires;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;

/** Delivers messages to other hosts (docs/programs/remote.md). */
public final class Remote implements Program {
    /** How long deliveries whose connections were closed may take to say so. */
    private static final Duration LAST_REPORTS = Duration.ofSeconds(3);

    /** For {@link java.util.ServiceLoader}. */
    public Remote() {}

    @Override
    public String name() {
        return "remote";
    }

    @Override
    public String user() {
        return "qmailr";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.WAY_OUT;
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = RemoteSettings.read(installation);
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        RemoteSettings settings = RemoteSettings.read(context.installation());
        context.dropPrivileges();
        var at = new RunningRemote(context, settings, OwnAddresses.ofThisHost(), SmtpRoute.SMTP);
        at.warnOfOpenPasswords();
        at.offer();
        return at;
    }

    /** Where the table of dead hosts is. */
    static Path deadHosts(Installation installation) {
        return installation.run("remote").resolve("tcpto");
    }

    /** What makes up a delivery's tools with these settings. */
    static RemoteDelivery.RemoteDeliveryContext tools(
            RemoteSettings settings,
            OwnAddresses own,
            int smtpPort,
            SmtpConnectionPool connections,
            DeadHosts deadHosts,
            Watchdog watchdog,
            SSLContext tls,
            EventLog log) {
        var sources = new NextHops.Sources(
                new DnsLookup(settings.dnsServers()),
                own,
                () -> ThreadLocalRandom.current().nextLong(),
                smtpPort,
                SmtpRoute.SUBMISSIONS,
                System::nanoTime);
        var connector = new Connector(settings, connections, watchdog, tls, log);
        return new RemoteDelivery.RemoteDeliveryContext(
                settings, sources, connector, connections, deadHosts, watchdog, log);
    }

    /** The program at work. */
    static final class RunningRemote implements RunningProgram, Deliver {
        private final ProgramContext context;
        private final OwnAddresses own;
        private final int smtpPort;
        private final SmtpConnectionPool connections;
        private final Watchdog watchdog = new Watchdog();
        private final SSLContext tls = AnyCertificate.context();
        private final DeadHosts deadHosts;
        private final Optional<ExternalRemoteProgram> otherProgram;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition idle = lock.newCondition();
        private int running;
        private boolean stopping;
        private Closeable endpoint = () -> {};
        private volatile RemoteDelivery.RemoteDeliveryContext tools;

        RunningRemote(ProgramContext context, RemoteSettings settings, OwnAddresses own, int smtpPort)
                throws IOException {
            this.context = context;
            this.own = own;
            this.smtpPort = smtpPort;
            Path table = deadHosts(context.installation());
            Files.createDirectories(table.getParent());
            deadHosts = DeadHosts.cleared(table, Clock.systemUTC(), context.log());
            otherProgram = otherProgram(context.installation().run("remote"));
            connections = new SmtpConnectionPool(Timeouts.KEEP, context.log());
            tools = toolsFor(settings);
            if (settings.helo().isEmpty()) {
                context.log()
                        .alert(
                                "remote",
                                "control/helohost and control/me are missing: all mail waits; write the host's"
                                        + " full name into control/me");
            }
        }

        private Optional<ExternalRemoteProgram> otherProgram(Path folder) throws IOException {
            String program = context.environment().getOrDefault(ExternalRemoteProgram.VARIABLE, "");
            if (program.isEmpty()) {
                return Optional.empty();
            }
            String home = context.installation().home().toString();
            var other = new ExternalRemoteProgram(program, folder, home, ExternalRemoteProgram.LIMIT);
            other.clear();
            context.log().info("remote", "every delivery is made by " + program + ", which QMAILREMOTE names");
            return Optional.of(other);
        }

        private RemoteDelivery.RemoteDeliveryContext toolsFor(RemoteSettings settings) {
            return Remote.tools(settings, own, smtpPort, connections, deadHosts, watchdog, tls, context.log());
        }

        void warnOfOpenPasswords() {
            for (Setting<?> relays : List.of(Settings.SMTPROUTES, Settings.AUTHSENDERS)) {
                boolean passwords = new ControlFiles(context.installation())
                        .numbered(relays).values().stream()
                                .anyMatch(line -> !relays.shown(line).equals(line));
                if (passwords && isOpen(context.installation().control(relays))) {
                    context.log()
                            .warning(
                                    "remote",
                                    relays + " has passwords and can be read by others than its owner; chown qmailr it"
                                            + " and chmod 600 it");
                }
            }
        }

        private static boolean isOpen(Path file) {
            try {
                Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
                return mode.contains(PosixFilePermission.OTHERS_READ) || mode.contains(PosixFilePermission.GROUP_READ);
            } catch (IOException e) {
                return false; // it has just been removed
            }
        }

        void offer() throws IOException {
            endpoint = context.wires().offer(Wires.Channel.REMOTE, this);
        }

        @Override
        public List<Outcome> deliver(Delivery delivery) throws IOException {
            begin();
            try {
                return tried(delivery);
            } catch (RuntimeException e) { // our own mistake: nobody's mail bounces for it
                context.log().bug("remote", e);
                return Collections.nCopies(
                        delivery.recipients().size(),
                        Outcome.notNow("Sorry, remote has a bug; its log says which. (#4.3.0)\n"));
            } finally {
                end();
            }
        }

        private List<Outcome> tried(Delivery delivery) {
            Messages messages = context.wires().messages();
            var outgoing = new OutgoingMessage(
                    delivery.sender(),
                    delivery.addresses(),
                    delivery.envelope().body(),
                    delivery.envelope().form(),
                    delivery.octets(),
                    () -> messages.open(delivery.message(), delivery.ticket()));
            String domain = delivery.addresses().getFirst().domain();
            return otherProgram
                    .map(other -> other.deliver(outgoing, domain))
                    .orElseGet(() -> RemoteDelivery.deliver(tools, outgoing, domain))
                    .folded(delivery.recipients().size());
        }

        private void begin() throws NotRunningException {
            lock.lock();
            try {
                if (stopping) {
                    throw new NotRunningException("remote is stopping");
                }
                running++;
            } finally {
                lock.unlock();
            }
        }

        private void end() {
            lock.lock();
            try {
                running--;
                if (running == 0) {
                    idle.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void reload() throws ControlException {
            RemoteSettings settings = RemoteSettings.read(context.installation());
            tools = toolsFor(settings);
            warnOfOpenPasswords();
            context.log().info("remote", "control files read again");
        }

        @Override
        public boolean alive() {
            return connections.alive();
        }

        @Override
        public String status() {
            lock.lock();
            try {
                return "running=" + running + " kept=" + connections.keptCount();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void stop(Duration patience) {
            lock.lock();
            try {
                if (stopping) {
                    return;
                }
                stopping = true;
            } finally {
                lock.unlock();
            }
            connections.closeKept();
            if (!awaitIdle(patience)) {
                context.log().warning("remote", "stopping in the midst of deliveries: their messages stay queued");
                connections.abort();
                otherProgram.ifPresent(ExternalRemoteProgram::abort);
                awaitIdle(LAST_REPORTS);
            }
            try {
                endpoint.close();
            } catch (IOException e) {
                context.log().warning("remote", "closing: " + e.getMessage());
            }
            watchdog.close();
        }

        private boolean awaitIdle(Duration limit) {
            lock.lock();
            try {
                long left = limit.toNanos();
                while (running > 0 && left > 0) {
                    left = idle.awaitNanos(left);
                }
                return running == 0;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            } finally {
                lock.unlock();
            }
        }
    }
}

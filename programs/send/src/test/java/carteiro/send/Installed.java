package carteiro.send;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.protocol.Deliver;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Wires;
import carteiro.protocol.Wires.Channel;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** send in a temporary home, with doubles for queue, local and remote around it. */
final class Installed implements AutoCloseable {
    static final Outcome OK = new Outcome.Delivered(new Status(2, 0, 0), "did 1+0+0\n");
    static final Outcome LATER = new Outcome.Deferred(new Status(4, 0, 0), "try later\n");
    static final Outcome NEVER = new Outcome.Failed(new Status(5, 1, 1), "No such mailbox. (#5.1.1)\n");

    final SettableClock clock = new SettableClock();
    final Lines lines = new Lines();
    final QueueDouble queue = new QueueDouble(clock);
    final RoutingDouble routing = new RoutingDouble();
    final List<Deliver.Delivery> asked = new CopyOnWriteArrayList<>();
    final Wires wires;
    final EventLog log;
    long memory = RunningSend.MEMORY;
    private final Path home;
    private final Map<Channel, Closeable> offers = new EnumMap<>(Channel.class);
    private @Nullable RunningSend sending;

    Installed(Path home) throws IOException {
        this(home, DirectWires::new);
    }

    /** @param carrier what stands before the sockets, if anything does */
    Installed(Path home, UnaryOperator<Wires> carrier) throws IOException {
        this.home = home;
        Files.createDirectories(home.resolve("control"));
        control("me", "host.example.org\n");
        routing.here.put("host.example.org", "");
        log = new EventLog(lines, EventLog.LogFormat.PLAIN, clock);
        wires = carrier.apply(new SocketWires(new Installation(home), log));
        routing.start(wires);
    }

    Installed control(String file, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(file), text, StandardCharsets.ISO_8859_1);
        return this;
    }

    Path file(String name) {
        return home.resolve("control").resolve(name);
    }

    /** What both ways out answer to each delivery. */
    Installed delivering(Deliver deliver) throws IOException {
        delivering(Channel.LOCAL, deliver);
        delivering(Channel.REMOTE, deliver);
        return this;
    }

    Installed delivering(Channel channel, Deliver deliver) throws IOException {
        gone(channel);
        offers.put(channel, wires.offer(channel, delivery -> {
            asked.add(delivery);
            return deliver.deliver(delivery);
        }));
        return this;
    }

    void gone(Channel channel) throws IOException {
        Closeable offer = offers.remove(channel);
        if (offer != null) {
            offer.close();
        }
    }

    /** The same outcome for every recipient. */
    static Deliver always(Outcome outcome) {
        return delivery -> java.util.Collections.nCopies(delivery.addresses().size(), outcome);
    }

    Installed start() throws IOException, ControlException {
        queue.start(wires);
        return startSend();
    }

    Installed startSend() throws IOException, ControlException {
        sending = new SendProgram().start(context(), clock, memory);
        return this;
    }

    Program.ProgramContext context() {
        return new Program.ProgramContext(new Installation(home), wires, log, Map.of(), () -> {});
    }

    RunningSend send() {
        return Objects.requireNonNull(sending);
    }

    /** Time passes. */
    void later(long seconds) {
        clock.advance(seconds);
        Objects.requireNonNull(sending).dispatch();
    }

    @Override
    public void close() throws IOException {
        if (sending != null) {
            sending.stop(Duration.ofSeconds(5));
        }
        queue.stop();
        routing.stop();
        for (Channel channel : Channel.values()) {
            gone(channel);
        }
        wires.close();
        log.close();
    }
}

package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** kill -9 of programs at random under load: every message answered 250 arrives. */
class KillUnderLoadTest {
    /** {@code -Dcarteiro.kill.messages=20000} for the long run. */
    private static final int MESSAGES = Integer.getInteger("carteiro.kill.messages", 4000);

    private static final int CLIENTS = 10;
    private static final int KILL_EVERY_MILLIS = 2500;

    private final Set<String> answered = ConcurrentHashMap.newKeySet();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<InetSocketAddress> server = new AtomicReference<>();

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    @DisplayName("every message answered 250 arrives")
    void everyAnsweredMessageArrives(Form form) throws Exception {
        long seed = Long.getLong("carteiro.kill.seed", System.nanoTime());
        var random = new Random(seed);
        System.out.println("kill under load, " + form + ": seed " + seed);
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("concurrencylocal", "50");
            try (var free = new ServerSocket(0)) { // one port for all its lives
                carteiro.control("smtpdlisten", "127.0.0.1:" + free.getLocalPort());
            }
            carteiro.start();
            server.set(carteiro.smtp());
            var clients = new ArrayList<Thread>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(Thread.ofVirtual().start(this::sendUntilDone));
            }
            int kills = 0;
            while (clients.stream().anyMatch(Thread::isAlive)) {
                LockSupport.parkNanos(
                        TimeUnit.MILLISECONDS.toNanos(KILL_EVERY_MILLIS / 2 + random.nextInt(KILL_EVERY_MILLIS)));
                kills += killOne(carteiro, random) ? 1 : 0;
            }
            System.out.println("kill under load, " + form + ": " + kills + " kills, " + answered.size() + " answered");
            assertThat(kills).isPositive();
            Map<String, Integer> arrived = new HashMap<>();
            assertThat(answered).hasSize(MESSAGES);
            carteiro.awaitLog("smtpd: listening on .*", 0);
            carteiro.await("every program", () -> allReady(carteiro));
            carteiro.control(CarteiroProcess.Verb.ALARM, "send"); // deferred while a program was away: now
            carteiro.await("the last of the messages", () -> {
                arrived.clear();
                arrived.putAll(arrived(carteiro));
                return arrived.keySet().containsAll(answered);
            });
            assertThat(arrived.keySet()).containsAll(answered);
            long twice = arrived.values().stream().filter(count -> count > 1).count();
            System.out.println("kill under load, " + form + ": lost 0, " + twice + " arrived more than once");
        }
    }

    private static boolean allReady(CarteiroProcess carteiro) {
        try {
            String status = carteiro.control(CarteiroProcess.Verb.STATUS, "").output();
            return status.lines().filter(line -> line.contains(" ready ")).count() == 7;
        } catch (Exception | AssertionError e) {
            return false;
        }
    }

    private boolean killOne(CarteiroProcess carteiro, Random random) throws Exception {
        if (carteiro.form() == Form.ONE_PROCESS) {
            int from = carteiro.logSize();
            carteiro.killAll();
            carteiro.start();
            carteiro.awaitLog("smtpd: listening on .*", from);
            return true;
        }
        List<ProcessHandle> programs = List.copyOf(carteiro.programs().values());
        if (programs.isEmpty()) {
            return false;
        }
        return programs.get(random.nextInt(programs.size())).destroyForcibly();
    }

    /** Each message is tried again until it was answered 250, as a client with a queue of its own would. */
    private void sendUntilDone() {
        for (int number = next.getAndIncrement(); number < MESSAGES; number = next.getAndIncrement()) {
            String id = "id-" + number + "-";
            while (!answered.contains(id)) {
                try (var client = new SmtpClient(server.get())) {
                    for (; number < MESSAGES; number = next.getAndIncrement()) {
                        id = "id-" + number + "-";
                        String reply = client.send(
                                "ann@example.net",
                                List.of("bob@example.org"),
                                "Subject: " + id + "\n\n"
                                        + "x".repeat(70).concat("\n").repeat(20));
                        if (!reply.startsWith("250 ")) {
                            throw new IOException(reply);
                        }
                        answered.add(id);
                    }
                    return;
                } catch (IOException | RuntimeException e) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                }
            }
        }
    }

    private static Map<String, Integer> arrived(CarteiroProcess carteiro) {
        var arrived = new HashMap<String, Integer>();
        Path folder = carteiro.accountHome("bob").resolve("Maildir/new");
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                int at = text.indexOf("Subject: id-");
                arrived.merge(text.substring(at + 9, text.indexOf('\n', at)), 1, Integer::sum);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return arrived;
    }
}

package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.protocol.Control;
import carteiro.protocol.Control.ProgramState;
import carteiro.protocol.ControlWire;
import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * kill -9 of programs at random under load: every message answered 250 arrives, whole: in a mailbox, at another host, at
 * both, or in a bounce. Goes on until both the kills and the messages are done; for a long run: {@code -Dcarteiro.kill.kills=5000}, {@code -Dcarteiro.kill.messages=20000},
 * {@code -Dcarteiro.kill.seed=...}.
 */
class KillUnderLoadTest {
    /** In both forms together. */
    private static final int KILLS = Integer.getInteger("carteiro.kill.kills", 90);

    /** In each form at the least; sent as fast as they are taken. */
    private static final int MESSAGES = Integer.getInteger("carteiro.kill.messages", 2500);

    private static final int CLIENTS = 10;

    /** Between two kills of the whole process, once it listens again; half of it to one and a half. */
    private static final int PAUSE = 300;

    /** Between two kills of single programs, in milliseconds: time for a Java to start, so that mail flows in between. */
    private static final int SPLIT_PAUSE = 1200;

    /** Of so many kills in the split form, one is of everything. */
    private static final int ALL_OF = 40;

    private final Map<String, Integer> kills = new TreeMap<>();
    private long killedLast;

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    @DisplayName("every message answered 250 arrives")
    void everyAnsweredMessageArrives(Form form) throws Exception {
        long seed = Long.getLong("carteiro.kill.seed", System.nanoTime());
        var random = new Random(seed);
        System.out.println("kill under load, " + form + ": seed " + seed);
        int wanted = form == Form.SPLIT ? KILLS / 3 : KILLS - KILLS / 3;
        try (var otherHost = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob", Load.SENDER);
            carteiro.control("concurrencylocal", "50");
            carteiro.control("smtproutes", ":127.0.0.1:" + otherHost.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            InetSocketAddress smtp;
            try (var free = new ServerSocket(0)) { // one port for all its lives
                smtp = new InetSocketAddress("127.0.0.1", free.getLocalPort());
            }
            carteiro.control("smtpdlisten", "127.0.0.1:" + smtp.getPort());
            carteiro.start();
            Control control = ControlWire.client("start", new Installation(carteiro.home()), Duration.ofSeconds(30));
            var load = Load.ofAllKinds(() -> smtp, MESSAGES, otherHost);
            load.start(CLIENTS);
            int killed = 0;
            while (killed < wanted || load.answered() < MESSAGES) {
                int pause = form == Form.SPLIT ? SPLIT_PAUSE : PAUSE;
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pause / 2 + random.nextInt(pause)));
                killed += killOne(carteiro, random) ? 1 : 0;
                if (form == Form.SPLIT) {
                    startThosePausing(control);
                }
            }
            carteiro.await("every program", () -> {
                startThosePausing(control);
                return allReady(control);
            });
            load.stop();
            System.out.println("kill under load, " + form + ": " + killed + " kills " + kills + ", " + load.answered()
                    + " answered");
            assertThat(load.answered()).isGreaterThanOrEqualTo(MESSAGES);
            carteiro.control(CarteiroProcess.Verb.ALARM, "send"); // deferred while a program was away: now
            System.out.println("kill under load, " + form + ": " + load.awaitArrival(carteiro));
        }
    }

    private boolean killOne(CarteiroProcess carteiro, Random random) throws Exception {
        if (carteiro.form() == Form.ONE_PROCESS || random.nextInt(ALL_OF) == 0) {
            int from = carteiro.logSize();
            carteiro.killAll();
            carteiro.start();
            carteiro.awaitLog("smtpd: listening on .*", from);
            kills.merge("everything", 1, Integer::sum);
            return true;
        }
        List<Map.Entry<String, ProcessHandle>> programs =
                new ArrayList<>(carteiro.programs().entrySet());
        if (programs.isEmpty()) {
            return false;
        }
        Map.Entry<String, ProcessHandle> program = programs.get(random.nextInt(programs.size()));
        killedLast = program.getValue().pid();
        boolean killed = program.getValue().destroyForcibly();
        kills.merge(program.getKey(), killed ? 1 : 0, Integer::sum);
        return killed;
    }

    /** As an administrator in a hurry: a program that was killed again and again is given no longer and longer pauses. */
    private static void startThosePausing(Control control) {
        try {
            for (Control.ProgramStatus row :
                    control.ask(Control.ControlVerb.STATUS, Control.ALL).programs()) {
                if (row.state() == ProgramState.PAUSING) {
                    Thread.ofVirtual().start(() -> {
                        try {
                            control.ask(Control.ControlVerb.START, row.program());
                        } catch (IOException e) {
                            // killed again
                        }
                    });
                }
            }
        } catch (IOException e) {
            // start itself was killed
        }
    }

    /** Whether each is; start may not have seen yet that the one killed last has gone. */
    private boolean allReady(Control control) {
        try {
            List<Control.ProgramStatus> rows =
                    control.ask(Control.ControlVerb.STATUS, Control.ALL).programs();
            return rows.size() == 7
                    && rows.stream().allMatch(row -> row.state() == ProgramState.READY && row.pid() != killedLast);
        } catch (IOException e) {
            return false;
        }
    }
}

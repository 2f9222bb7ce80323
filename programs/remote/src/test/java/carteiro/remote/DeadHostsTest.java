package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.Fifo;
import carteiro.posix.Invocation;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadHostsTest {
    private static final InetAddress HOST = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress SIX = InetAddress.ofLiteral("2001:db8::1");

    @TempDir
    Path home;

    private final Hand clock = new Hand();
    private final EventLog log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, clock);
    private Path file;
    private DeadHosts hosts;

    /** A clock that is set by hand. */
    static final class Hand extends Clock {
        private Instant now = Instant.parse("2026-11-24T00:00:00Z");

        void forward(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @BeforeEach
    void open() throws Exception {
        file = Remote.deadHosts(new Installation(home));
        Files.createDirectories(file.getParent());
        hosts = DeadHosts.cleared(file, clock, log);
    }

    @AfterEach
    void close() {
        log.close();
    }

    private void timeOutTwice(InetAddress address) {
        hosts.timedOut(address);
        clock.forward(Duration.ofSeconds(120));
        hosts.timedOut(address);
    }

    @Test
    @Covers("qmail:X17")
    void twoTimeoutsApartMakeAHostDeadForAboutAnHour() {
        hosts.timedOut(HOST);
        assertThat(hosts.isDead(HOST)).isFalse();
        clock.forward(Duration.ofSeconds(119));
        hosts.timedOut(HOST);
        assertThat(hosts.isDead(HOST)).as("the second came too soon to count").isFalse();
        clock.forward(Duration.ofSeconds(1));
        hosts.timedOut(HOST);
        assertThat(hosts.isDead(HOST)).isTrue();
        assertThat(hosts.isDead(SIX)).isFalse();
        clock.forward(Duration.ofSeconds(3839));
        assertThat(hosts.isDead(HOST)).isTrue();
        clock.forward(Duration.ofSeconds(5824 - 3839));
        assertThat(hosts.isDead(HOST)).isFalse();
    }

    @Test
    void aHostThatDiedWhileTheClockWasDaysAheadIsTriedOnceItIsSetBack() {
        clock.forward(Duration.ofDays(30));
        timeOutTwice(HOST);
        assertThat(hosts.isDead(HOST)).isTrue();
        clock.forward(Duration.ofDays(-30));
        assertThat(hosts.isDead(HOST)).isFalse();
        timeOutTwice(HOST);
        assertThat(hosts.isDead(HOST)).as("and may die again").isTrue();
    }

    @Test
    @Covers("qmail:X17")
    void anAnswerOfAnyKindForgetsTheHost() {
        timeOutTwice(SIX);
        assertThat(hosts.isDead(SIX)).isTrue();
        hosts.answered(SIX);
        assertThat(hosts.isDead(SIX)).isFalse();
    }

    @Test
    @Covers("qmail:X18")
    void tcpokEmptiesTheTableUnderARunningRemote() {
        timeOutTwice(HOST);
        assertThat(hosts.isDead(HOST)).isTrue();
        assertThat(QmailTcpok.run(new Installation(home), System.err)).isZero();
        assertThat(hosts.isDead(HOST)).isFalse();
    }

    @Test
    void aTableEmptiedWithinTheSameTickIsSeen() throws Exception {
        timeOutTwice(HOST);
        assertThat(hosts.isDead(HOST)).isTrue();
        FileTime written = Files.getLastModifiedTime(file);
        Files.delete(file);
        Files.createFile(file);
        Files.setLastModifiedTime(file, written);
        assertThat(hosts.isDead(HOST)).isFalse();
    }

    @Test
    @Covers("qmail:X18")
    void aStartOfRemoteEmptiesTheTable() {
        timeOutTwice(HOST);
        assertThat(DeadHosts.open(file, clock, log).isDead(HOST)).isTrue();
        assertThat(DeadHosts.cleared(file, clock, log).isDead(HOST)).isFalse();
    }

    @Test
    @Covers("qmail:T03")
    void tcptoListsWhatDidNotAnswer() {
        timeOutTwice(HOST);
        clock.forward(Duration.ofSeconds(7));
        var out = new ByteArrayOutputStream();
        assertThat(QmailTcpto.run(new Installation(home), clock, new PrintStream(out), System.err))
                .isZero();
        assertThat(out).hasToString("192.0.2.1 timed out 7 seconds ago; # recent timeouts: 2\n");
    }

    @Test
    void commandsBeforeTheFirstStartFindNothing() throws Exception {
        Files.deleteIfExists(file);
        var out = new ByteArrayOutputStream();
        assertThat(QmailTcpto.run(new Installation(home), clock, new PrintStream(out), System.err))
                .isZero();
        assertThat(QmailTcpok.run(new Installation(home), System.err)).isZero();
        assertThat(out.size()).isZero();
    }

    @Test
    void theTableIsEmptiedWithoutTouchingWhatALinkLeadsTo() throws Exception {
        Path other = Files.writeString(home.resolve("other"), "192.0.2.1 2 5\n");
        Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-------"));
        Files.deleteIfExists(file);
        Files.createSymbolicLink(file, other);
        assertThat(QmailTcpok.run(new Installation(home), System.err)).isZero();
        assertThat(other).hasContent("192.0.2.1 2 5");
        assertThat(Files.getPosixFilePermissions(other)).hasSize(2);
        assertThat(file).doesNotExist();
    }

    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPipeInPlaceOfTheTableIsNotWaitedFor() throws Exception {
        Files.deleteIfExists(file);
        Fifo.make(file);
        assertThat(hosts.isDead(HOST)).isFalse();
        assertThat(QmailTcpto.run(new Installation(home), clock, System.out, System.err))
                .isEqualTo(111);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--home DIR", "--home=DIR", "", "DIR"})
    void theInstallationIsNamedAsForAllCommands(String words) throws Exception {
        var arguments = new ArrayList<String>();
        for (String word : words.replace("DIR", home.toString()).split(" ")) {
            if (!word.isEmpty()) {
                arguments.add(word);
            }
        }
        timeOutTwice(HOST);
        var environment = words.isEmpty() ? Map.of("CARTEIRO_HOME", home.toString()) : Map.<String, String>of();
        var call = new Invocation(
                arguments, environment, InputStream.nullInputStream(), new ByteArrayOutputStream(), System.err);
        boolean wrong = words.equals("DIR");
        assertThat(QmailTcpto.run(call)).isEqualTo(wrong ? 100 : 0);
        assertThat(QmailTcpok.run(call)).isEqualTo(wrong ? 100 : 0);
        assertThat(hosts.isDead(HOST)).isEqualTo(wrong);
    }

    @Test
    void theTableIsBoundedAndTheOldestGoFirst() throws Exception {
        for (int i = 0; i <= DeadHosts.MOST; i++) {
            hosts.timedOut(InetAddress.getByAddress(new byte[] {10, 0, (byte) (i >> 8), (byte) i}));
            clock.forward(Duration.ofSeconds(1));
        }
        assertThat(DeadHosts.list(file)).hasSize(DeadHosts.MOST);
        assertThat(Files.readString(file)).doesNotContain("10.0.0.0 ").contains("10.0.0.1 ");
    }

    @Test
    void aFileFullOfRubbishMeansNotDead() throws Exception {
        Files.writeString(file, "192.0.2.1 many 5\n\0\0\0\n192.0.2.1\nhost.example 2 5\n1.2.3.4 2 99999999999999999\n");
        assertThat(hosts.isDead(HOST)).isFalse();
        assertThat(DeadHosts.list(file)).isEmpty();
    }

    @Test
    void aTableThatCannotBeWrittenIsKeptInMemory() throws Exception {
        Files.createDirectories(home.resolve("x"));
        hosts = DeadHosts.open(home.resolve("x/none/tcpto"), clock, log);
        timeOutTwice(HOST);
        assertThat(hosts.isDead(HOST)).isTrue();
    }
}

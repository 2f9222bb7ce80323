package carteiro.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.log.EventLog;
import carteiro.protocol.FileThreads;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FileThreadsTest {
    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void closeLog() {
        log.close();
    }

    private FileThreads threads(Duration patience) throws IOException {
        return new FileThreads("local", Person.one().privilege(), patience, log);
    }

    @Test
    void whatTheWorkThrowsComesBack() throws Exception {
        Person person = Person.one();
        FileThreads threads = threads(Duration.ofSeconds(30));
        assertThat(threads.as(person.uid(), person.gid(), () -> "x")).isEqualTo("x");
        assertThatThrownBy(() -> threads.as(person.uid(), person.gid(), () -> {
                    throw new IOException("disk");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("disk");
        assertThatThrownBy(() -> threads.as(person.uid(), person.gid(), () -> {
                    throw new IllegalStateException("bug");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(threads.as(person.uid(), person.gid(), () -> "y")).isEqualTo("y");
    }

    @Test
    void rootAndUsersThatCannotBeServedAreRefused() throws Exception {
        FileThreads threads = threads(Duration.ofSeconds(30));
        assertThatThrownBy(() -> threads.as(0, 0, () -> "x")).isInstanceOf(IOException.class);
        if (!Person.isRoot()) {
            assertThatThrownBy(() -> threads.as(41002, 41002, () -> "x")).hasMessageContaining("can be served");
        }
    }

    @Test
    void workThatHangsIsGivenUp() throws Exception {
        Person person = Person.one();
        FileThreads threads = threads(Duration.ofMillis(100));
        var end = new CountDownLatch(1);
        assertThatThrownBy(() -> threads.as(person.uid(), person.gid(), () -> {
                    try {
                        return end.await(50, java.util.concurrent.TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not answer within 0 s");
        end.countDown();
    }

    @Test
    void aUserWhoseDiskHangsDoesNotHoldUpAnother() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root, to work for two users");
        FileThreads threads = threads(Duration.ofSeconds(30));
        var end = new CountDownLatch(1);
        var begun = new CountDownLatch(FileThreads.MOST_PER_USER);
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 2 * FileThreads.MOST; i++) {
                var _ = callers.submit(() -> threads.as(41001, 41001, () -> {
                    begun.countDown();
                    try {
                        return end.await(50, java.util.concurrent.TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }));
            }
            begun.await();
            assertThat(threads.as(41002, 41002, () -> "served")).isEqualTo("served");
            end.countDown();
        }
    }

    @Test
    void eachPieceOfWorkHasItsOwnIdentityOnKeptThreads() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root, to work for several users");
        FileThreads threads = threads(Duration.ofSeconds(30));
        var uids = new ArrayList<Future<String>>();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                int uid = 41001 + i % 7;
                uids.add(callers.submit(() -> uid + "=" + threads.as(uid, uid, FileThreadsTest::ids)));
            }
        }
        for (Future<String> one : uids) {
            String[] sides = one.get().split("=");
            assertThat(sides[1]).isEqualTo("0 " + sides[0] + " 0 " + sides[0]);
        }
    }

    private static String ids() throws IOException {
        return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith("Uid:"))
                .map(line -> line.substring(4).replaceAll("\\s+", " ").trim())
                .findFirst()
                .orElseThrow();
    }
}

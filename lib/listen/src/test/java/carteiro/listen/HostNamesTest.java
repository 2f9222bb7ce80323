package carteiro.listen;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Await;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** A resolver that hangs for some addresses. */
class HostNamesTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final CountDownLatch hang = new CountDownLatch(1);
    private final Map<InetAddress, Integer> asked = new ConcurrentHashMap<>();

    /** An address that ends in an even octet hangs. */
    private String resolve(InetAddress address) {
        asked.merge(address, 1, Integer::sum);
        byte[] octets = address.getAddress();
        if (octets[octets.length - 1] % 2 == 0) {
            try {
                hang.await();
            } catch (InterruptedException e) {
                return address.getHostAddress();
            }
        }
        return "host.example";
    }

    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    @Test
    void aNetworkWhoseResolverHangsTakesNoneOfTheOthersThreads() {
        try (var names = new HostNames(this::resolve, LONG);
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<String>> hanging = new ArrayList<>();
            for (int i = 0; i < 2 * HostNames.THREADS; i++) {
                InetAddress address = address("2001:db8::" + Integer.toHexString(2 * i));
                hanging.add(CompletableFuture.supplyAsync(() -> names.of(address), clients));
            }
            Await.until(() -> asked.size() == HostNames.SHARE, "they are not asked for");
            for (int i = 0; i < 50; i++) {
                assertThat(names.of(address("192.0.2.1"))).isEqualTo("host.example");
            }
            assertThat(asked).hasSize(HostNames.SHARE + 1);
            hang.countDown();
            assertThat(hanging).allSatisfy(name -> assertThat(name.join()).isEqualTo("host.example"));
        }
    }

    @Test
    void manyConnectionsOfOneAddressAskOnce() {
        try (var names = new HostNames(this::resolve, LONG);
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<String>> hanging = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                hanging.add(CompletableFuture.supplyAsync(() -> names.of(address("192.0.2.2")), clients));
            }
            Await.until(() -> asked.size() == 1, "it is not asked for");
            hang.countDown();
            assertThat(hanging).allSatisfy(name -> assertThat(name.join()).isEqualTo("host.example"));
        }
    }

    @Test
    void questionsThatWaitForTheResolverAreBounded() {
        try (var names = new HostNames(this::resolve, LONG);
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<String>> hanging = new ArrayList<>();
            for (int i = 0; i < HostNames.THREADS + HostNames.WAITING; i++) {
                InetAddress address = address("10." + i / 200 + "." + i % 200 + ".2");
                hanging.add(CompletableFuture.supplyAsync(() -> names.of(address), clients));
            }
            Await.until(
                    () -> asked.size() == HostNames.THREADS && names.waiting() == HostNames.WAITING,
                    "they are not asked for");
            assertThat(names.of(address("192.0.2.1"))).isEmpty();
            hang.countDown();
            assertThat(hanging).allSatisfy(name -> assertThat(name.join()).isEqualTo("host.example"));
        }
    }

    @Test
    void aQuestionThatNobodyWaitsForIsNotBegun() {
        try (var names = new HostNames(this::resolve, Duration.ofMillis(200));
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < HostNames.THREADS; i++) {
                InetAddress address = address("10.0." + i + ".2");
                clients.execute(() -> names.of(address));
            }
            Await.until(() -> asked.size() == HostNames.THREADS, "they are not asked for");
            assertThat(names.of(address("192.0.2.1"))).isEmpty();
            assertThat(names.waiting()).isZero();
            hang.countDown();
            Await.until(() -> names.of(address("192.0.2.3")).equals("host.example"), "the threads are not free");
            assertThat(asked).doesNotContainKey(address("192.0.2.1"));
        }
    }
}

package carteiro.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.log.EventLog;
import carteiro.testkit.Certificates;
import carteiro.testkit.IdentityProvider;
import carteiro.wire.TlsTrust;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long keys are remembered, and when they are read again. */
class ProviderKeysTest {
    @TempDir
    Path folder;

    private final AtomicLong now = new AtomicLong();
    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private IdentityProvider provider;
    private ProviderClient client;
    private ProviderKeys keys;

    @BeforeEach
    void start() throws Exception {
        Certificates certificates = Certificates.make(folder, "IP:127.0.0.1");
        provider = IdentityProvider.start(certificates);
        client = new ProviderClient(TlsTrust.in(Files.readString(certificates.authority())), Duration.ofMillis(1_000));
        keys = new ProviderKeys(URI.create(provider.url("/keys")), client, log, now::get);
    }

    @AfterEach
    void end() {
        client.close();
        provider.close();
        log.close();
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void aNewKeyIsFoundAfterAPauseAndAnOldOneIsGoneAfterTheirLife() throws Exception {
        provider.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)));
        assertThat(keys.of("rsa-1", "RS256")).hasSize(1);
        provider.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.elliptic)));
        assertThat(keys.of("ec-1", "ES256")).as("too early").isEmpty();
        assertThat(provider.requests()).hasSize(1);
        pass(ProviderKeys.PAUSE);
        assertThat(keys.of("ec-1", "ES256")).hasSize(1);
        assertThat(provider.requests()).hasSize(2);
        assertThat(keys.of("rsa-1", "RS256")).as("withdrawn").isEmpty();
        provider.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)));
        pass(ProviderKeys.LIFE);
        assertThat(keys.of("ec-1", "ES256")).isEmpty();
        assertThat(provider.requests()).hasSize(3);
    }

    @Test
    void whileTheProviderIsAwayKeysCountForADay() throws Exception {
        assertThat(keys.of("rsa-1", "RS256")).hasSize(1);
        provider.answerKeys(IdentityProvider.text(503, ""));
        pass(ProviderKeys.LIFE);
        assertThat(keys.of("rsa-1", "RS256")).hasSize(1);
        assertThat(provider.requests()).hasSize(2);
        assertThat(keys.of("rsa-1", "RS256")).hasSize(1);
        assertThat(provider.requests()).as("one try a minute").hasSize(2);
        assertThatThrownBy(() -> keys.of("new", "RS256"))
                .as("it may be one that could not be read")
                .isInstanceOf(IOException.class);
        pass(ProviderKeys.HELD);
        assertThatThrownBy(() -> keys.of("rsa-1", "RS256")).isInstanceOf(IOException.class);
        provider.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)));
        pass(ProviderKeys.PAUSE);
        assertThat(keys.of("rsa-1", "RS256")).hasSize(1);
    }

    @Test
    void anAnswerHasALimitInTimeAndOneInOctets() throws Exception {
        var end = new CountDownLatch(1);
        provider.answerKeys(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("{".getBytes(StandardCharsets.US_ASCII));
            exchange.getResponseBody().flush();
            try {
                end.await(); // it begins, and goes no further
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThatThrownBy(() -> keys.of("rsa-1", "RS256")).hasMessageContaining("no whole answer within");
        end.countDown();
        byte[] most = " ".repeat(1000).getBytes(StandardCharsets.US_ASCII);
        provider.answerKeys(IdentityProvider.text(200, new String(most, StandardCharsets.US_ASCII)));
        assertThat(client.get(URI.create(provider.url("/keys")), 1000)).hasSize(1000);
        assertThatThrownBy(() -> client.get(URI.create(provider.url("/keys")), 999))
                .hasMessageContaining("its answer has over 999 octets");
    }
}

package carteiro.listen;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.listen.ReceivedField.Protocol;
import carteiro.mail.Octets;
import carteiro.testkit.Covers;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The trace field (RFC 5321 section 4.4). */
class ReceivedFieldTest {
    private static final Instant NOW = Instant.parse("2026-11-24T03:04:05Z");

    @ParameterizedTest(name = "{0} {1} {2} {3}")
    @CsvSource(delimiter = '|', nullValues = "-", emptyValue = "", textBlock = """
            192.0.2.7   | ''           | ''      | client.example | client.example ([192.0.2.7])
            192.0.2.7   | host.example | ''      | client.example | client.example (host.example [192.0.2.7])
            192.0.2.7   | host.example | ''      | ''             | host.example (host.example [192.0.2.7])
            192.0.2.7   | ''           | ''      | ''             | unknown ([192.0.2.7])
            192.0.2.7   | host.example | joe     | client.example | client.example (host.example [192.0.2.7]) (ident joe)
            2001:db8::7 | ''           | ''      | [IPv6:::1]     | [IPv6:::1] ([IPv6:2001:db8::7])
            unknown     | ''           | ''      | x              | x (unknown)
            192.0.2.7   | ''           | a(b c)d | x) y;z\\_"     | x??y?z???? ([192.0.2.7]) (ident a?b?c?d)
            """)
    @Covers("qmail:M20")
    void whatIsKnownOfTheClientIsNamedAndBadCharactersAreReplaced(
            String ip, String host, String info, String helo, String from) {
        var client = new Client(ip, host, info, "", Map.of());
        byte[] field = ReceivedField.of(
                client, helo.replace("\\_", "\\_("), "mail.example.org", Protocol.ESMTP, "k3", Optional.empty(), NOW);
        assertThat(Octets.text(field))
                .isEqualTo("Received: from " + from
                        + "\n  by mail.example.org with ESMTP id k3; 24 Nov 2026 03:04:05 -0000\n");
    }

    @ParameterizedTest
    @CsvSource({"ESMTPS,TLS_AES_128_GCM_SHA256", "UTF8SMTPS,TLS_AES_256_GCM_SHA384"})
    void tlsIsNamed(Protocol protocol, String cipher) {
        var client = new Client("192.0.2.7", "", "", "local.example", Map.of());
        byte[] field = ReceivedField.of(client, "x", "mail.example.org", protocol, "k3", Optional.of(cipher), NOW);
        assertThat(Octets.text(field))
                .contains("by local.example with " + protocol + " id k3 tls " + cipher + "; 24 Nov 2026");
    }
}

package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.protocol.BearerTokens.TokenFault;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Questions about tokens and their answers, by either carrier. */
class BearerTokensWireTest {
    @TempDir
    Path home;

    /** How it is asked. */
    enum Carrier {
        DIRECT,
        SOCKET
    }

    @Test
    void lookupAloneMayAsk() {
        assertThat(Endpoint.TOKENS.callers()).containsExactly("qmailp");
        assertThat(Endpoint.TOKENS.anyone()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void everyAnswerArrivesAndWithoutTokensNothingIsKnown(Carrier carrier) throws Exception {
        var said = new AtomicReference<TokenAnswer>(new TokenAnswer.TokenAccepted("ann"));
        var asked = new ArrayList<String>();
        try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var sockets = new SocketWires(new Installation(home), log);
                var others = new SocketWires(new Installation(home), log)) {
            var server = new DirectWires(sockets);
            BearerTokens client = carrier == Carrier.DIRECT ? server.tokens() : others.tokens();
            byte[] longest = "t".repeat(BearerTokens.LONGEST_TOKEN).getBytes(StandardCharsets.US_ASCII);
            try (var _ = server.offerTokens(token -> {
                asked.add(new String(token, StandardCharsets.US_ASCII));
                return said.get();
            })) {
                for (TokenAnswer answer : List.of(
                        new TokenAnswer.TokenAccepted("\u00c3\u00a4nn@example.org"),
                        new TokenAnswer.TokenRefused("it has expired", TokenFault.INVALID),
                        new TokenAnswer.TokenRefused(
                                "no scope", new TokenFault("insufficient_scope", "a b", "https://id.example/x")),
                        new TokenAnswer.TokenUndecided("no answer"))) {
                    said.set(answer);
                    assertThat(client.look(longest)).isEqualTo(answer);
                    assertThat(asked.removeLast()).isEqualTo("t".repeat(BearerTokens.LONGEST_TOKEN));
                }
                assertThat(longest).as("whoever asks clears it").containsOnly('t');
                if (carrier == Carrier.SOCKET) {
                    assertThatThrownBy(() -> client.look(new byte[BearerTokens.LONGEST_TOKEN + 1]))
                            .isInstanceOf(IOException.class);
                }
            }
            assertThatThrownBy(() -> client.look(longest)).isInstanceOf(IOException.class);
        }
    }
}

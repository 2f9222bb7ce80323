package carteiro.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.testkit.Certificates;
import carteiro.testkit.IdentityProvider;
import com.sun.net.httpserver.HttpHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that the provider is asked about, by one on loopback. */
class IntrospectionTest {
    private static final String TOKEN = "2YotnFZFEjr1z+C/sicMWpAA==";

    @TempDir
    static Path shared;

    @TempDir
    Path home;

    private static Certificates certificates;
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private IdentityProvider provider;
    private TokensAtWork tokens;

    @BeforeAll
    static void certificates() throws Exception {
        certificates = Certificates.make(shared, "IP:127.0.0.1");
    }

    @BeforeEach
    void start() throws Exception {
        provider = IdentityProvider.start(certificates);
        Map<String, String> settings = Map.of(
                "oauthissuer",
                provider.issuer(),
                "oauthaudience",
                IdentityProvider.AUDIENCE,
                "oauthclaim",
                "username",
                "oauthintrospect",
                provider.url("/introspect"),
                "oauthclient",
                "mail host\ns:cr%t",
                "oauthcacerts",
                Files.readString(certificates.authority()));
        TokensAtWork.home(home, settings);
        Files.setPosixFilePermissions(
                home.resolve("control/oauthclient"), PosixFilePermissions.fromString("rw-------"));
        tokens = TokensAtWork.start(home, Map.of());
    }

    @AfterEach
    void end() {
        tokens.close();
        provider.close();
        assertThat(tokens.log()).doesNotContain("bug").doesNotContain(TOKEN, "s:cr%t", "2YotnFZFEjr1z", "s%3Acr");
    }

    private void answer(String json) {
        HttpHandler answer = IdentityProvider.text(200, json);
        provider.answerIntrospection(exchange -> {
            authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
            answer.handle(exchange);
        });
    }

    @Test
    void whatIsActiveIsAcceptedAndAskedEachTime() throws Exception {
        answer("{\"active\":true,\"aud\":\"mail\",\"username\":\"ann\",\"token_type\":\"Bearer\"}");
        assertThat(tokens.look(TOKEN)).isEqualTo(new TokenAnswer.TokenAccepted("ann"));
        answer("{\"active\":false}");
        assertThat(tokens.look(TOKEN)).isInstanceOf(TokenAnswer.TokenRefused.class);
        assertThat(provider.requests())
                .containsOnly("POST /introspect token=2YotnFZFEjr1z%2BC%2FsicMWpAA%3D%3D&token_type_hint=access_token")
                .hasSize(2);
        assertThat(authorizations)
                .containsOnly("Basic " + Base64.getEncoder().encodeToString("mail+host:s%3Acr%25t".getBytes()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "aud":"other","username":"ann"                                      | audience
            "username":"ann"                                                    | audience
            "aud":"mail"                                                        | no claim username
            "aud":"mail","username":"ann","iss":"https://elsewhere.example"     | issuer
            "aud":"mail","username":"ann","exp":1000                            | expired
            "aud":"mail","username":"ann","nbf":99999999999                     | not good yet
            "aud":"mail","username":"ann","token_type":"DPoP"                   | no bearer token
            "aud":"mail","username":"ann","cnf":{"x5t#S256":"x"}                | bound to a key
            """)
    void whatIsActiveIsCheckedAllTheSame(String claims, String reason) throws Exception {
        answer("{\"active\":true," + claims + "}");
        assertThat(tokens.look(TOKEN))
                .isInstanceOfSatisfying(
                        TokenAnswer.TokenRefused.class,
                        refused -> assertThat(refused.reason()).contains(reason));
    }

    @ParameterizedTest
    @ValueSource(strings = {"401", "500", "302", "rubbish", "silent", "text"})
    void whatIsNoAnswerIsNoRefusal(String kind) throws Exception {
        provider.answerIntrospection(
                switch (kind) {
                    case "rubbish" -> IdentityProvider.text(200, "active");
                    case "silent" -> IdentityProvider.text(200, "{}");
                    case "text" -> IdentityProvider.text(200, "{\"active\":\"true\"}");
                    case "302" ->
                        exchange -> {
                            exchange.getResponseHeaders().set("Location", provider.url("/keys"));
                            exchange.sendResponseHeaders(302, -1);
                        };
                    default -> IdentityProvider.text(Integer.parseInt(kind), "{\"active\":false}");
                });
        assertThat(tokens.look(TOKEN)).isInstanceOf(TokenAnswer.TokenUndecided.class);
        assertThat(provider.requests()).hasSize(1);
        answer("{\"active\":true,\"aud\":[\"mail\"],\"username\":\"ann\"}");
        assertThat(tokens.look(TOKEN)).isEqualTo(new TokenAnswer.TokenAccepted("ann"));
    }
}

package carteiro.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.testkit.Certificates;
import carteiro.testkit.IdentityProvider;
import carteiro.testkit.IdentityProvider.SigningKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that are signed, right ones and wrong ones, by a provider on loopback. */
class SignedTokensTest {
    private static final String ANN = "ann@example.org";

    @TempDir
    static Path shared;

    @TempDir
    Path home;

    private static Certificates certificates;
    private IdentityProvider provider;
    private TokensAtWork tokens;

    @BeforeAll
    static void certificates() throws Exception {
        certificates = Certificates.make(shared, "IP:127.0.0.1");
    }

    @BeforeEach
    void start() throws Exception {
        provider = IdentityProvider.start(certificates);
        tokens = TokensAtWork.start(home, settings());
    }

    private Map<String, String> settings() throws Exception {
        return Map.of(
                "oauthissuer", provider.issuer(),
                "oauthaudience", IdentityProvider.AUDIENCE,
                "oauthscope", "mail.all",
                "oauthjwks", provider.url("/keys"),
                "oauthcacerts", Files.readString(certificates.authority()));
    }

    @AfterEach
    void end() {
        tokens.close();
        provider.close();
        assertThat(tokens.log()).doesNotContain("bug").doesNotContain("eyJ");
    }

    private SigningKey key(String algorithm) {
        return switch (algorithm) {
            case "ES256" -> provider.elliptic;
            case "ES384" -> provider.elliptic384;
            case "EdDSA" -> provider.edwards;
            default -> provider.rsa;
        };
    }

    private void assertAccepted(String token) throws Exception {
        assertThat(tokens.look(token)).isEqualTo(new TokenAnswer.TokenAccepted(ANN));
    }

    private void assertRefused(String token, String reason) throws Exception {
        assertThat(tokens.look(token)).isInstanceOfSatisfying(TokenAnswer.TokenRefused.class, refused -> {
            assertThat(refused.reason()).contains(reason);
            assertThat(refused.fault().status()).isEqualTo("invalid_token");
            assertThat(refused.fault().scope()).isEqualTo("mail.all");
            assertThat(refused.fault().configuration())
                    .isEqualTo(provider.issuer() + "/.well-known/openid-configuration");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})
    void aGoodTokenOfEachAlgorithmIsAccepted(String algorithm) throws Exception {
        String token = IdentityProvider.token(algorithm, key(algorithm), provider.claims(ANN) + "}");
        assertAccepted(token);
        assertAccepted(token);
        assertThat(provider.requests()).as("keys are remembered").containsExactly("GET /keys ");
        int dot = token.lastIndexOf('.');
        char other = token.charAt(dot + 9) == 'A' ? 'B' : 'A';
        assertRefused(token.substring(0, dot + 9) + other + token.substring(dot + 10), "signature is wrong");
        assertRefused(token.substring(0, dot + 1), "signature is wrong");
        SigningKey stranger = algorithm.startsWith("ES") || algorithm.equals("EdDSA")
                ? SigningKey.elliptic(provider.elliptic.id(), "secp256r1")
                : SigningKey.rsa(provider.rsa.id(), 2048);
        if (!algorithm.equals("EdDSA") && !algorithm.equals("ES384")) {
            assertRefused(
                    IdentityProvider.token(algorithm, stranger, provider.claims(ANN) + "}"), "signature is wrong");
        }
    }

    @Test
    void withoutAKeysNameAllOfItsKindAreTried() throws Exception {
        assertAccepted(IdentityProvider.signed(
                "{\"alg\":\"ES256\",\"typ\":\"at+JWT\"}", "ES256", provider.elliptic, provider.claims(ANN) + "}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "None", "HS256", "HS512", "RSA1_5", "dir", "ES256K", "rs256", ""})
    void otherAlgorithmsAreRefused(String algorithm) throws Exception {
        String header = "{\"alg\":\"" + algorithm + "\",\"kid\":\"rsa-1\"}";
        assertRefused(
                IdentityProvider.signed(header, "RS256", provider.rsa, provider.claims(ANN) + "}"),
                "none that is accepted");
        String unsigned = IdentityProvider.signed(header, "RS256", provider.rsa, provider.claims(ANN) + "}");
        assertRefused(unsigned.substring(0, unsigned.lastIndexOf('.') + 1), "none that is accepted");
        assertThat(provider.requests()).isEmpty();
    }

    @Test
    void aPublicKeyIsNoSecret() throws Exception {
        String signed = IdentityProvider.base64(bytes("{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}")) + "."
                + IdentityProvider.base64(bytes(provider.claims(ANN) + "}"));
        for (byte[] secret : new byte[][] {provider.rsa.pair().getPublic().getEncoded(), bytes(provider.rsa.json())}) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            assertRefused(signed + "." + IdentityProvider.base64(mac.doFinal(bytes(signed))), "none that is accepted");
        }
        provider.answerKeys(IdentityProvider.text(
                200,
                "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"rsa-1\",\"k\":\"c2VjcmV0\"}," + provider.rsa.json() + "]}"));
        assertAccepted(provider.token(ANN));
    }

    @Test
    void theAlgorithmIsTheKeysAndNotTheTokens() throws Exception {
        assertRefused(
                IdentityProvider.signed(
                        "{\"alg\":\"ES256\",\"kid\":\"rsa-1\"}", "RS256", provider.rsa, provider.claims(ANN) + "}"),
                "no key of that name");
        assertRefused(
                IdentityProvider.signed(
                        "{\"alg\":\"RS256\",\"kid\":\"ec-1\"}", "ES256", provider.elliptic, provider.claims(ANN) + "}"),
                "no key of that name");
        String psOnly = provider.rsa.json().replace("\"use\":\"sig\"", "\"alg\":\"PS256\"");
        provider.answerKeys(IdentityProvider.text(200, "{\"keys\":[" + psOnly + "]}"));
        tokens.running.reload();
        assertRefused(provider.token(ANN), "no key of that name");
        assertAccepted(IdentityProvider.token("PS256", provider.rsa, provider.claims(ANN) + "}"));
    }

    @Test
    void keysAreTakenFromTheProviderAndNeverFromAToken() throws Exception {
        SigningKey own = SigningKey.rsa("mine", 2048);
        try (var attacker = IdentityProvider.start(certificates)) {
            attacker.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(own)));
            for (String more : new String[] {
                "\"jku\":\"" + attacker.url("/keys") + "\"",
                "\"x5u\":\"" + attacker.url("/keys") + "\"",
                "\"jwk\":" + own.json(),
                "\"x5c\":[\"MIIB\"]",
                "\"iss\":\"" + attacker.issuer() + "\"",
            }) {
                for (String name : new String[] {"mine", "rsa-1", ""}) {
                    String id = name.isEmpty() ? "" : "\"kid\":\"" + name + "\",";
                    assertThat(tokens.look(IdentityProvider.signed(
                                    "{\"alg\":\"RS256\"," + id + more + "}", "RS256", own, provider.claims(ANN) + "}")))
                            .isInstanceOf(TokenAnswer.TokenRefused.class);
                }
                assertAccepted(IdentityProvider.signed(
                        "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"," + more + "}",
                        "RS256",
                        provider.rsa,
                        provider.claims(ANN) + "}"));
            }
            assertThat(attacker.requests()).isEmpty();
            assertThat(provider.requests()).containsOnly("GET /keys ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../../../etc/passwd", "/dev/null", "rsa-1\\u0000", "' or 1=1", "https://127.0.0.1/", " rsa-1"})
    void aKeysNameIsANameAndNothingElse(String id) throws Exception {
        assertRefused(
                IdentityProvider.signed(
                        "{\"alg\":\"RS256\",\"kid\":\"" + id + "\"}",
                        "RS256",
                        provider.rsa,
                        provider.claims(ANN) + "}"),
                "no key of that name");
    }

    @Test
    void aFloodOfUnknownKeysAsksTheProviderNoMoreThanOnce() throws Exception {
        assertAccepted(provider.token(ANN));
        for (int i = 0; i < 200; i++) {
            assertRefused(
                    IdentityProvider.signed("{\"alg\":\"RS256\",\"kid\":\"k" + i + "\"}", "RS256", provider.rsa, "{}"),
                    "no key of that name");
        }
        assertThat(provider.requests()).as("read a moment ago").hasSize(1);
        assertAccepted(provider.token(ANN));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "iss":"https://id.example"              | issuer
            "iss":null                              | issuer
            "iss":["ISSUER"]                        | issuer
            "iss":"ISSUER/"                         | issuer
            "aud":"other"                           | audience
            "aud":[]                                | audience
            "aud":{"mail":1}                        | audience
            "aud":"mail2"                           | audience
            "exp":PAST                              | expired
            "exp":null                              | until when
            "exp":"FUTURE"                          | expired
            "exp":-1e400                            | no JSON
            "exp":"never"                           | expired
            "nbf":FUTURE                            | not good yet
            "nbf":"x"                               | not good yet
            "email":""                              | no claim email
            "email":["ann@example.org"]             | no claim email
            "email":"a\\nb"                         | is no name
            "email":"\\ud800"                       | no
            "email_verified":false                  | not verified
            "email_verified":"false"                | not verified
            "cnf":{"jkt":"x"}                       | bound to a key
            """)
    void eachClaimIsChecked(String claim, String reason) throws Exception {
        long now = Instant.now().getEpochSecond();
        String changed = claim.replace("ISSUER", provider.issuer())
                .replace("PAST", String.valueOf(now - 70))
                .replace("FUTURE", String.valueOf(now + 70));
        assertThat(tokens.look(IdentityProvider.token("RS256", provider.rsa, with(changed))))
                .isInstanceOfSatisfying(
                        TokenAnswer.TokenRefused.class,
                        refused -> assertThat(refused.reason()).contains(reason));
        assertAccepted(provider.token(ANN));
    }

    /** The claims of a good token with one of them changed. */
    private String with(String claim) {
        String name = claim.substring(0, claim.indexOf(':') + 1);
        String kept =
                provider.claims(ANN).substring(1).replaceFirst(name + "(\\[[^]]*]|\"[^\"]*\"|[0-9]+)", "\"unused\":1");
        return "{" + kept + "," + claim + "}";
    }

    @Test
    void clocksMayDifferByAMinute() throws Exception {
        long now = Instant.now().getEpochSecond();
        assertAccepted(IdentityProvider.token("RS256", provider.rsa, with("\"exp\":" + (now - 30))));
        assertAccepted(IdentityProvider.token("RS256", provider.rsa, with("\"nbf\":" + (now + 30))));
    }

    @Test
    void aScopeThatLacksIsTold() throws Exception {
        for (String scope : new String[] {"\"scope\":\"openid\"", "\"scope\":\"mail.allowed\"", "\"scope\":7"}) {
            assertThat(tokens.look(IdentityProvider.token("RS256", provider.rsa, with(scope))))
                    .isInstanceOfSatisfying(
                            TokenAnswer.TokenRefused.class,
                            refused -> assertThat(refused.fault().status()).isEqualTo("insufficient_scope"));
        }
        for (String scope : new String[] {"\"scope\":[\"mail.all\"]", "\"scope\":\"x\",\"scp\":\"a mail.all\""}) {
            assertAccepted(IdentityProvider.token("RS256", provider.rsa, with(scope)));
        }
    }

    static Stream<String> rubbish() {
        String header = IdentityProvider.base64(bytes("{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}"));
        String deep = "[".repeat(6000);
        return Stream.of(
                "x",
                ".",
                "..",
                "a.b",
                "a.b.c.d",
                "a.b.c.d.e",
                header + "=.e30.AA",
                header + ".e30.*",
                "x y",
                "tok\u0001en",
                "=".repeat(10),
                "t\u00f6ken",
                IdentityProvider.base64(bytes("[]")) + ".e30.AA",
                IdentityProvider.base64(bytes("{\"alg\":")) + ".e30.AA",
                IdentityProvider.base64(bytes("{\"alg\":\"RS256\",\"alg\":\"none\"}")) + ".e30.AA",
                IdentityProvider.base64(bytes("{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}")) + ".e30.AA",
                IdentityProvider.base64(bytes("{\"alg\":\"RS256\",\"typ\":\"dpop+jwt\"}")) + ".e30.AA",
                IdentityProvider.base64(bytes("{\"x\":" + deep)) + ".e30.AA",
                IdentityProvider.base64(
                                bytes("{\"x\":" + deep + "]".repeat(6000).substring(0, 600) + "}")) + ".e30.AA",
                IdentityProvider.base64(new byte[] {'{', (byte) 0xff, '}'}) + ".e30.AA",
                IdentityProvider.base64(bytes("{\"alg\":\"RS256\",\"kid\":\"" + "k".repeat(600) + "\"}")) + ".e30.AA",
                header + "." + "e".repeat(9000) + ".AA");
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("rubbish")
    void rubbishIsRefused(String token) throws Exception {
        assertThat(tokens.look(token)).isInstanceOf(TokenAnswer.TokenRefused.class);
    }

    @Test
    void whatIsSignedAndNoObjectIsRefused() throws Exception {
        for (String claims : new String[] {
            "", "7", "[]", "null", "{\"email\":" + "{\"a\":".repeat(1000) + "1" + "}".repeat(1001), "{\"a\":1,\"a\":2}"
        }) {
            assertRefused(IdentityProvider.token("RS256", provider.rsa, claims), "");
        }
    }

    @Test
    void keysThatAreTooWeakOrNoneAreNotUsed() throws Exception {
        SigningKey weak = SigningKey.rsa("weak", 1024);
        String encryption = provider.elliptic.json().replace("\"use\":\"sig\"", "\"use\":\"enc\"");
        String offCurve = provider.elliptic384.json().replaceFirst("\"x\":\"...", "\"x\":\"AAA");
        provider.answerKeys(IdentityProvider.text(
                200,
                "{\"keys\":[7,null,[],{},{\"kty\":\"XYZ\"},{\"kty\":\"RSA\"}," + weak.json() + "," + encryption + ","
                        + offCurve + "," + provider.edwards.json() + "]}"));
        assertRefused(IdentityProvider.token("RS256", weak, provider.claims(ANN) + "}"), "no key of that name");
        assertRefused(
                IdentityProvider.token("ES256", provider.elliptic, provider.claims(ANN) + "}"), "no key of that name");
        assertRefused(
                IdentityProvider.token("ES384", provider.elliptic384, provider.claims(ANN) + "}"),
                "no key of that name");
        assertAccepted(IdentityProvider.token("EdDSA", provider.edwards, provider.claims(ANN) + "}"));
    }

    // ---- a provider that does not do what it should

    @ParameterizedTest
    @ValueSource(strings = {"500", "302", "404", "html", "empty", "nokeys", "huge", "list"})
    void whatIsNoAnswerIsNoRefusal(String kind) throws Exception {
        try (var elsewhere = IdentityProvider.start(certificates)) {
            elsewhere.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)));
            provider.answerKeys(
                    switch (kind) {
                        case "302" ->
                            exchange -> {
                                exchange.getResponseHeaders().set("Location", elsewhere.url("/keys"));
                                exchange.sendResponseHeaders(302, -1);
                            };
                        case "html" -> IdentityProvider.text(200, "<html>maintenance</html>");
                        case "empty" -> IdentityProvider.text(200, "");
                        case "nokeys" -> IdentityProvider.text(200, "{\"keys\":[]}");
                        case "list" -> IdentityProvider.text(200, "[" + provider.rsa.json() + "]");
                        case "huge" ->
                            exchange -> {
                                exchange.sendResponseHeaders(200, 0);
                                byte[] much = " ".repeat(64 * 1024).getBytes(StandardCharsets.US_ASCII);
                                for (int i = 0; i < 256; i++) { // 16 MiB
                                    exchange.getResponseBody().write(much);
                                }
                            };
                        default -> IdentityProvider.text(Integer.parseInt(kind), "{}");
                    });
            assertThat(tokens.look(provider.token(ANN))).isInstanceOf(TokenAnswer.TokenUndecided.class);
            provider.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)));
            assertThat(tokens.look(provider.token(ANN)))
                    .as("it is left alone for a minute")
                    .isInstanceOf(TokenAnswer.TokenUndecided.class);
            assertThat(provider.requests()).hasSize(1);
            assertThat(elsewhere.requests()).isEmpty();
            tokens.running.reload();
            assertAccepted(provider.token(ANN));
        }
        tokens.close();
        assertThat(tokens.log()).contains("alert: tokens: " + provider.url("/keys"));
    }

    @Test
    void anotherCertificateIsNotBelieved() throws Exception {
        try (var other = TokensAtWork.start(home.resolve("other"), without("oauthcacerts"))) {
            assertThat(other.look(provider.token(ANN))).isInstanceOf(TokenAnswer.TokenUndecided.class);
        }
        Certificates named = Certificates.make(shared.resolve("named"), "DNS:id.example");
        try (var misnamed = IdentityProvider.start(named)) {
            var changed = new HashMap<>(settings());
            changed.put("oauthjwks", misnamed.url("/keys"));
            changed.put("oauthcacerts", Files.readString(named.authority()));
            try (var other = TokensAtWork.start(home.resolve("misnamed"), changed)) {
                assertThat(other.look(provider.token(ANN))).isInstanceOf(TokenAnswer.TokenUndecided.class);
            }
            assertThat(misnamed.requests()).isEmpty();
        }
        assertThat(provider.requests()).isEmpty();
        assertAccepted(provider.token(ANN));
    }

    private Map<String, String> without(String setting) throws Exception {
        var changed = new HashMap<>(settings());
        changed.remove(setting);
        return changed;
    }

    @Test
    void aProviderThatIsDownOrSilentIsUndecided() throws Exception {
        String token = provider.token(ANN);
        String issuer = provider.issuer();
        provider.close();
        assertThat(issuer).startsWith("https");
        assertThat(tokens.look(token)).isInstanceOf(TokenAnswer.TokenUndecided.class);
    }

    @Test
    void manyAtOnceWaitForOneReading() throws Exception {
        var release = new CountDownLatch(1);
        provider.answerKeys(exchange -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)).handle(exchange);
        });
        String token = provider.token(ANN);
        var threads = new java.util.ArrayList<java.util.concurrent.FutureTask<TokenAnswer>>();
        for (int i = 0; i < 20; i++) {
            var task = new java.util.concurrent.FutureTask<>(() -> tokens.look(token));
            Thread.ofVirtual().start(task);
            threads.add(task);
        }
        release.countDown();
        for (var task : threads) {
            assertThat(task.get()).isEqualTo(new TokenAnswer.TokenAccepted(ANN));
        }
        assertThat(provider.requests()).hasSize(1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

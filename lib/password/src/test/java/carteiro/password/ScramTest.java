package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.password.ScramStep.ScramContinues;
import carteiro.password.ScramStep.ScramFails;
import carteiro.password.ScramStep.ScramSucceeds;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScramTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final ScramSalts SALTS = new ScramSalts("sixteen octets!!".getBytes(UTF_8), 4096);
    private static final ChannelBinding EXPORTER = new ChannelBinding(ChannelBinding.TLS_EXPORTER, new byte[32]);
    private static final ChannelBinding END_POINT =
            new ChannelBinding(ChannelBinding.TLS_SERVER_END_POINT, octets("certificate"));
    private static final byte[] PENCIL = octets("pencil");

    private static byte[] octets(String text) {
        return text.getBytes(UTF_8);
    }

    private static ScramKeys pencil(ScramHash hash, String salt) {
        return ScramKeys.derive(hash, PENCIL, Base64.getDecoder().decode(salt), 4096);
    }

    private static final ScramKeys KEYS_1 = pencil(ScramHash.SHA_1, "QSXCR+Q6sek8bf92");
    private static final ScramKeys KEYS_256 = pencil(ScramHash.SHA_256, "W22ZaJ0SNY7soEsUEjb6gQ==");

    private static ScramDirectory users(String... names) {
        return (user, hash) -> List.of(names).contains(user)
                ? Optional.of(hash == ScramHash.SHA_1 ? KEYS_1 : KEYS_256)
                : Optional.empty();
    }

    private static ScramServer server(String mechanism, List<ChannelBinding> bindings, String nonce) {
        return new ScramServer(mechanism, bindings, users("user", "a,b=c", "IX"), SALTS, () -> nonce);
    }

    private static ScramServer server() {
        return server("SCRAM-SHA-256", List.of(), "s");
    }

    private static String sent(ScramStep step) {
        return assertThat(step)
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.type(ScramContinues.class))
                .actual()
                .message();
    }

    private static void assertFails(ScramStep step, ScramError error) {
        assertThat(step).isInstanceOf(ScramFails.class);
        assertThat(((ScramFails) step).error()).as(step.toString()).isEqualTo(error);
    }

    // ---- To the octet

    @Test
    void theExampleOfRfc5802() throws Exception {
        var client = ScramClient.unbound(ScramHash.SHA_1, "user", PENCIL, () -> "fyko+d2lbbFgONRv9qkxdawL");
        ScramServer server = server("SCRAM-SHA-1", List.of(), "3rfcNHYJY1ZVvWVs7j");
        assertThat(client.first()).isEqualTo("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        String challenge = sent(server.first(octets(client.first())));
        assertThat(challenge).isEqualTo("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
        String answer = sent(client.answer(octets(challenge)));
        assertThat(answer)
                .isEqualTo("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        assertThat(server.last(octets(answer))).isEqualTo(new ScramSucceeds("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "user"));
        assertThat(client.finish(octets("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="))).isEqualTo(new ScramSucceeds("", "user"));
    }

    @Test
    void theExampleOfRfc7677() throws Exception {
        var client = ScramClient.unbound(ScramHash.SHA_256, "user", PENCIL, () -> "rOprNGfwEbeRWgbNEkqO");
        ScramServer server = server("SCRAM-SHA-256", List.of(), "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        String challenge = sent(server.first(octets("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
        assertThat(client.first()).isEqualTo("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assertThat(challenge)
                .isEqualTo("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        String answer = sent(client.answer(octets(challenge)));
        assertThat(answer)
                .isEqualTo("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        assertThat(server.last(octets(answer)))
                .isEqualTo(new ScramSucceeds("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "user"));
        assertThat(client.finish(octets("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")))
                .isEqualTo(new ScramSucceeds("", "user"));
    }

    // ---- Client and server

    private static ScramStep play(ScramClient client, ScramServer server) throws IOException {
        String answer = sent(client.answer(octets(sent(server.first(octets(client.first()))))));
        ScramStep end = server.last(octets(answer));
        return end instanceof ScramSucceeds done ? client.finish(octets(done.message())) : end;
    }

    @ParameterizedTest
    @EnumSource
    void bothSidesBindToTheConnection(ScramHash hash) throws Exception {
        for (ChannelBinding each : List.of(EXPORTER, END_POINT)) {
            try (var client = ScramClient.bound(hash, each, "user", PENCIL, RANDOM)) {
                assertThat(client.mechanism()).isEqualTo(hash.mechanism() + "-PLUS");
                ScramServer server = server(client.mechanism(), List.of(EXPORTER, END_POINT), "s");
                assertThat(play(client, server)).isEqualTo(new ScramSucceeds("", "user"));
            }
            try (var client = ScramClient.bound(hash, each, "user", PENCIL, RANDOM)) {
                var elsewhere = new ChannelBinding(each.type(), octets("another"));
                assertFails(
                        play(client, server(client.mechanism(), List.of(elsewhere), "s")),
                        ScramError.CHANNEL_BINDINGS_DONT_MATCH);
            }
        }
    }

    @Test
    void wrongPasswordAndUnknownUserAreTheSameToTheClient() throws Exception {
        String name = "nobody";
        var first = server();
        var second = server();
        String one = sent(first.first(octets("n,,n=nobody,r=c")));
        assertThat(sent(second.first(octets("n,,n=nobody,r=c"))))
                .as("the salt stays")
                .isEqualTo(one);
        assertThat(sent(server().first(octets("n,,n=nobody2,r=c")))).isNotEqualTo(one);
        assertThat(one).matches("r=cs,s=[A-Za-z0-9+/]{22}==,i=4096");
        var other = new ScramServer("SCRAM-SHA-256", List.of(), users(), new ScramSalts(new byte[16], 4096), () -> "s");
        assertThat(sent(other.first(octets("n,,n=nobody,r=c"))))
                .as("by the secret")
                .isNotEqualTo(one);
        try (var unknown = ScramClient.unbound(ScramHash.SHA_256, name, PENCIL, RANDOM);
                var wrong = ScramClient.unbound(ScramHash.SHA_256, "user", octets("pen"), RANDOM)) {
            ScramFails noUser = (ScramFails) play(unknown, server());
            ScramFails wrongPassword = (ScramFails) play(wrong, server());
            assertThat(noUser.message()).isEqualTo("e=invalid-proof").isEqualTo(wrongPassword.message());
            assertThat(noUser.reason()).isNotEqualTo(wrongPassword.reason());
        }
    }

    @Test
    void clearTextHasTheSaltThatAnUnknownUserWouldHave() throws Exception {
        StoredPassword clear = StoredPassword.parseWithClearText("{CLEARTEXT}pencil");
        var server = new ScramServer(
                "SCRAM-SHA-256", List.of(), (user, hash) -> clear.scramKeys(hash, user, SALTS), SALTS, () -> "s");
        var unknown = server();
        assertThat(sent(server.first(octets("n,,n=nobody,r=c"))))
                .isEqualTo(sent(unknown.first(octets("n,,n=nobody,r=c"))));
        try (var client = ScramClient.ableToBind(ScramHash.SHA_1, "ann", PENCIL, RANDOM)) {
            assertThat(client.first()).startsWith("y,,n=ann,r=");
            assertThat(play(
                            client,
                            new ScramServer(
                                    "SCRAM-SHA-1",
                                    List.of(),
                                    (user, hash) -> clear.scramKeys(hash, user, SALTS),
                                    SALTS,
                                    RANDOM)))
                    .isEqualTo(new ScramSucceeds("", "ann"));
        }
    }

    @Test
    void whatIsStoredForScramServesIt() throws Exception {
        StoredPassword stored = StoredPassword.createScram(octets("I\u00ADX \u00E9"), 4096, RANDOM);
        try (var client = ScramClient.unbound(ScramHash.SHA_256, "I\u00ADX", octets("IX e\u0301"), RANDOM)) {
            var server = new ScramServer(
                    "SCRAM-SHA-256", List.of(), (user, hash) -> stored.scramKeys(hash, user, SALTS), SALTS, RANDOM);
            assertThat(play(client, server)).isEqualTo(new ScramSucceeds("", "IX"));
        }
    }

    @Test
    void namesWithCommasAndEqualsSigns() throws Exception {
        try (var client = ScramClient.unbound(ScramHash.SHA_256, "a,b=c", PENCIL, () -> "c")) {
            assertThat(client.first()).isEqualTo("n,,n=a=2Cb=3Dc,r=c");
            assertThat(play(client, server())).isEqualTo(new ScramSucceeds("", "a,b=c"));
        }
    }

    // ---- A client that is wrong

    @ParameterizedTest
    @ValueSource(
            strings = {
                "n,,n=user,r=c",
                "n,a=user,n=user,r=c",
                "n,,n=user,r=c,x=1,y==",
                "y,,n=user,r=c",
                "n,,n=I\u00ADX,r=c",
                "n,a=I\u00ADX,n=IX,r=c",
                "n,a=a=2Cb=3Dc,n=a=2Cb=3Dc,r=c",
                "n,,n=us er,r=~!+"
            })
    void firstMessagesThatAreRight(String message) throws Exception {
        assertThat(server().first(octets(message))).isInstanceOf(ScramContinues.class);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " | ", textBlock = """
            n,,n=user               | OTHER_ERROR
            n,,n=user,              | OTHER_ERROR
            n,,n=user,r=            | OTHER_ERROR
            n,,n=,r=c               | OTHER_ERROR
            n,,r=c,n=user           | OTHER_ERROR
            n,,N=user,r=c           | OTHER_ERROR
            n,,n=user,r=c c         | OTHER_ERROR
            n,,n=user,r=é           | OTHER_ERROR
            n,,n=user,r=c,          | OTHER_ERROR
            n,,n=user,r=c,x         | OTHER_ERROR
            n,,n=user,r=c,x=        | OTHER_ERROR
            n,,n=user,r=c,1=1       | OTHER_ERROR
            n,user,n=user,r=c       | OTHER_ERROR
            n,a=,n=user,r=c         | OTHER_ERROR
            n,a=us=er,n=user,r=c    | OTHER_ERROR
            n,a=other,n=user,r=c    | OTHER_ERROR
            x,,n=user,r=c           | OTHER_ERROR
            N,,n=user,r=c           | OTHER_ERROR
            ,,n=user,r=c            | OTHER_ERROR
            n,n=user,r=c            | OTHER_ERROR
            n,,m=x,n=user,r=c       | EXTENSIONS_NOT_SUPPORTED
            n,,n=user,r=c,m=x       | EXTENSIONS_NOT_SUPPORTED
            n,,n=us=er,r=c          | INVALID_USERNAME_ENCODING
            n,,n=us=2cer,r=c        | INVALID_USERNAME_ENCODING
            n,,n=us=2,r=c           | INVALID_USERNAME_ENCODING
            n,,n=us=,r=c            | INVALID_USERNAME_ENCODING
            n,,n=a\u0007b,r=c       | INVALID_USERNAME_ENCODING
            n,,n=\u00AD,r=c         | INVALID_USERNAME_ENCODING
            n,,n=\u0627a,r=c        | INVALID_USERNAME_ENCODING
            p=tls-exporter,,n=user,r=c | CHANNEL_BINDING_NOT_SUPPORTED
            """)
    void firstMessagesThatAreWrong(String message, ScramError error) throws Exception {
        assertFails(server().first(octets(message)), error);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " | ", textBlock = """
            SCRAM-SHA-256      | y,,n=user,r=c                      | SERVER_DOES_SUPPORT_CHANNEL_BINDING
            SCRAM-SHA-256-PLUS | y,,n=user,r=c                      | SERVER_DOES_SUPPORT_CHANNEL_BINDING
            SCRAM-SHA-256-PLUS | n,,n=user,r=c                      | OTHER_ERROR
            SCRAM-SHA-256-PLUS | p=tls-unique,,n=user,r=c           | UNSUPPORTED_CHANNEL_BINDING_TYPE
            SCRAM-SHA-256-PLUS | p=,,n=user,r=c                     | UNSUPPORTED_CHANNEL_BINDING_TYPE
            SCRAM-SHA-256-PLUS | p=TLS-exporter,,n=user,r=c         | UNSUPPORTED_CHANNEL_BINDING_TYPE
            SCRAM-SHA-256      | p=tls-exporter,,n=user,r=c         | CHANNEL_BINDING_NOT_SUPPORTED
            """)
    void wrongWaysToBind(String mechanism, String message, ScramError error) throws Exception {
        assertFails(server(mechanism, List.of(EXPORTER, END_POINT), "s").first(octets(message)), error);
    }

    @Test
    void aClientThatCannotBindMayDoWithoutThoughPlusWasAnnounced() throws Exception {
        try (var client = ScramClient.unbound(ScramHash.SHA_256, "user", PENCIL, RANDOM)) {
            assertThat(play(client, server("SCRAM-SHA-256", List.of(EXPORTER), "s")))
                    .isEqualTo(new ScramSucceeds("", "user"));
        }
    }

    private static final String PROOF = "p=" + "A".repeat(43) + "=";

    @ParameterizedTest
    @CsvSource(delimiterString = " | ", textBlock = """
            c=biws,r=cs,PROOF         | INVALID_PROOF
            c=biws,r=cs,x=1,PROOF     | INVALID_PROOF
            c=biws,r=cs,p=AAAA        | INVALID_PROOF
            c=biws,r=c,PROOF          | OTHER_ERROR
            c=biws,r=css,PROOF        | OTHER_ERROR
            c=biws,r=CS,PROOF         | OTHER_ERROR
            c=biws,r=,PROOF           | OTHER_ERROR
            c=eSws,r=cs,PROOF         | CHANNEL_BINDINGS_DONT_MATCH
            c=biwsYQ==,r=cs,PROOF     | CHANNEL_BINDINGS_DONT_MATCH
            c=biw,r=cs,PROOF          | INVALID_ENCODING
            c=biws=,r=cs,PROOF        | INVALID_ENCODING
            c=bi ws,r=cs,PROOF        | INVALID_ENCODING
            c=biws,r=cs,p=AAA         | INVALID_ENCODING
            c=biws,r=cs,p=AAB=        | INVALID_ENCODING
            c=biws,r=cs,p=-_-_        | INVALID_ENCODING
            c=biws,r=cs               | OTHER_ERROR
            c=biws,r=cs,p=            | OTHER_ERROR
            c=,r=cs,PROOF             | OTHER_ERROR
            r=cs,c=biws,PROOF         | OTHER_ERROR
            c=biws,PROOF              | OTHER_ERROR
            c=biws,r=cs,x,PROOF       | OTHER_ERROR
            c=biws,r=cs,,PROOF        | OTHER_ERROR
            c=biws,r=cs,PROOF,x=1     | OTHER_ERROR
            c=biws,r=cs,m=1,PROOF     | EXTENSIONS_NOT_SUPPORTED
            m=1,c=biws,r=cs,PROOF     | EXTENSIONS_NOT_SUPPORTED
            x                         | OTHER_ERROR
            """)
    void lastMessagesThatAreWrong(String message, ScramError error) throws Exception {
        ScramServer server = server();
        assertThat(sent(server.first(octets("n,,n=user,r=c")))).startsWith("r=cs,");
        assertFails(server.last(octets(message.replace("PROOF", PROOF))), error);
        assertThatThrownBy(() -> server.last(octets(message))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void messagesHaveALimitAndAreUtf8() throws Exception {
        String start = "n,,n=user,r=";
        assertThat(server().first(octets(start + "c".repeat(4096 - start.length()))))
                .isInstanceOf(ScramContinues.class);
        assertFails(server().first(octets(start + "c".repeat(4097 - start.length()))), ScramError.INVALID_ENCODING);
        assertFails(server().first(octets(start + "c\0")), ScramError.INVALID_ENCODING);
        assertFails(server().first(new byte[] {'n', ',', ',', (byte) 0xC3}), ScramError.INVALID_ENCODING);
        assertFails(server().first(new byte[0]), ScramError.OTHER_ERROR);
        ScramServer server = server();
        assertThat(server.first(octets("n,,n=user,r=c"))).isInstanceOf(ScramContinues.class);
        assertFails(server.last(new byte[4097]), ScramError.INVALID_ENCODING);
    }

    @Test
    void theOrderIsKept() throws Exception {
        ScramServer server = server();
        assertThatThrownBy(() -> server.last(octets("c=biws,r=cs," + PROOF))).isInstanceOf(IllegalStateException.class);
        assertFails(server.first(octets("n,,n=user")), ScramError.OTHER_ERROR);
        assertThatThrownBy(() -> server.first(octets("n,,n=user,r=c"))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.last(octets("c=biws,r=cs," + PROOF))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server("SCRAM-SHA-512", List.of(), "s")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server("SCRAM-SHA-1-PLUS", List.of(), "s"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDirectoryThatCannotTellIsNoUnknownUser() {
        var server = new ScramServer(
                "SCRAM-SHA-256",
                List.of(),
                (user, hash) -> {
                    throw new IOException("away");
                },
                SALTS,
                RANDOM);
        assertThatThrownBy(() -> server.first(octets("n,,n=user,r=c"))).isInstanceOf(IOException.class);
    }

    @Test
    void noncesDiffer() throws Exception {
        var seen = new ArrayList<String>();
        for (int i = 0; i < 100; i++) {
            seen.add(sent(new ScramServer("SCRAM-SHA-256", List.of(), users("user"), SALTS, RANDOM)
                    .first(octets("n,,n=user,r=c"))));
        }
        assertThat(seen).doesNotHaveDuplicates().allMatch(each -> each.matches("r=c[A-Za-z0-9+/]{24},s=.*"));
    }

    // ---- A server that is wrong

    @ParameterizedTest
    @ValueSource(
            strings = {
                "r=cs,s=W22Z,i=4095",
                "r=cs,s=W22Z,i=1000001",
                "r=cs,s=W22Z,i=99999999999",
                "r=cs,s=W22Z,i=04096",
                "r=cs,s=W22Z,i=-1",
                "r=cs,s=W22Z,i=",
                "r=cs,s=W22Z",
                "r=cs,s=,i=4096",
                "r=cs,s=W2,i=4096",
                "r=c,s=W22Z,i=4096",
                "r=xs,s=W22Z,i=4096",
                "r=,s=W22Z,i=4096",
                "s=W22Z,r=cs,i=4096",
                "m=1,r=cs,s=W22Z,i=4096",
                "r=cs,s=W22Z,i=4096,m=1",
                "r=cs,s=W22Z,i=4096,",
                "e=other-error",
                "",
                "\0"
            })
    void challengesThatAreWrong(String challenge) {
        var client = ScramClient.unbound(ScramHash.SHA_256, "user", PENCIL, () -> "c");
        assertThat(client.answer(octets(challenge))).isInstanceOf(ScramFails.class);
        assertThatThrownBy(() -> client.finish(octets("v=AAAA"))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> client.answer(octets(challenge))).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " | ", textBlock = """
            e=invalid-proof                                  | INVALID_PROOF
            e=something-new                                  | OTHER_ERROR
            v=AAAA                                           | OTHER_ERROR
            v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=   | OTHER_ERROR
            v=                                               | OTHER_ERROR
            x=1                                              | OTHER_ERROR
            """)
    void serversThatDoNotKnowOfThePasswordAreNone(String message, ScramError error) {
        var client = ScramClient.unbound(ScramHash.SHA_256, "user", PENCIL, () -> "c");
        assertThat(client.answer(octets("r=cs,s=W22Z,i=4096,x=1"))).isInstanceOf(ScramContinues.class);
        assertFails(client.finish(octets(message)), error);
    }

    @Test
    void textsHoldNoKeys() {
        assertThat(List.of(KEYS_256, SALTS, EXPORTER).toString())
                .isEqualTo("[ScramKeys[SHA_256], ScramSalts, ChannelBinding[tls-exporter]]");
    }

    // ---- Whatever comes

    @Property(tries = 2000)
    void anyFirstMessageHasAnAnswer(@ForAll("messages") String message) throws Exception {
        assertThat(server().first(octets(message))).isInstanceOfAny(ScramContinues.class, ScramFails.class);
        assertThat(server("SCRAM-SHA-1-PLUS", List.of(EXPORTER), "s").first(octets(message)))
                .isInstanceOfAny(ScramContinues.class, ScramFails.class);
    }

    @Property(tries = 2000)
    void noLastMessageSucceedsWithoutThePassword(@ForAll("messages") String message) throws Exception {
        ScramServer server = server();
        assertThat(sent(server.first(octets("n,,n=user,r=c")))).isNotEmpty();
        assertThat(server.last(octets(message))).isInstanceOf(ScramFails.class);
    }

    @Property(tries = 1000)
    void randomOctetsFail(@ForAll byte[] message) throws Exception {
        assertThat(server().first(message)).isInstanceOf(ScramFails.class);
        var client = ScramClient.unbound(ScramHash.SHA_256, "user", PENCIL, () -> "c");
        assertThat(client.answer(message)).isInstanceOf(ScramFails.class);
    }

    @Property(tries = 300)
    void anOctetThatIsChangedOnTheWayFails(@ForAll int place, @ForAll byte change) throws Exception {
        var client = ScramClient.unbound(ScramHash.SHA_256, "user", PENCIL, () -> "c");
        ScramServer server = server();
        byte[] answer = octets(sent(client.answer(octets(sent(server.first(octets(client.first())))))));
        int at = Math.floorMod(place, answer.length);
        boolean same = change == answer[at];
        answer[at] = change;
        if (same) {
            assertThat(server.last(answer)).isInstanceOf(ScramSucceeds.class);
        } else {
            assertThat(server.last(answer)).isInstanceOf(ScramFails.class);
        }
    }

    @Property(tries = 500)
    void namesAreReadAsTheyAreWritten(@ForAll String name) {
        assertThat(ScramText.decodeName(ScramText.encodeName(name))).contains(name);
        assertThat(ScramText.encodeName(name)).doesNotContain(",");
    }

    @Provide
    Arbitrary<String> messages() {
        Arbitrary<String> part = Arbitraries.of(
                "n",
                "y",
                "p=tls-exporter",
                "",
                "a=user",
                "n=user",
                "n=us=2Cer",
                "r=c",
                "r=cs",
                "c=biws",
                "p=AAAA",
                PROOF,
                "m=1",
                "x=1",
                "=",
                "n=",
                "\u0627",
                "e\u0301",
                "\0");
        return part.list().ofMaxSize(7).map(parts -> String.join(",", parts));
    }
}

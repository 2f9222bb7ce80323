package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What both sides of a wire say first. */
@Timeout(60)
class WireVersionTest {
    private static final String QUESTION = "31:#1:1,1:R,7:RECEIVE,3:a@b,3:s@t,,";
    private static final String ANSWER = "32:#1:1,11:example.org,1:Y,5:known,,";

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void close() {
        log.close();
    }

    private Installation home() {
        return new Installation(folder);
    }

    private String log() {
        log.close();
        return lines.toString(StandardCharsets.UTF_8);
    }

    /** What lookup says to a caller that says this and nothing more. */
    private String answerTo(String said) throws IOException {
        Lookup lookup = new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                return new RecipientAnswer("example.org", true, new AddressVerdict.KnownAddress());
            }

            @Override
            public Answer account(LookupQuestion question) {
                return new Answer.Trash();
            }
        };
        try (var wires = new SocketWires(home(), log);
                Closeable _ = wires.offer(lookup);
                var caller = SocketChannel.open(UnixDomainSocketAddress.of(Endpoint.LOOKUP.socket(home().run())))) {
            caller.write(ByteBuffer.wrap(said.getBytes(StandardCharsets.ISO_8859_1)));
            caller.shutdownOutput();
            return new String(Channels.newInputStream(caller).readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"+1\n", "+2\n", "+1 with more to say\n"})
    void aCallerOfOurVersionOrTheNextIsServed(String version) throws Exception {
        assertThat(answerTo(version + QUESTION)).isEqualTo("+1\n" + ANSWER);
        assertThat(log()).isEmpty();
    }

    @Test
    void aCallerOfABuildWhoseWiresHadNoVersionIsRefusedInOneClearLine() throws Exception {
        assertThat(answerTo(QUESTION))
                .isEqualTo(
                        "-it speaks version 1 of the wires, this program wires without a version; start both from the same build");
        assertThat(log())
                .startsWith("warning: lookup: " + Endpoint.LOOKUP.socket(home().run()) + ": connection by user ")
                .endsWith(
                        " refused: it speaks wires without a version, lookup version 1; start all programs again from the build"
                                + " that is installed\n")
                .hasLineCount(1);
    }

    @Test
    void aCallerOfAVersionTooFarIsRefused() throws Exception {
        assertThat(answerTo("+3\n" + QUESTION))
                .isEqualTo(
                        "-it speaks version 1 of the wires, this program version 3 of the wires; start both from the same build");
        assertThat(log()).contains(" refused: it speaks version 3 of the wires, lookup version 1; ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"+\n", "+x\n", "+0\n", "+-1\n", "+9999999999\n"})
    void whatIsNoVersionEndsTheConnection(String version) throws Exception {
        assertThat(answerTo(version + QUESTION)).isEmpty();
        assertThat(log()).contains("the connection does not begin with a version");
    }

    @Test
    void aVersionWithoutEndIsGivenUp() throws Exception {
        assertThat(answerTo("+1" + " ".repeat(100))).isEmpty();
        assertThat(log()).contains("the connection does not begin with a version");
    }

    /** Asks a lookup that says this to whatever it is asked. */
    private RecipientAnswer asked(String says) throws Exception {
        Path socket = Endpoint.LOOKUP.socket(home().run());
        Files.createDirectories(socket.getParent());
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofVirtual().start(() -> {
                while (listener.isOpen()) {
                    try (SocketChannel peer = listener.accept()) {
                        var heard = ByteBuffer.allocate(100);
                        while (!new String(heard.array(), StandardCharsets.ISO_8859_1).contains("a@b")
                                && peer.read(heard) >= 0) {
                            // the question is to come
                        }
                        peer.write(ByteBuffer.wrap(says.getBytes(StandardCharsets.ISO_8859_1)));
                        peer.shutdownOutput();
                        Channels.newInputStream(peer).readAllBytes();
                    } catch (IOException e) {
                        // closed
                    }
                }
            });
            try (var wires = new SocketWires(home(), log)) {
                return wires.lookup().recipient(LookupQuestion.receiving(new Address("a@b"), Address.NULL));
            }
        }
    }

    @Test
    void aProgramOfTheNextVersionIsUnderstood() throws Exception {
        assertThat(asked("+2 with more to say\n27:#1:1,1:h,1:Y,5:known,3:9=x,,"))
                .isEqualTo(new RecipientAnswer("h", true, new AddressVerdict.KnownAddress()));
    }

    @Test
    void aProgramOfAVersionTooFarIsNotListenedTo() {
        assertThatThrownBy(() -> asked("+3\n" + ANSWER))
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "lookup speaks version 3 of the wires, this program version 1: install the same build for both, and"
                                + " start both again");
    }

    @Test
    void aProgramWhoseWiresHaveNoVersionIsNotListenedTo() {
        assertThatThrownBy(() -> asked(ANSWER))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("lookup speaks wires without a version, this program version 1");
    }

    @Test
    void aProgramThatClosesWithoutAWordIsNotTakenForOneThatDoesNotRun() {
        assertThatThrownBy(() -> asked(""))
                .isNotInstanceOf(NotRunningException.class)
                .hasMessageStartingWith(
                        "lookup closed the connection without saying its version: it is stopping, or of a build");
    }
}

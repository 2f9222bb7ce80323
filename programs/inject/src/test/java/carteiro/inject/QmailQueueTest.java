package carteiro.inject;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.Invocation;
import carteiro.posix.ProcessCredentials;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.Spool;
import carteiro.testkit.Covers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The qmail-queue interface: message, envelope, exit codes. */
class QmailQueueTest {
    @TempDir
    Path home;

    private final Recorded queue = new Recorded();

    private int run(InputStream message, String envelope, Path home, Enqueue queue) throws IOException {
        var call = new Invocation(
                List.of(), Map.of("QUEUEWAIT", "0"), message, new ByteArrayOutputStream(), new ByteArrayOutputStream());
        return new QmailQueue(call, new ByteArrayInputStream(Octets.bytes(envelope)), new Installation(home), queue)
                .run();
    }

    private int run(String message, String envelope) throws Exception {
        return run(new ByteArrayInputStream(Octets.bytes(message)), envelope.replace('|', '\0'), home, queue);
    }

    @Test
    @Covers("qmail:Q08")
    void messageIsUntouchedBelowItsReceivedField() throws Exception {
        var octets = new StringBuilder();
        for (int i = 0; i < 600_000; i++) {
            octets.append((char) (i * 31 % 256));
        }
        for (String message : new String[] {octets.toString(), "", "no line end", "\r\n\0\r"}) {
            assertThat(run(message, "Fann@x|Tbob@y|Tcarl|Tbob@y||")).isZero();
            assertThat(queue.messages.getLast().injected()).isEqualTo(message);
            assertThat(queue.messages.getLast().sender()).isEqualTo("ann@x");
            assertThat(queue.messages.getLast().recipients()).containsExactly("bob@y", "carl", "bob@y");
        }
    }

    @ParameterizedTest(name = "{0} exits {1}")
    @CsvSource({"F|Ta|, 54", "F, 54", "'', 54", "Fa|Tb, 54", "Xa||, 91", "Fa|Xb||, 91", "Fa||, 0", "F|T||, 0"})
    @Covers({"qmail:Q02", "qmail:Q03"})
    void envelopesThatBreakOffOrAreWrong(String envelope, int code) throws Exception {
        assertThat(run("x\n", envelope)).isEqualTo(code);
        assertThat(queue.messages).hasSize(code == 0 ? 1 : 0);
    }

    @Test
    @Covers("qmail:Q03")
    void everyTroubleHasItsCode() throws Exception {
        assertThat(run("x", "F" + "a".repeat(1000) + "|T" + "b".repeat(1000) + "||"))
                .isZero();
        assertThat(run("x", "F" + "a".repeat(1001) + "|Tb||")).isEqualTo(11);
        assertThat(run("x", "Fa|T" + "b".repeat(1001) + "||")).isEqualTo(11);
        queue.answer = new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk low");
        assertThat(run("x", "Fa|Tb||")).isEqualTo(53);
        queue.answer = new Receipt.TemporaryFailure(new Status(4, 3, 0), "stopping");
        assertThat(run("x", "Fa|Tb||")).isEqualTo(71);
        queue.answer = new Receipt.PermanentFailure(new Status(5, 3, 4), "too large");
        assertThat(run("x", "Fa|Tb||")).isEqualTo(31);
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("gone");
            }
        };
        assertThat(run(broken, "Fa\0Tb\0\0", home, queue)).isEqualTo(54);
        assertThat(run(InputStream.nullInputStream(), "Fa\0Tb\0\0", home.resolve("none"), queue))
                .isEqualTo(61);
        Enqueue absent = () -> {
            throw new IOException("queue does not answer");
        };
        assertThat(run(InputStream.nullInputStream(), "Fa\0Tb\0\0", home, absent))
                .isEqualTo(62);
    }

    @Test
    @Covers("qmail:Q03")
    void queueThatIsLostIsToldApartFromOneThatIsAbsent() throws Exception {
        Enqueue lost = () -> new Enqueue.Submission() {
            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                throw new IOException("connection broke");
            }

            @Override
            public Receipt commit(carteiro.mail.Envelope envelope, String fields) {
                throw new AssertionError("nothing to commit");
            }

            @Override
            public void close() {}
        };
        assertThat(run(InputStream.nullInputStream(), "Fa\0Tb\0\0", home, lost)).isEqualTo(74);
    }

    @Test
    void whileQueueIsAbsentTheMessageWaitsInTheSpool() throws Exception {
        Path spool = Spool.folder(new Installation(home));
        Files.createDirectory(home.resolve("control"));
        Files.writeString(home.resolve("control/queuediskfloor"), "1048576\n");
        Spool.make(spool);
        Enqueue absent = () -> {
            throw new IOException("queue does not answer");
        };
        assertThat(run(new ByteArrayInputStream("x\n".getBytes()), "Fa\0Tb\0\0", home, absent))
                .isZero();
        assertThat(Spool.look(spool).messages()).isOne();
        assertThat(run(new ByteArrayInputStream("x\n".getBytes()), "Fa\0Tb\0", home, absent))
                .as("a broken envelope")
                .isEqualTo(54);
        assertThat(Spool.look(spool)).satisfies(content -> {
            assertThat(content.messages()).isOne();
            assertThat(content.drafts()).isZero();
        });
    }

    @Test
    void addressesHaveALimitInOctets() throws Exception {
        String recipient = "T" + "b".repeat(1000) + "|";
        int most = LocalSubmission.ENVELOPE_LIMIT / 1006 - 1;
        assertThat(run("x", "Fa|" + recipient.repeat(most) + "|")).isZero();
        assertThat(run("x", "Fa|" + recipient.repeat(LocalSubmission.ENVELOPE_LIMIT / 1000 + 1) + "|"))
                .isEqualTo(31);
        assertThat(queue.messages).hasSize(1);
    }

    @Test
    void outOfMemoryHasItsCode() throws Exception {
        InputStream hungry = new InputStream() {
            @Override
            public int read() {
                throw new OutOfMemoryError();
            }
        };
        assertThat(run(hungry, "Fa\0Tb\0\0", home, queue)).isEqualTo(51);
    }

    @ParameterizedTest(name = "run as {0}: {2}")
    @CsvSource({"joe, 54321, by uid 54321", "qmaild, 54321, by uid 54321", "root, 0, by uid 0"})
    void receivedFieldSaysWhoCalled(String user, int uid, String invoked) throws Exception {
        assertThat(LocalSubmission.received(
                        new ProcessCredentials(4711, uid, user), Instant.parse("2026-11-24T03:08:09Z")))
                .isEqualTo("Received: (qmail 4711 invoked " + invoked + "); 24 Nov 2026 03:08:09 -0000\n");
    }

    @Test
    void callerIsWhoTheSystemSays() throws Exception {
        ProcessCredentials caller = ProcessCredentials.current();
        assertThat(caller.pid()).isEqualTo(ProcessHandle.current().pid());
        var id = new ProcessBuilder("id", "-u").start();
        assertThat(Integer.toString(caller.uid()))
                .isEqualTo(new String(id.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
}

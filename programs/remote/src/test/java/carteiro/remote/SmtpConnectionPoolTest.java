package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Outcome;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that are kept for the next message. */
class SmtpConnectionPoolTest {
    private static final String HELLO = """
            S: 220 ready
            C: EHLO *
            S: 250-next.example\\n250 PIPELINING
            """;
    private static final String MESSAGE = """
            C: MAIL *
            C: RCPT *
            C: DATA
            S: 250 ok\\n250 ok\\n354 go
            D:
            S: 250 ok
            """;

    @TempDir
    Path home;

    @Test
    void theNextMessageGoesOverTheSameConnectionWithoutRset() throws Exception {
        try (var server = ScriptedServer.start(HELLO + MESSAGE.repeat(3));
                var post = new Post(home).allTo(server)) {
            for (int i = 0; i < 3; i++) {
                assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            }
            assertThat(server.connections()).isEqualTo(1);
            post.connections.closeKept();
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X:",
                "Z:",
                "C: MAIL *\nC: RCPT *\nC: DATA\nX:",
                "C: MAIL *\nC: RCPT *\nC: DATA\nS: 421 time is up",
                "C: MAIL *\nC: RCPT *\nC: DATA\nS: 503 nested MAIL\nX:",
                "S: 421 idle too long\nX:"
            })
    void aKeptConnectionThatIsOfNoUseIsReplacedInSilence(String after) throws Exception {
        try (var server = ScriptedServer.start(HELLO + MESSAGE + after, HELLO + MESSAGE)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            Outcome second = post.sendOne(Post.letter());
            assertThat(second).as(second.report()).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void aReplyThatNobodyAskedForIsNotTakenForAnAnswer() throws Exception {
        String stray = MESSAGE.replace("D:\nS: 250 ok\n", "D:\nS: 250 ok\\n250 ok\n");
        try (var server = ScriptedServer.start(HELLO + stray + "W:", HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(2);
            assertThat(server.messages()).hasSize(2);
        }
    }

    @Test
    void aRefusedMessageLeavesTheConnectionUsableAndARefusedRecipientDoesNot() throws Exception {
        String refused = MESSAGE.replace("D:\nS: 250 ok\n", "D:\nS: 554 spam\n");
        String nobody = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\\n550 no\\n503 no\n";
        try (var server = ScriptedServer.start(HELLO + refused + nobody, HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Failed.class);
            assertThat(post.connections.keptCount()).isEqualTo(1);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Failed.class);
            assertThat(post.connections.keptCount()).isZero();
            assertThat(server.connections()).isEqualTo(1);
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"421 time is up", "354 what"})
    void afterAnAnswerToTheMessageBehindWhichNoneFollowsTheConnectionIsNotKept(String answer) throws Exception {
        String last = MESSAGE.replace("D:\nS: 250 ok\n", "D:\nS: " + answer + "\n");
        try (var server = ScriptedServer.start(HELLO + last, HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            assertThat(post.connections.keptCount()).isZero();
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void aConnectionServesAHundredMessages() throws Exception {
        try (var server = ScriptedServer.start(
                        HELLO + MESSAGE.repeat(SmtpConnectionPool.MOST_MESSAGES), HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            for (int i = 0; i <= SmtpConnectionPool.MOST_MESSAGES; i++) {
                assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            }
            assertThat(server.connections()).isEqualTo(2);
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
        }
    }

    @Test
    void anIdleConnectionIsClosedByUs() throws Exception {
        try (var server = ScriptedServer.start(HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            post.connections.abort();
            post.connections = new SmtpConnectionPool(Duration.ofSeconds(1), post.log);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (post.connections.keptCount() > 0 && System.nanoTime() < deadline) {
                LockSupport.parkNanos(50_000_000);
            }
            assertThat(post.connections.keptCount()).isZero();
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
        }
    }

    @Test
    void notMoreThanFortyAreKeptToOnePlace() throws Exception {
        String[] scripts = {HELLO + MESSAGE};
        try (var server = ScriptedServer.start(scripts);
                var post = new Post(home).allTo(server)) {
            int many = SmtpConnectionPool.MOST_KEPT_EACH + 5;
            var opened = new java.util.concurrent.CountDownLatch(many);
            var threads = new java.util.ArrayList<Thread>();
            for (int i = 0; i < many; i++) {
                OutgoingMessage whole = Post.letter();
                var waiting =
                        new OutgoingMessage(whole.sender(), whole.recipients(), whole.body(), whole.form(), 2, () -> {
                            opened.countDown(); // every connection is open before the first is done
                            await(opened);
                            return new java.io.ByteArrayInputStream(new byte[] {'x', '\n'});
                        });
                threads.add(Thread.ofVirtual().start(() -> send(post, waiting)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(server.messages()).hasSize(many);
            assertThat(post.connections.keptCount()).isEqualTo(SmtpConnectionPool.MOST_KEPT_EACH);
        }
    }

    @Test
    void whereAKeptConnectionIsDeadTheOthersToThatPlaceAreGivenUpToo() throws Exception {
        try (var server = ScriptedServer.start(HELLO + MESSAGE + "X:", HELLO + MESSAGE + "X:", HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            OutgoingMessage whole = Post.letter();
            var opened = new java.util.concurrent.CountDownLatch(2);
            var waiting = new OutgoingMessage(whole.sender(), whole.recipients(), whole.body(), whole.form(), 2, () -> {
                opened.countDown();
                await(opened);
                return new java.io.ByteArrayInputStream(new byte[] {'x', '\n'});
            });
            Thread other = Thread.ofVirtual().start(() -> send(post, waiting));
            send(post, waiting);
            other.join();
            assertThat(post.connections.keptCount()).isEqualTo(2);
            assertThat(post.sendOne(whole)).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(3);
            assertThat(post.connections.keptCount()).as("the new one alone").isEqualTo(1);
        }
    }

    private static void await(java.util.concurrent.CountDownLatch latch) throws java.io.IOException {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new java.io.IOException("the others did not come");
            }
        } catch (InterruptedException e) {
            throw new java.io.IOException(e);
        }
    }

    private static void send(Post post, OutgoingMessage outgoing) {
        try {
            post.sendOne(outgoing);
        } catch (carteiro.control.ControlException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void nothingIsConcludedForGoodFromWhatAKeptConnectionOnceOffered() throws Exception {
        String small = "S: 220 ready\nC: EHLO *\nS: 250-next.example\\n250 SIZE 60\n";
        String one = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nD:\nS: 250 ok\n";
        try (var server = ScriptedServer.start(small + one, small.replace("60", "0") + one + one)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            OutgoingMessage large = Post.letter("Subject: large\n\n" + "x".repeat(60) + "\n", "someone@example.org");
            Outcome second = post.sendOne(large);
            assertThat(second).as(second.report()).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.sendOne(large)).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(2);
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
        }
    }

    @Test
    void aHopWithoutSmtputf8MayHaveGotItSince() throws Exception {
        String one = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nD:\nS: 250 ok\n";
        String without = "S: 220 ready\nC: EHLO *\nS: 250 next.example\n";
        try (var server = ScriptedServer.start(
                                without + one,
                                without.replace("250 next", "250-next").replace("example\n", "example\\n250 SMTPUTF8\n")
                                        + one)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            OutgoingMessage wide = Post.letter(
                    carteiro.mail.Octets.bytes("Subject: x\n\nx\n"),
                    "\u00c3\u00a4@client.example",
                    carteiro.mail.Envelope.BodyType.EIGHT_BIT_MIME,
                    carteiro.mail.Envelope.AddressForm.SMTPUTF8,
                    "someone@example.org");
            Outcome second = post.sendOne(wide);
            assertThat(second).as(second.report()).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void whatANewConnectionSaysIsBelieved() throws Exception {
        String small = "S: 220 ready\nC: EHLO *\nS: 250-next.example\\n250 SIZE 60\n";
        OutgoingMessage large = Post.letter("Subject: large\n\n" + "x".repeat(60) + "\n", "someone@example.org");
        try (var server = ScriptedServer.start(small).leniently();
                var post = new Post(home).allTo(server)) {
            for (int i = 1; i < 4; i++) {
                Outcome outcome = post.sendOne(large);
                assertThat(outcome).isInstanceOf(Outcome.Failed.class);
                assertThat(outcome.status()).hasToString("5.3.4");
                assertThat(server.connections()).as("each time asked anew").isEqualTo(i);
            }
        }
    }

    @Test
    void aMessageThatCannotBeReadKeepsNoConnectionAlive() throws Exception {
        try (var server = ScriptedServer.start(HELLO + MESSAGE, HELLO + MESSAGE);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            OutgoingMessage whole = Post.letter();
            var gone = new OutgoingMessage(whole.sender(), whole.recipients(), whole.body(), whole.form(), 2, () -> {
                throw new java.io.IOException("gone");
            });
            assertThat(post.sendOne(gone)).isInstanceOf(Outcome.Deferred.class);
            assertThat(post.connections.keptCount())
                    .as("at once, not when it is too old")
                    .isZero();
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    /** As it would be by a mistake of ours: here a time that is too long to be counted. */
    @Test
    void remoteLearnsThatNobodyClosesWhatIsKept() throws Exception {
        var lines = new ByteArrayOutputStream();
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            var connections = new SmtpConnectionPool(Duration.ofSeconds(Long.MAX_VALUE), log);
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (connections.alive() && System.nanoTime() - until < 0) {
                LockSupport.parkNanos(1_000_000);
            }
            assertThat(connections.alive()).isFalse();
        }
        assertThat(lines.toString(StandardCharsets.UTF_8)).contains("alert: remote: its thread remote/kept has ended");
        try (var post = new Post(home)) {
            assertThat(post.connections.alive()).isTrue();
        }
    }
}

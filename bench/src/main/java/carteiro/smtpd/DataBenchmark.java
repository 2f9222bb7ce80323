package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ListenerRole;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.Passwords.Ownership;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.wire.LineReader;
import carteiro.wire.TextDecoder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A message after DATA: dots taken off, line ends and hops looked at, handed on to a queue that keeps nothing. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DataBenchmark {
    private static final int LINE = 78;

    /** Octets of the message. */
    @Param({"4096", "1048576"})
    public int octets;

    private byte[] text = {};

    /** One line in ten begins with a dot, doubled. */
    @Setup
    public void write() {
        var message =
                new StringBuilder("Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0000\r\nSubject: bench\r\n\r\n");
        for (int line = 0; message.length() < octets; line++) {
            message.append(line % 10 == 0 ? ".." : "xx")
                    .append("x".repeat(LINE - 4))
                    .append("\r\n");
        }
        text = message.append(".\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static final class Nowhere implements Submission {
        private long octets;

        @Override
        public void write(byte[] from, int at, int length) {
            octets += length;
        }

        @Override
        public Receipt commit(Envelope envelope, String fields) {
            return new Receipt.Accepted(octets);
        }

        @Override
        public void close() {
            // keeps nothing
        }
    }

    private static final Peer PEER = Peer.of(
            new Client("192.0.2.7", "", "", "", Map.of()),
            ListenerRole.PLAIN,
            new TcpRules.Rule.Allow(Map.of()),
            new Rights(Optional.empty(), 1 << 30, Optional.empty()));
    private static final PolicyCheck.LookupRequest NOBODY = new PolicyCheck.LookupRequest() {
        @Override
        public RecipientAnswer ask(LookupQuestion question) throws IOException {
            throw new IOException("no recipient is asked for");
        }

        @Override
        public List<Ownership> ownership(String account, List<Address> addresses) throws IOException {
            throw new IOException("nobody has logged in");
        }

        @Override
        public SendingVerdict sending(String account, int recipients) throws IOException {
            throw new IOException("nobody has logged in");
        }
    };

    /** Without control files. */
    private final Installation none = new Installation(Path.of("/nonexistent"));

    private final Policy policy = Policy.read(new ControlFiles(none), none, 1000, 1 << 20, AddressForm.ASCII);
    private final Budgets budgets = Budgets.ofThisProcess();

    /** One message. */
    @Benchmark
    public long message() throws IOException {
        var decoder = new TextDecoder(TextDecoder.TransferForm.DOTTED);
        try (var message = new IncomingMessage(
                new Nowhere(),
                decoder,
                (stage, facts) -> policy.judge(stage, PEER, TransactionView.NONE.with(facts), NOBODY),
                Optional.empty(),
                1 << 30,
                budgets.messages().share(0),
                budgets.text().share(0))) {
            new LineReader(new ByteArrayInputStream(text), 2048).text(decoder, message);
            return message.octets();
        }
    }
}

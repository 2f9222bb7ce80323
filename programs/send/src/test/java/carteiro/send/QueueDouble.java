package carteiro.send;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.protocol.Messages;
import carteiro.protocol.Messages.MessageBody;
import carteiro.protocol.RefusedException;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.UnreadableException;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Waiting.WaitingSession;
import carteiro.protocol.Wires;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A queue in memory, which can be stopped, started again, and can forget the last reports as after a kill. */
final class QueueDouble {
    static final class Kept {
        final Envelope envelope;
        final String text;
        final Instant birth;
        final List<RecipientState> states = new ArrayList<>();
        final List<Failure> failures = new ArrayList<>();
        Object presentedIn = "never";

        Kept(Envelope envelope, String text, Instant birth) {
            this.envelope = envelope;
            this.text = text;
            this.birth = birth;
            envelope.addresses().forEach(_ -> states.add(RecipientState.Due.NOW));
        }
    }

    final Map<Long, Kept> kept = new TreeMap<>();
    final List<Report> reports = new ArrayList<>();
    final List<Kept> bounces = new ArrayList<>();
    Receipt enqueueAnswer = new Receipt.Accepted(0);
    int largestBatch;
    int pageSize = WaitingMessage.MOST_TOLD;
    int pagesTold;
    volatile boolean unreadable;
    volatile boolean unreadableRecipients;
    volatile boolean losesFailures;

    /** Whether it does not serve send's user. */
    volatile boolean refusing;

    /** Done between the look at what waits and the answer, with no lock. */
    volatile Runnable beforeAnswer = () -> {};

    /** Done before a report is taken, with no lock. */
    volatile Runnable beforeReport = () -> {};

    private final Clock clock;
    private long last = 100;
    private Object session = "none";
    private final List<Closeable> offers = new ArrayList<>();

    QueueDouble(Clock clock) {
        this.clock = clock;
    }

    void start(Wires wires) throws IOException {
        Waiting waiting = this::openSession;
        Enqueue enqueue = this::begin;
        Messages messages = this::read;
        offers.add(wires.offer(enqueue));
        offers.add(wires.offer(messages));
        offers.add(wires.offer(waiting)); // the last: with it send begins, bounces too
    }

    void stop() throws IOException {
        for (Closeable offer : offers) {
            offer.close();
        }
        offers.clear();
        synchronized (this) {
            session = "none";
            notifyAll();
        }
    }

    synchronized long put(String sender, String text, String... recipients) {
        var addresses = new ArrayList<Address>();
        for (String recipient : recipients) {
            addresses.add(new Address(recipient));
        }
        return put(
                new Envelope(
                        new Address(sender), addresses, Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, 7),
                text,
                clock.instant());
    }

    synchronized long put(Envelope envelope, String text, Instant birth) {
        long number = ++last;
        kept.put(number, new Kept(envelope, text, birth));
        notifyAll();
        return number;
    }

    /** As if the disk had lost it. */
    synchronized void lose(long number) {
        kept.remove(number);
    }

    synchronized Kept get(long number) {
        Kept message = kept.get(number);
        if (message == null) {
            throw new AssertionError("no message " + number);
        }
        return message;
    }

    /** Waits until nothing is left. */
    synchronized void awaitEmpty() throws InterruptedException {
        awaitLeft(0);
    }

    /** Waits until at most so many messages are left. */
    synchronized void awaitLeft(int most) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (kept.size() > most) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("left in the queue: " + kept.keySet());
            }
            wait(left);
        }
    }

    synchronized void awaitReports(int count) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (reports.size() < count) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("only " + reports);
            }
            wait(left);
        }
    }

    private synchronized WaitingSession openSession() throws IOException {
        if (refusing) {
            throw new RefusedException("queue refuses this connection: user joe is none of those");
        }
        var opened = new InMemory();
        session = opened;
        notifyAll();
        return opened;
    }

    private final class InMemory implements WaitingSession {
        private void check() throws IOException {
            if (session != this) {
                throw new IOException("the session is over");
            }
        }

        @Override
        public List<WaitingMessage> next(int most, Duration patience) throws IOException {
            List<WaitingMessage> found = look(most, patience);
            beforeAnswer.run();
            return found;
        }

        private List<WaitingMessage> look(int most, Duration patience) throws IOException {
            synchronized (QueueDouble.this) {
                long end = System.nanoTime() + patience.toNanos();
                while (true) {
                    check();
                    var found = new ArrayList<WaitingMessage>();
                    kept.forEach((number, message) -> {
                        if (found.size() < most && message.presentedIn != this) {
                            message.presentedIn = this;
                            int told = Math.min(pageSize, message.states.size());
                            found.add(new WaitingMessage(
                                    number,
                                    message.birth,
                                    message.text.length(),
                                    new Envelope(
                                            message.envelope.sender(),
                                            message.envelope.addresses().subList(0, told),
                                            message.envelope.body(),
                                            message.envelope.form(),
                                            message.envelope.uid()),
                                    message.states.subList(0, told),
                                    message.states.size()));
                        }
                    });
                    long left = (end - System.nanoTime()) / 1_000_000;
                    if (!found.isEmpty() || left <= 0) {
                        return found;
                    }
                    try {
                        QueueDouble.this.wait(left);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }
            }
        }

        @Override
        public void report(List<Report> said) throws IOException {
            beforeReport.run();
            synchronized (QueueDouble.this) {
                check();
                largestBatch = Math.max(largestBatch, said.size());
                for (Report report : said) {
                    reports.add(report);
                    Kept message = kept.get(report.message());
                    if (message != null) {
                        apply(message, report);
                    }
                }
                QueueDouble.this.notifyAll();
            }
        }

        private void apply(Kept message, Report report) {
            switch (report) {
                case Report.RecipientDelivered(long _, int recipient) ->
                    message.states.set(recipient, new RecipientState.Done());
                case Report.RecipientFailed(long _, int recipient, String paragraph) -> {
                    if (message.states.get(recipient) instanceof RecipientState.Due) {
                        message.failures.add(new Failure(recipient, paragraph));
                        message.states.set(recipient, new RecipientState.ToBounce());
                    }
                }
                case Report.RecipientsDeferred(long _, var recipients, var due, var _) -> {
                    for (int recipient : recipients) {
                        if (message.states.get(recipient) instanceof RecipientState.Due) {
                            message.states.set(recipient, new RecipientState.Due(due));
                        }
                    }
                }
                case Report.MessageEnded(long number) -> kept.remove(number);
            }
        }

        @Override
        public List<Failure> failures(long number, int after) throws IOException {
            synchronized (QueueDouble.this) {
                check();
                Kept message = kept.get(number);
                return message == null || losesFailures
                        ? List.of()
                        : message.failures.stream()
                                .filter(failure -> failure.recipient() > after)
                                .sorted(Comparator.comparingInt(Failure::recipient))
                                .limit(pageSize)
                                .toList();
            }
        }

        @Override
        public Page recipients(long number, int from) throws IOException {
            synchronized (QueueDouble.this) {
                check();
                Kept message = kept.get(number);
                int all = message == null ? 0 : message.states.size();
                int end = Math.min(all, from + pageSize);
                if (unreadableRecipients && message != null) {
                    throw new UnreadableException(number);
                }
                pagesTold++;
                return message == null || from >= end
                        ? Page.NONE
                        : new Page(message.envelope.addresses().subList(from, end), message.states.subList(from, end));
            }
        }

        @Override
        public void close() {
            synchronized (QueueDouble.this) {
                if (session == this) {
                    session = "none";
                }
                QueueDouble.this.notifyAll();
            }
        }
    }

    private Submission begin() {
        var text = new ByteArrayOutputStream();
        return new Submission() {
            @Override
            public void write(byte[] octets, int from, int length) {
                text.write(octets, from, length);
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) {
                synchronized (QueueDouble.this) {
                    if (!(enqueueAnswer instanceof Receipt.Accepted)) {
                        return enqueueAnswer;
                    }
                    long number = put(envelope, text.toString(StandardCharsets.ISO_8859_1), clock.instant());
                    bounces.add(get(number));
                    return new Receipt.Accepted(number);
                }
            }

            @Override
            public void close() {}
        };
    }

    private MessageBody read(long number) throws IOException {
        String text;
        synchronized (this) {
            Kept message = kept.get(number);
            if (message == null) {
                throw new FileNotFoundException("no message " + number);
            }
            if (unreadable) {
                throw new IOException("cannot be read now");
            }
            text = message.text;
        }
        return MessageBody.of(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}

package carteiro.queuetool;

import carteiro.log.LogText;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.protocol.StoppedQueue;
import carteiro.protocol.StoppedQueue.ImportNotSyncedException;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.Report;
import carteiro.queuetool.ExportedEnvelope.ExportedRecipient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes the messages of an export into a queue that does nothing else meanwhile: all of them, or none. Each comes in by the
 * same conversation as any other, but with the time at which it arrived first. Once: make it, {@link #run}.
 */
final class Import {
    private static final int PIECE = 64 * 1024;

    /** Messages that wait for the disk together. */
    private static final int MOST_AT_ONCE = 200;

    private static final int MOST_IN_A_REPORT = 1000;

    private final StoppedQueue queue;
    private final TarReader tar;
    private final Clock clock;
    private final Waiting.WaitingSession session;
    private final MessageDigest all = Export.sha256();
    private final Semaphore free = new Semaphore(MOST_AT_ONCE);
    private final ConcurrentLinkedQueue<ImportedMessage> accepted = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<IOException> trouble = new ConcurrentLinkedQueue<>(); // the first counts
    private long messages;
    private long octets;
    private long recipients;

    /** @param in an archive */
    Import(StoppedQueue queue, InputStream in, Clock clock) throws IOException {
        this.queue = queue;
        this.tar = new TarReader(in);
        this.clock = clock;
        this.session = queue.waiting().open();
    }

    /**
     * What was imported.
     *
     * @param recipients those to be tried or bounced
     */
    record ImportResult(long messages, long octets, long recipients) {}

    /**
     * Imports.
     *
     * @throws IOException saying what is wrong, and what of it is in the queue: nothing, unless only the last sync failed
     */
    ImportResult run() throws IOException {
        try {
            queue.beginImport();
            String sum = read();
            queue.endImport(sum);
            return new ImportResult(messages, octets, recipients);
        } catch (ImportNotSyncedException e) {
            throw new IOException(
                    LogText.reason(e) + "; all was imported, but a power failure now would undo it: check the"
                            + " disk and queue before the archive is removed",
                    e);
        } catch (IOException | RuntimeException e) {
            throw new IOException(
                    (e instanceof IOException ? e.getMessage() : e) + "; nothing was imported" + undo(e), e);
        } finally {
            session.close();
        }
    }

    /** What else is to be said. */
    private String undo(Exception why) {
        try {
            await();
            queue.undoImport();
            return "";
        } catch (IOException e) {
            why.addSuppressed(e);
            return ", and the next start of queue takes out again what came in (" + LogText.reason(e) + ")";
        }
    }

    /** Reads the archive to its end; the sum of all envelopes. */
    private String read() throws IOException {
        while (true) {
            TarReader.TarEntry entry = tar.next();
            if (entry == null) {
                throw new IOException("the archive ends without end.json: it is cut, or no export of a queue");
            }
            if (entry.name().equals("end.json")) {
                var end = ExportedEnvelope.ExportEnd.read(json(entry));
                String sum = HexFormat.of().formatHex(all.digest());
                await();
                tellStates();
                if (end.messages() != messages || !end.sha256().equals(sum)) {
                    throw new IOException("end.json speaks of " + end.messages()
                            + " messages, and of other envelopes than these " + messages + ": something was taken out,"
                            + " put in or changed");
                }
                return sum;
            }
            message(entry);
        }
    }

    private void message(TarReader.TarEntry entry) throws IOException {
        String name = entry.name();
        if (!name.matches("[0-9]{1,18}\\.eml")) {
            throw new IOException("\"" + LogText.safe(name)
                    + "\" is no name in an export; NUMBER.eml and then NUMBER.json are expected");
        }
        var birth = new AtomicLong();
        Submission submission = queue.enqueue(birth::get);
        try {
            var sum = Export.sha256();
            byte[] piece = new byte[Math.clamp(entry.size(), 1, PIECE)];
            for (int count = tar.read(piece, 0, piece.length); count >= 0; count = tar.read(piece, 0, piece.length)) {
                sum.update(piece, 0, count);
                submission.write(piece, 0, count);
            }
            TarReader.TarEntry second = tar.next();
            if (second == null || !second.name().equals(name.replace(".eml", ".json"))) {
                throw new IOException(name + " is not followed by its envelope");
            }
            byte[] json = json(second);
            all.update(json);
            ExportedEnvelope envelope;
            try {
                envelope = ExportedEnvelope.read(json);
            } catch (ExportedEnvelope.MalformedExportException e) {
                throw new IOException(second.name() + ": " + LogText.reason(e), e);
            }
            if (envelope.octets() != entry.size()
                    || !envelope.sha256().equals(HexFormat.of().formatHex(sum.digest()))) {
                throw new IOException(name + " is not the message that its envelope speaks of");
            }
            messages++;
            octets += entry.size();
            recipients += envelope.open().size();
            birth.set(Math.min(envelope.arrived().toEpochMilli(), clock.millis()));
            commit(submission, envelope, name);
        } catch (IOException | RuntimeException e) {
            submission.close();
            throw e;
        }
    }

    /** A message that is in the queue, whose states are to be told. */
    private record ImportedMessage(long number, ExportedEnvelope envelope) {}

    /** Many messages wait for one sync together. */
    private void commit(Submission submission, ExportedEnvelope envelope, String name) throws IOException {
        if (envelope.open().isEmpty()) {
            submission.close(); // nothing is left to do for it
            return;
        }
        free.acquireUninterruptibly();
        Thread.ofVirtual().start(() -> {
            try (submission) {
                switch (submission.commit(envelope.envelope())) {
                    case Receipt.Accepted(long number) -> accepted.add(new ImportedMessage(number, envelope));
                    case Receipt.TemporaryFailure(var _, String reason) ->
                        trouble.add(new IOException(name + " was not taken: " + reason));
                    case Receipt.PermanentFailure(var _, String reason) ->
                        trouble.add(new IOException(name + " cannot be kept: " + reason));
                }
            } catch (IOException | RuntimeException e) {
                trouble.add(new IOException(name + ": " + e, e));
            } finally {
                free.release();
            }
        });
        tellStates();
    }

    /** What is to be tried later, and what goes into a bounce. Until it is told, all is simply tried. */
    private void tellStates() throws IOException {
        throwTrouble();
        for (ImportedMessage one = accepted.poll(); one != null; one = accepted.poll()) {
            var reports = new ArrayList<Report>();
            List<ExportedRecipient> open = one.envelope().open();
            Map<Instant, List<Integer>> later = new HashMap<>();
            for (int i = 0; i < open.size(); i++) {
                switch (open.get(i).state()) {
                    case ExportedEnvelope.ExportedState.AwaitingDelivery(Instant at) -> {
                        if (!at.equals(Instant.EPOCH)) {
                            later.computeIfAbsent(at, _ -> new ArrayList<>()).add(i);
                        }
                    }
                    case ExportedEnvelope.ExportedState.AwaitingBounce(String report) ->
                        reports.add(new Report.RecipientFailed(one.number(), i, report));
                    case ExportedEnvelope.ExportedState.AlreadyDelivered() ->
                        throw new IllegalStateException("it is not open");
                }
            }
            long number = one.number();
            later.forEach((at, which) -> reports.add(new Report.RecipientsDeferred(number, which, at)));
            for (int from = 0; from < reports.size(); from += MOST_IN_A_REPORT) {
                session.report(reports.subList(from, Math.min(from + MOST_IN_A_REPORT, reports.size())));
            }
        }
    }

    private void throwTrouble() throws IOException {
        IOException now = trouble.peek();
        if (now != null) {
            throw now;
        }
    }

    /** Returns when nothing is on its way into the queue any more. */
    private void await() {
        free.acquireUninterruptibly(MOST_AT_ONCE);
        free.release(MOST_AT_ONCE);
    }

    private byte[] json(TarReader.TarEntry entry) throws IOException {
        if (entry.size() > ExportedEnvelope.LIMIT) {
            throw new IOException(entry.name() + " has " + entry.size() + " octets, over " + ExportedEnvelope.LIMIT);
        }
        var octets = new ByteArrayOutputStream();
        byte[] piece = new byte[8192];
        for (int count = tar.read(piece, 0, piece.length); count >= 0; count = tar.read(piece, 0, piece.length)) {
            octets.write(piece, 0, count);
        }
        return octets.toByteArray();
    }
}

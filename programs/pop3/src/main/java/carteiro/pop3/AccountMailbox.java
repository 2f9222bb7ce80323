package carteiro.pop3;

import carteiro.mail.Octets;
import carteiro.pop3.DovecotUidList.ListedMessage;
import carteiro.posix.UntrustedFile;
import carteiro.protocol.FileThreads;
import carteiro.protocol.MailboxTickets.TicketAnswer.MailboxOfAccount;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalLong;

/** The Maildir of an account, each call as that account. What was opened can be read by anybody: that needs no identity. */
final class AccountMailbox implements Pop3Messages {
    private static final long UNKNOWN = -1;

    /** How long the messages of one visit are read by a thread before another visit's turn comes. */
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    private final FileThreads files;
    private final MailboxOfAccount account;
    private final Path folder;
    private final Pop3Mailbox mailbox;
    private final SentSizes sizes;
    private final String[] uids; // by place in the list; none where the file's name is the name
    private long[] known; // the same; UNKNOWN until it was asked for

    private AccountMailbox(
            FileThreads files, MailboxOfAccount account, Path folder, SentSizes sizes, NumberedMailbox numbered) {
        this.files = files;
        this.account = account;
        this.folder = folder;
        this.sizes = sizes;
        this.mailbox = numbered.mailbox;
        this.uids = numbered.uids;
        this.known = numbered.octets;
    }

    /** A list of messages, and what Dovecot's list says of each. */
    private static final class NumberedMailbox {
        final Pop3Mailbox mailbox;
        String[] uids = {};
        long[] octets = {};

        NumberedMailbox(Pop3Mailbox mailbox) {
            this.mailbox = mailbox;
        }
    }

    /** A message, and what Dovecot's list says of it; nothing of a name that it cannot hold. */
    private record NumberedMessage(Pop3Message message, Optional<ListedMessage> listed) {}

    /**
     * Opens it.
     *
     * @throws Pop3Mailbox.NoMaildirException if there is no such folder
     * @throws IOException if it cannot be listed, in time
     */
    static AccountMailbox open(
            MailboxOfAccount account, FileThreads files, SentSizes sizes, UidlFormat format, VisitMemory memory)
            throws IOException {
        Path folder = Path.of(new String(Octets.bytes(account.folder()), StandardCharsets.UTF_8));
        NumberedMailbox numbered = files.as(account.uid(), account.gid(), () -> {
            try (Pop3Mailbox mailbox = Pop3Mailbox.open(folder, Instant.now(), memory)) {
                return numbered(mailbox, folder, format, memory);
            }
        });
        return new AccountMailbox(files, account, folder, sizes, numbered);
    }

    /** In the order of Dovecot's numbers, where messages have them: to whoever comes from there, nothing has changed. */
    private static NumberedMailbox numbered(Pop3Mailbox mailbox, Path folder, UidlFormat format, VisitMemory memory)
            throws IOException {
        var numbered = new NumberedMailbox(mailbox);
        if (!format.hasNumbers()) {
            return numbered;
        }
        var names = new LinkedHashSet<String>();
        for (int i = 0; i < mailbox.count(); i++) {
            String name = mailbox.message(i).unique();
            if (Pop3Message.isPlain(name)) {
                names.add(name);
            }
        }
        DovecotUidList list = DovecotUidList.numbering(folder, names, memory);
        var messages = new ArrayList<NumberedMessage>(mailbox.count());
        for (int i = 0; i < mailbox.count(); i++) {
            Pop3Message message = mailbox.message(i);
            messages.add(new NumberedMessage(message, list.of(message.unique())));
        }
        messages.sort(Comparator.comparingLong((NumberedMessage message) ->
                        message.listed().map(ListedMessage::order).orElse(Long.MAX_VALUE))
                .thenComparingLong(
                        message -> message.listed().map(ListedMessage::number).orElse(Long.MAX_VALUE)));
        mailbox.arrange(messages.stream().map(NumberedMessage::message).toList());
        numbered.uids = new String[messages.size()];
        numbered.octets = new long[messages.size()];
        for (int i = 0; i < messages.size(); i++) {
            NumberedMessage each = messages.get(i);
            numbered.uids[i] = format.of(each.message(), list.validity(), each.listed());
            numbered.octets[i] = each.listed().map(ListedMessage::sentOctets).orElse(UNKNOWN);
        }
        return numbered;
    }

    @Override
    public int count() {
        return mailbox.count();
    }

    @Override
    public Pop3Message message(int index) {
        return mailbox.message(index);
    }

    @Override
    public String uid(int index) {
        return uids.length == 0 ? mailbox.uid(index) : uids[index];
    }

    /** With a CR before each LF that has none: what RETR sends, without doubled dots (RFC 1939 section 11). */
    @Override
    public long octets(int index) {
        if (!isKnown(index)) {
            count(index, index + 1);
        }
        return known[index];
    }

    @Override
    public void countAll() {
        for (int i = 0; i < mailbox.count(); i++) {
            if (!isKnown(i)) {
                count(i, mailbox.count());
            }
        }
    }

    private boolean isKnown(int index) {
        if (known.length == 0) {
            known = new long[mailbox.count()];
            Arrays.fill(known, UNKNOWN);
        }
        if (known[index] == UNKNOWN) {
            known[index] = sizes.of(account.uid(), mailbox.message(index)).orElse(UNKNOWN);
        }
        return known[index] != UNKNOWN;
    }

    /** Reads those from one place to another of which it is not known, as many as can be read in a while. */
    private void count(int from, int to) {
        try {
            asAccount(() -> {
                long end = System.nanoTime() + AT_ONCE.toNanos();
                for (int i = from; i < to && System.nanoTime() - end < 0; i++) {
                    if (!isKnown(i)) {
                        known[i] = sentOctets(i);
                    }
                }
                return to;
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the file system fails, or hangs: it would for the next one, too
        }
    }

    private long sentOctets(int index) throws IOException {
        OptionalLong octets = mailbox.sentOctets(index);
        octets.ifPresent(count -> sizes.remember(account.uid(), mailbox.message(index), count));
        return octets.orElse(0); // RETR will say that it is not to be had
    }

    @Override
    public Optional<InputStream> read(int index) throws IOException {
        return asAccount(() -> mailbox.read(index));
    }

    @Override
    public int finish(BitSet deleted) throws IOException {
        return asAccount(() -> {
            int failures = mailbox.finish(deleted);
            noteInQuota(deleted, failures);
            return failures;
        });
    }

    /** Between two calls nothing is open: visits are many, and most of them are idle. */
    private <T> T asAccount(FileThreads.FileAction<T> work) throws IOException {
        return files.as(account.uid(), account.gid(), () -> {
            try (mailbox) {
                return work.run();
            }
        });
    }

    /** Where the mailbox has a count of its messages, the removed ones are taken off it (Maildir++). */
    private void noteInQuota(BitSet deleted, int failures) {
        long octets = deleted.stream()
                .mapToLong(index -> mailbox.message(index).size())
                .sum();
        int count = deleted.cardinality();
        if (count == 0 || failures > 0) { // which of them are gone is not known: whoever counts next counts all
            return;
        }
        byte[] line = Octets.bytes("-" + octets + " -" + count + "\n");
        try (UntrustedFile size = UntrustedFile.openToAppend(folder.resolve("maildirsize"));
                FileChannel out = size.appending()) {
            int _ = out.write(ByteBuffer.wrap(line)); // in one call: others append, too
        } catch (IOException e) {
            // there is none
        }
    }

    /** Nothing is open. */
    @Override
    public void close() {}
}

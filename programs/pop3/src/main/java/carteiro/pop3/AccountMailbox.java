package carteiro.pop3;

import carteiro.mail.Octets;
import carteiro.protocol.FileThreads;
import carteiro.protocol.MailboxTickets.TicketAnswer.MailboxOfAccount;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Maildir of an account, each call as that account. What was opened can be read by anybody: that needs no identity. */
final class AccountMailbox implements Pop3Messages {
    /** The size as it is sent stands in the names that Dovecot and others give (Maildir++). */
    private static final Pattern SENT_SIZE = Pattern.compile(",W=([0-9]{1,15})(?=[,:]|$)");

    private static final long UNKNOWN = -1;
    private static final int BLOCK = 32 * 1024;

    private final FileThreads files;
    private final MailboxOfAccount account;
    private final Path folder;
    private final Pop3Mailbox mailbox;
    private final SentSizes sizes;
    private long[] known = {}; // by place in the list; UNKNOWN until it was asked for

    private AccountMailbox(
            FileThreads files, MailboxOfAccount account, Path folder, Pop3Mailbox mailbox, SentSizes sizes) {
        this.files = files;
        this.account = account;
        this.folder = folder;
        this.mailbox = mailbox;
        this.sizes = sizes;
    }

    /**
     * Opens it.
     *
     * @throws Pop3Mailbox.NoMaildirException if there is no such folder
     * @throws IOException if it cannot be listed, in time
     */
    static AccountMailbox open(MailboxOfAccount account, FileThreads files, SentSizes sizes) throws IOException {
        Path folder = Path.of(new String(Octets.bytes(account.folder()), StandardCharsets.UTF_8));
        Pop3Mailbox mailbox = files.as(
                account.uid(), account.gid(), () -> Pop3Mailbox.open(folder, Instant.now(), Pop3Mailbox.MEMORY));
        return new AccountMailbox(files, account, folder, mailbox, sizes);
    }

    @Override
    public int count() {
        return mailbox.count();
    }

    @Override
    public Pop3Message message(int index) {
        return mailbox.message(index);
    }

    /** With a CR before each LF that has none: what RETR sends, without doubled dots (RFC 1939 section 11). */
    @Override
    public long octets(int index) {
        if (known.length == 0) {
            known = new long[mailbox.count()];
            Arrays.fill(known, UNKNOWN);
        }
        if (known[index] == UNKNOWN) {
            known[index] = sentSize(index);
        }
        return known[index];
    }

    private long sentSize(int index) {
        Pop3Message message = mailbox.message(index);
        Matcher named = SENT_SIZE.matcher(message.name().toString());
        if (named.find()) {
            return Long.parseLong(named.group(1));
        }
        return sizes.of(account.uid(), message, () -> {
            try (InputStream in = read(index).orElse(InputStream.nullInputStream())) {
                return counted(in);
            } catch (IOException e) {
                return message.size();
            }
        });
    }

    static long counted(InputStream in) throws IOException {
        byte[] block = new byte[BLOCK];
        long octets = 0;
        int before = '\n';
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            octets += count;
            for (int i = 0; i < count; i++) {
                if (block[i] == '\n' && before != '\r') {
                    octets++;
                }
                before = block[i];
            }
        }
        return before == '\n' ? octets : octets + (before == '\r' ? 1 : 2); // a last line without an end gets one
    }

    @Override
    public Optional<InputStream> read(int index) throws IOException {
        return files.as(account.uid(), account.gid(), () -> mailbox.read(index));
    }

    @Override
    public int finish(BitSet deleted) throws IOException {
        return files.as(account.uid(), account.gid(), () -> {
            int failures = mailbox.finish(deleted);
            noteInQuota(deleted, failures);
            return failures;
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
        try (SeekableByteChannel size = Files.newByteChannel(
                folder.resolve("maildirsize"),
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS))) {
            int _ = size.write(ByteBuffer.wrap(line)); // in one call: others append, too
        } catch (IOException e) {
            // there is none
        }
    }

    @Override
    public void close() throws IOException {
        mailbox.close();
    }
}

package carteiro.queue;

import carteiro.mail.Address;
import carteiro.maildir.DirectorySync;
import carteiro.maildir.Maildir;
import carteiro.maildir.MaildirNames;
import carteiro.maildir.Mbox;
import carteiro.maildir.MboxEntry;
import carteiro.maildir.MessageOctets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** The mailboxes of a history: a Maildir for most addresses, an mbox for some. */
final class Boxes {
    private static final Address SENDER = new Address("ann@example.org");

    private final Path maildir;
    private final Path mbox;
    private final Maildir intoMaildir;
    private final Mbox intoMbox;

    /**
     * As a process finds them that has just started, and has the number of the one before it.
     *
     * @param clock names in the Maildir are made of what it says; it goes on a millisecond for each
     */
    Boxes(Path root, SetClock clock) {
        maildir = root.resolve("mail");
        mbox = root.resolve("mboxes").resolve("mbox");
        intoMaildir = new Maildir(new MaildirNames("host", 1), new DirectorySync(), clock::next);
        intoMbox = new Mbox(new DirectorySync(), Duration.ZERO);
    }

    /** Makes them, empty. */
    static void make(Path root) throws IOException {
        for (String folder : new String[] {"mail", "mail/tmp", "mail/new", "mail/cur", "mboxes"}) {
            Files.createDirectory(root.resolve(folder));
        }
    }

    private static boolean isMbox(Address recipient) {
        return recipient.octets().startsWith("mbox");
    }

    private static byte[] header(Address recipient) {
        return ("Delivered-To: " + recipient.octets() + "\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Delivers; when it returns, the message survives. */
    void deliver(Address recipient, byte[] message) throws IOException {
        var octets = new MessageOctets.InMemory(message);
        boolean delivered = isMbox(recipient)
                ? intoMbox.deliver(mbox, fromLine(recipient), octets) == Mbox.MboxResult.DELIVERED
                : intoMaildir.deliver(maildir, header(recipient), octets) == Maildir.MaildirResult.DELIVERED;
        if (!delivered) {
            throw new IOException("no mailbox");
        }
    }

    private static byte[] fromLine(Address recipient) {
        return (MboxEntry.fromLine(SENDER, Instant.EPOCH) + new String(header(recipient), StandardCharsets.ISO_8859_1))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What stands in the box for a recipient, as text. */
    static String entry(Address recipient, byte[] message) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(isMbox(recipient) ? fromLine(recipient) : header(recipient));
        out.writeBytes(message); // the messages of histories end with a line feed and quote nothing
        return out.toString(StandardCharsets.ISO_8859_1) + (isMbox(recipient) ? "\n" : "");
    }

    /** All that was delivered, and how often each. */
    static final class Found {
        private final Map<String, Integer> files = new HashMap<>();
        private final String mbox;

        private Found(String mbox) {
            this.mbox = mbox;
        }

        int count(Address recipient, byte[] message) {
            String entry = entry(recipient, message);
            if (!isMbox(recipient)) {
                return files.getOrDefault(entry, 0);
            }
            int count = 0;
            for (int at = mbox.indexOf(entry); at >= 0; at = mbox.indexOf(entry, at + 1)) {
                count += at == 0 || mbox.charAt(at - 1) == '\n' ? 1 : 0; // else no reader sees it begin
            }
            return count;
        }

        /** The files of the Maildir. */
        Map<String, Integer> files() {
            return files;
        }
    }

    Found look() throws IOException {
        var found = new Found(Files.exists(mbox) ? Files.readString(mbox, StandardCharsets.ISO_8859_1) : "");
        try (var names = Files.newDirectoryStream(maildir.resolve("new"))) {
            for (Path name : names) {
                found.files.merge(Files.readString(name, StandardCharsets.ISO_8859_1), 1, Integer::sum);
            }
        }
        return found;
    }
}

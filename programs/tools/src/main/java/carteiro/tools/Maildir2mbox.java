package carteiro.tools;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.maildir.DirectorySync;
import carteiro.maildir.Mbox;
import carteiro.maildir.MboxEntry;
import carteiro.maildir.MessageOctets;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** maildir2mbox: moves the messages of a Maildir into an mbox (docs/programs/maildir2mbox.md). */
public final class Maildir2mbox {
    /** What is older in tmp was left by a crash (the Maildir specification's 36 hours). */
    private static final Duration ABANDONED = Duration.ofHours(36);

    /** Where the Return-Path field is looked for. */
    private static final int HEADER_LIMIT = 64 * 1024;

    /** A message to move. */
    private record PendingMessage(Path file, FileTime time) {}

    private Maildir2mbox() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("maildir2mbox", arguments, Maildir2mbox::run);
    }

    static int run(Invocation call) throws IOException {
        for (String variable : new String[] {"MAILDIR", "MAIL", "MAILTMP"}) {
            if (call.variable(variable).isEmpty()) {
                call.complain("maildir2mbox: fatal: " + variable + " not set\n");
                return Exit.TEMPORARY;
            }
        }
        Path maildir = Path.of(call.variable("MAILDIR"));
        Path mailbox = Path.of(call.variable("MAIL"));
        removeAbandoned(maildir.resolve("tmp"));
        var messages = new ArrayList<PendingMessage>();
        collect(maildir.resolve("new"), messages);
        collect(maildir.resolve("cur"), messages);
        messages.sort(Comparator.comparing(PendingMessage::time).thenComparing(PendingMessage::file));
        var mbox = new Mbox(new DirectorySync(), Mbox.PATIENCE);
        for (PendingMessage message : messages) {
            switch (move(message, mbox, mailbox)) {
                case DELIVERED -> {}
                case LOCKED -> throw new IOException("unable to lock " + mailbox + ": somebody else has it");
                case NO_FILE -> throw new IOException(mailbox + " is no regular file");
            }
        }
        return 0;
    }

    private static void removeAbandoned(Path folder) throws IOException {
        Instant limit = Instant.now().minus(ABANDONED);
        for (String name : HomeOption.names(folder)) {
            Path file = folder.resolve(name);
            try {
                if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                        .toInstant()
                        .isBefore(limit)) {
                    Files.deleteIfExists(file);
                }
            } catch (NoSuchFileException e) {
                // a delivery has just ended
            }
        }
    }

    private static void collect(Path folder, List<PendingMessage> messages) throws IOException {
        for (String name : HomeOption.names(folder)) {
            Path file = folder.resolve(name);
            if (name.startsWith(".")) {
                continue;
            }
            try {
                var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (attributes.isRegularFile()) {
                    messages.add(new PendingMessage(file, attributes.lastModifiedTime()));
                }
            } catch (NoSuchFileException e) {
                // a reader has moved it; it comes the next time
            }
        }
    }

    /**
     * Appends one message and then removes its file: a crash may leave it in both places, never in none. The mbox is
     * appended to in its place, under its lock, since whoever waits for that lock would write into a file that had been
     * replaced meanwhile.
     */
    private static Mbox.MboxResult move(PendingMessage message, Mbox mbox, Path mailbox) throws IOException {
        try (FileChannel in = FileChannel.open(message.file(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            String from = MboxEntry.fromLine(sender(in), message.time().toInstant());
            Mbox.MboxResult result = mbox.deliver(mailbox, Octets.bytes(from), new MessageOctets.InFile(in, in.size()));
            if (result == Mbox.MboxResult.DELIVERED) {
                Files.deleteIfExists(message.file());
            }
            return result;
        } catch (NoSuchFileException e) {
            return Mbox.MboxResult.DELIVERED; // a reader has moved or removed it
        }
    }

    /** What the Return-Path field on top says; {@code XXX} without one. */
    private static Address sender(FileChannel in) throws IOException {
        ByteBuffer head = ByteBuffer.allocate((int) Math.min(HEADER_LIMIT, in.size()));
        while (head.hasRemaining() && in.read(head, head.position()) >= 0) {}
        String text = Octets.text(head.array(), 0, head.position());
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\n', at);
            String line = text.substring(at, end < 0 ? text.length() : end);
            if (line.isEmpty()) {
                break;
            }
            if (Octets.lowerCase(line).startsWith("return-path:")) {
                String path = line.substring("return-path:".length()).strip();
                path = path.startsWith("<") && path.endsWith(">") ? path.substring(1, path.length() - 1) : path;
                return path.indexOf(0) < 0 && path.length() <= Address.LIMIT ? new Address(path) : new Address("XXX");
            }
            at += line.length() + 1;
        }
        return new Address("XXX");
    }
}

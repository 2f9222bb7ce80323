package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.mail.Octets;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * HOME/users/logins.0 and logins.1: what lookup remembers of accounts. Written in turns, so that one of them is whole whenever the power
 * fails; the newer one that is whole counts. Opened before lookup gives up root: the folder is root's.
 *
 * <p>{@code carteiro-logins 1 NUMBER}, a line for each account, {@code end CHECKSUM} of all before it, in hexadecimal.
 */
final class AccountBookFile implements Closeable {
    private static final String FIRST = "carteiro-logins 1 ";
    private static final String LAST = "end ";
    private static final int MOST_OCTETS = 256 * 1024 * 1024;

    private final FileChannel even;
    private final FileChannel odd;
    private long number; // of the newest; guarded by this
    private List<String> newest = List.of();

    private AccountBookFile(FileChannel even, FileChannel odd) throws IOException {
        this.even = even;
        this.odd = odd;
        for (FileChannel file : List.of(even, odd)) {
            Optional<KeptBook> kept = read(file);
            if (kept.isPresent() && kept.get().number >= number) {
                number = kept.get().number;
                newest = kept.get().lines;
            }
        }
    }

    private record KeptBook(long number, List<String> lines) {}

    /** @throws IOException if they can be neither read nor made */
    static AccountBookFile open(Installation installation) throws IOException {
        FileChannel even = open(installation.users().resolve("logins.0"));
        try {
            return new AccountBookFile(even, open(installation.users().resolve("logins.1")));
        } catch (IOException e) {
            even.close();
            throw e;
        }
    }

    private static FileChannel open(Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file + " is no regular file; remove it"); // a pipe would keep us waiting
        }
        return FileChannel.open(
                file,
                Set.of(
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    private static Optional<KeptBook> read(FileChannel file) throws IOException {
        if (file.size() > MOST_OCTETS) {
            return Optional.empty();
        }
        String text = Octets.text(Channels.newInputStream(file).readAllBytes());
        int end = text.lastIndexOf("\n" + LAST) + 1;
        if (end == 0 || !text.startsWith(FIRST) || !text.substring(end).equals(lastLine(text.substring(0, end)))) {
            return Optional.empty();
        }
        List<String> lines = text.substring(0, end).lines().toList();
        try {
            return Optional.of(new KeptBook(
                    Long.parseLong(lines.getFirst().substring(FIRST.length())), lines.subList(1, lines.size())));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static String lastLine(String before) {
        var checksum = new CRC32C();
        checksum.update(Octets.bytes(before));
        return LAST + Long.toHexString(checksum.getValue()) + "\n";
    }

    /** What was kept last. */
    synchronized List<String> lines() {
        List<String> lines = newest;
        newest = List.of();
        return lines;
    }

    /** Keeps these lines, a character an octet; they are on the disk when it returns. */
    synchronized void write(List<String> lines) throws IOException {
        var text = new StringBuilder(FIRST).append(number + 1).append('\n');
        lines.forEach(line -> text.append(line).append('\n'));
        text.append(lastLine(text.toString()));
        FileChannel file = number % 2 == 0 ? odd : even;
        ByteBuffer octets = ByteBuffer.wrap(Octets.bytes(text.toString()));
        file.truncate(0);
        for (long at = 0; octets.hasRemaining(); ) {
            at += file.write(octets, at);
        }
        file.force(false);
        number++;
    }

    @Override
    public void close() throws IOException {
        try (even;
                odd) {
            // both
        }
    }
}

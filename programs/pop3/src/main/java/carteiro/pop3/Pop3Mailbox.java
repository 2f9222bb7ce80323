package carteiro.pop3;

import carteiro.pop3.Pop3Message.MailFolder;
import carteiro.posix.SafeFolder;
import carteiro.posix.UntrustedFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a Maildir as they were when a session began. The Maildir, new and cur are held by their descriptors, and no link to
 * a message is followed; closed, it keeps the list alone, and opens them again when it is used. Another session may change flags, and so
 * names, or remove messages meanwhile. One thread. Linux.
 */
final class Pop3Mailbox implements Pop3Messages {
    /** What is in tmp and was not read for so long was left by a crash. */
    static final Duration ABANDONED = Duration.ofHours(36);

    /** Octets of memory that the list may take; what is over it is for the next session. */
    static final long MEMORY = 64L << 20;

    /** What the list may take. */
    interface ListMemory {
        /**
         * Takes so many octets; false if the list has to end here.
         *
         * @throws IOException if there is no list now
         */
        boolean take(long octets) throws IOException;

        /** So many octets, as {@link #MEMORY}. */
        static ListMemory of(long octets) {
            return new ListMemory() {
                private long left = octets;

                @Override
                public boolean take(long more) {
                    left -= more;
                    return left >= 0;
                }
            };
        }
    }

    /** What one message takes of it, beside its name and the text of that. */
    private static final int EACH = 160;

    private static final Path TMP = Path.of("tmp");

    private final Path place;
    private @Nullable HeldMaildir maildir;
    private final Map<MailFolder, SecureDirectoryStream<Path>> folders = new EnumMap<>(MailFolder.class);
    private final List<Pop3Message> messages = new ArrayList<>();
    private final BitSet gone = new BitSet(); // looked for, and not found

    private Pop3Mailbox(Path place) {
        this.place = place;
    }

    /** The folder is not there, or closed to us. */
    static final class NoMaildirException extends IOException {
        private static final long serialVersionUID = 1L;

        NoMaildirException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** It cannot be listed. */
    static final class UnlistedException extends IOException {
        private static final long serialVersionUID = 1L;

        UnlistedException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * Lists the messages that are older than the current second: in that one another may come with the same time, and the order would
     * not stay. Removes abandoned drafts.
     *
     * @throws NoMaildirException if there is no such folder
     * @throws UnlistedException if it cannot be listed
     */
    static Pop3Mailbox open(Path folder, Instant now, ListMemory memory) throws IOException {
        var mailbox = new Pop3Mailbox(folder);
        var _ = mailbox.maildir();
        try {
            mailbox.removeAbandoned(now);
            mailbox.list(now, memory);
            return mailbox;
        } catch (IOException e) {
            mailbox.close();
            throw new UnlistedException(e);
        }
    }

    /** The Maildir itself: by Java's hands, and by ours, which open a file without waiting. */
    private record HeldMaildir(SafeFolder place, SecureDirectoryStream<Path> names) implements Closeable {
        static HeldMaildir hold(Path folder) throws NoMaildirException {
            try {
                SafeFolder place = SafeFolder.hold(folder);
                try (DirectoryStream<Path> opened = Files.newDirectoryStream(place.path())) {
                    if (opened instanceof SecureDirectoryStream<Path> secure) {
                        return new HeldMaildir(place, secure.newDirectoryStream(Path.of(".")));
                    }
                    throw new IOException("folders cannot be held open on this system");
                } catch (IOException | RuntimeException e) {
                    place.close();
                    throw e;
                }
            } catch (IOException e) {
                throw new NoMaildirException(e);
            }
        }

        @Override
        public void close() throws IOException {
            place.close();
            names.close();
        }
    }

    private HeldMaildir maildir() throws NoMaildirException {
        HeldMaildir held = maildir;
        if (held == null) {
            held = HeldMaildir.hold(place);
            maildir = held;
        }
        return held;
    }

    private SecureDirectoryStream<Path> below(Path name) throws IOException {
        return maildir().names().newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
    }

    private static BasicFileAttributes attributes(SecureDirectoryStream<Path> folder, Path name) throws IOException {
        return folder.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
    }

    private static boolean isHidden(Path name) {
        return name.toString().startsWith(".");
    }

    private void removeAbandoned(Instant now) {
        FileTime limit = FileTime.from(now.minus(ABANDONED));
        try (SecureDirectoryStream<Path> tmp = below(TMP)) {
            for (Path entry : tmp) {
                Path name = entry.getFileName();
                if (!isHidden(name)) {
                    removeIfUnreadSince(limit, tmp, name);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // no mail is in there
        }
    }

    private static void removeIfUnreadSince(FileTime limit, SecureDirectoryStream<Path> folder, Path name) {
        try {
            if (attributes(folder, name).lastAccessTime().compareTo(limit) < 0) {
                folder.deleteFile(name);
            }
        } catch (IOException e) {
            // it has just been delivered, or is a folder, or not ours
        }
    }

    private void list(Instant now, ListMemory memory) throws IOException {
        FileTime second = FileTime.from(now.truncatedTo(ChronoUnit.SECONDS));
        for (MailFolder folder : MailFolder.values()) {
            SecureDirectoryStream<Path> names = folder(folder);
            try {
                for (Path entry : names) {
                    Path name = entry.getFileName();
                    if (isHidden(name)) {
                        continue;
                    }
                    if (!memory.take(EACH + 2L * name.toString().length())) {
                        break;
                    }
                    add(folder, name, names, second);
                }
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
        }
        messages.sort(Comparator.comparingLong(Pop3Message::modified).thenComparing(Pop3Message::name));
    }

    private void add(MailFolder folder, Path name, SecureDirectoryStream<Path> names, FileTime second) {
        try {
            BasicFileAttributes found = attributes(names, name);
            FileTime modified = found.lastModifiedTime();
            if (found.isRegularFile() && modified.compareTo(second) < 0) {
                messages.add(new Pop3Message(folder, name, found.size(), modified.to(TimeUnit.NANOSECONDS)));
            }
        } catch (IOException e) {
            // another session has renamed or removed it
        }
    }

    @Override
    public int count() {
        return messages.size();
    }

    @Override
    public Pop3Message message(int index) {
        return messages.get(index);
    }

    @Override
    public String uid(int index) {
        return messages.get(index).uid();
    }

    /** As on the disk. */
    @Override
    public long octets(int index) {
        return messages.get(index).size();
    }

    private SecureDirectoryStream<Path> folder(MailFolder which) throws IOException {
        SecureDirectoryStream<Path> folder = folders.get(which);
        if (folder == null) {
            folder = below(which.path());
            folders.put(which, folder);
        }
        return folder;
    }

    /** Opens a message, under whatever name it has now; empty if it is not there any more, or cannot be opened. */
    @Override
    public Optional<InputStream> read(int index) {
        try (UntrustedFile file = opened(index)) {
            return file == null
                    ? Optional.empty()
                    : Optional.of(Channels.newInputStream(file.channel())); // open once more
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whoever owns the folder may put a named pipe there at any time, whose opening waits. */
    private UntrustedFile open(Pop3Message message) throws IOException {
        return UntrustedFile.openRegular(
                maildir().place(), message.folder().path().resolve(message.name()));
    }

    /**
     * The size of a message as it is sent; empty if it is not there any more, or cannot be opened.
     *
     * @throws IOException if it cannot be read
     */
    OptionalLong sentOctets(int index) throws IOException {
        try (UntrustedFile file = opened(index)) {
            return file == null ? OptionalLong.empty() : OptionalLong.of(SentSizes.counted(file));
        }
    }

    private @Nullable UntrustedFile opened(int index) {
        try {
            try {
                return open(messages.get(index));
            } catch (NoSuchFileException e) {
                return find(index) ? open(messages.get(index)) : null;
            }
        } catch (IOException e) {
            return null;
        }
    }

    /** Looks for a message by its unique part, and for all others on the way: most often all of them were renamed. */
    private boolean find(int index) throws IOException {
        if (gone.get(index)) {
            return false;
        }
        var places = new HashMap<String, Integer>();
        for (int i = 0; i < messages.size(); i++) {
            places.put(messages.get(i).unique(), i);
        }
        gone.set(0, messages.size());
        for (MailFolder folder : MailFolder.values()) {
            try (SecureDirectoryStream<Path> names = below(folder.path())) {
                for (Path entry : names) {
                    Path name = entry.getFileName();
                    Integer place = places.get(Pop3Message.unique(name));
                    if (place != null) {
                        messages.set(place, messages.get(place).movedTo(folder, name));
                        gone.clear(place);
                    }
                }
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
        }
        return !gone.get(index);
    }

    /**
     * Removes messages, and moves the others of new to cur.
     *
     * @return how many could not be removed
     */
    @Override
    public int finish(BitSet deleted) {
        int failures = 0;
        for (int i = 0; i < messages.size(); i++) {
            if (deleted.get(i)) {
                failures += remove(i) ? 0 : 1;
            } else if (messages.get(i).folder() == MailFolder.NEW) {
                moveToCur(messages.get(i));
            }
        }
        return failures;
    }

    private boolean remove(int index) {
        try {
            try {
                delete(messages.get(index));
                return true;
            } catch (NoSuchFileException e) {
                if (!find(index)) {
                    return false;
                }
                delete(messages.get(index));
                return true;
            }
        } catch (IOException e) {
            return false;
        }
    }

    private void delete(Pop3Message message) throws IOException {
        folder(message.folder()).deleteFile(message.name());
    }

    /** Leaves it where it is if something is in the way. */
    private void moveToCur(Pop3Message message) {
        Path target = Path.of(message.name() + ":2,");
        if (target.toString().indexOf('\ufffd') >= 0) {
            return; // not characters: the new name would be another
        }
        try {
            attributes(folder(MailFolder.CUR), target);
        } catch (NoSuchFileException e) {
            try {
                folder(message.folder()).move(message.name(), folder(MailFolder.CUR), target);
            } catch (IOException inTheWay) {
                // it stays new
            }
        } catch (IOException e) {
            // it stays new
        }
    }

    /** Numbers them in another order, before anything is asked of one. */
    void arrange(List<Pop3Message> inOrder) {
        messages.clear();
        messages.addAll(inOrder);
    }

    /** Lets go of the folders, until they are needed again. */
    @Override
    public void close() throws IOException {
        for (SecureDirectoryStream<Path> folder : folders.values()) {
            folder.close();
        }
        folders.clear();
        HeldMaildir held = maildir;
        maildir = null;
        if (held != null) {
            held.close();
        }
    }
}

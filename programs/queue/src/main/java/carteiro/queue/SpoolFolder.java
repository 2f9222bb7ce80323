package carteiro.queue;

import carteiro.log.LogText;
import carteiro.posix.UntrustedFile;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** HOME/spool as queue sees it: anybody may have put anything there. One thread. */
final class SpoolFolder {
    /** The most files of one user that are looked at in one round. */
    static final int SHARE = 100;

    /** The most users whose files are looked at in one round. */
    static final int MOST_USERS = 1_000;

    /** After this long nobody writes a draft any more: qmail-queue gives up after a day. */
    static final Duration OLD = Duration.ofHours(36);

    private final Path path;

    SpoolFolder(Path path) {
        this.path = path;
    }

    /** A file that may be a message. */
    record SpoolFile(String name, int uid, FileTime modified) {}

    /**
     * What is there.
     *
     * @param shares some files of each user, the oldest first
     * @param messages how many there are, those that are in no share too
     * @param setAside how many cannot be taken in
     */
    record Listing(List<List<SpoolFile>> shares, long messages, long setAside) {}

    /**
     * Makes it unless it is there, and looks whether it can be used.
     *
     * @throws IOException saying what is wrong and how to mend it
     */
    void prepare(int ownUid) throws IOException {
        try {
            Spool.make(path);
        } catch (IOException e) {
            throw new IOException(
                    path + ": cannot be made (" + LogText.reason(e) + "), so that local mail is refused while"
                            + " queue is down; make it by: carteiro init --home " + path.getParent() + " --me HOST");
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(path + " is no folder; move it away and start queue again");
        }
        int owner = (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (ownUid != 0 && owner != ownUid) {
            throw new IOException(path + " belongs to uid " + Integer.toUnsignedString(owner) + ", not to queue's user;"
                    + " mend it by: chown " + Integer.toUnsignedString(ownUid) + " " + path + " && chmod 3733 " + path);
        }
    }

    /** The group that a file gets which is made here. */
    int group() throws IOException {
        return (int) Files.getAttribute(path, "unix:gid", LinkOption.NOFOLLOW_LINKS);
    }

    /** Lists it, and removes drafts that nobody writes any more. The memory does not grow with the number of files. */
    Listing list(long now) throws IOException {
        Map<Integer, List<SpoolFile>> shares = new LinkedHashMap<>();
        long messages = 0;
        long setAside = 0;
        try (DirectoryStream<Path> names = Files.newDirectoryStream(path)) {
            for (Path each : names) {
                String name = String.valueOf(each.getFileName());
                if (Spool.isMessage(name)) {
                    messages++;
                    share(shares, name);
                } else if (Spool.isDraft(name)) {
                    removeOld(name, now);
                } else if (name.startsWith(Spool.SET_ASIDE)) {
                    setAside++;
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        var lists = new ArrayList<List<SpoolFile>>();
        for (List<SpoolFile> share : shares.values()) {
            share.sort(Comparator.comparing(SpoolFile::modified));
            lists.add(share);
        }
        return new Listing(lists, messages, setAside);
    }

    private void share(Map<Integer, List<SpoolFile>> shares, String name) throws IOException {
        int uid;
        FileTime modified;
        try {
            uid = (int) Files.getAttribute(path.resolve(name), "unix:uid", LinkOption.NOFOLLOW_LINKS);
            modified = Files.getLastModifiedTime(path.resolve(name), LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return; // its owner took it away
        }
        List<SpoolFile> share = shares.get(uid);
        if (share == null) {
            if (shares.size() == MOST_USERS) {
                return;
            }
            share = new ArrayList<>();
            shares.put(uid, share);
        }
        if (share.size() < SHARE) {
            share.add(new SpoolFile(name, uid, modified));
        }
    }

    private void removeOld(String name, long now) throws IOException {
        Path draft = path.resolve(name);
        try {
            FileTime modified = Files.getLastModifiedTime(draft, LinkOption.NOFOLLOW_LINKS);
            if (now - modified.toMillis() > OLD.toMillis() && !Files.isDirectory(draft, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(draft);
            }
        } catch (NoSuchFileException e) {
            // its writer has ended it
        }
    }

    /** Opens a file; see {@link UntrustedFile#open}. */
    UntrustedFile open(String name) throws IOException {
        return UntrustedFile.open(path.resolve(name));
    }

    /** Whose that is; queue's own if it has gone. */
    int owner(String name) throws IOException {
        Path named = has(name) ? path.resolve(name) : path;
        return (int) Files.getAttribute(named, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    /** Whether something has that name. */
    boolean has(String name) {
        return Files.exists(path.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    /** Removes a file; returns when that is on the disk. */
    void remove(String name) throws IOException {
        Files.deleteIfExists(path.resolve(name));
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Gives what has that name another, under which it is left alone.
     *
     * @return that name, which nobody can have foretold: what had it would be replaced, or be in the way
     */
    String setAside(String name) throws IOException {
        String other = Spool.SET_ASIDE + Spool.freshName();
        Files.move(path.resolve(name), path.resolve(other), StandardCopyOption.ATOMIC_MOVE);
        return other;
    }
}

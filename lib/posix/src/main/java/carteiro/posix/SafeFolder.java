package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * A folder that is held by its descriptor, for a process with more rights than the owners of the folders it works in. Whatever
 * others rename or link meanwhile, the work is done in this folder; names in it are never followed if they are symbolic links. One
 * thread at a time. Linux.
 *
 * {@snippet :
 * try (var home = SafeFolder.openTrusted(Path.of("/var/qmail"));
 *         var log = home.folderOrMake("log", 0750)) {
 *     log.own(uid, gid); // fchown: of the folder that was opened, not of a path
 * }
 * }
 */
public final class SafeFolder implements Closeable {
    private static final int ROOT = 0;
    private static final int STICKY = 01000;
    private static final int GROUP_WRITES = 020;
    private static final int OTHERS_WRITE = 02;
    private static final int MOST_LINKS = 40; // as the kernel
    private static final int FOLDER = Descriptor.READ | Descriptor.FOLDER_ONLY | Descriptor.NO_FOLLOW;
    private static final int ON_THE_WAY = Descriptor.NAME_ONLY | Descriptor.FOLDER_ONLY | Descriptor.NO_FOLLOW;

    private final Descriptor descriptor;

    private SafeFolder(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    private static final class FolderFunctions {
        static final CFunction MKDIRAT = CFunction.named("mkdirat");
        static final CFunction FCHMOD = CFunction.named("fchmod");
        static final CFunction FCHOWN = CFunction.named("fchown");
        static final CFunction LINK_TARGET = CFunction.named("readlinkat");
    }

    /**
     * Opens a folder that nobody but root and the caller can replace, from the root, one part of its path after the other: each
     * folder on the way, and it itself, belongs to root or the caller and is closed to writers from outside; in one that is open to
     * writers, but sticky, as /tmp is, the next one must belong to root or the caller. A symbolic link on the way is followed only if
     * root or the caller made it, in a folder that nobody else can write; such a link may lead upwards.
     *
     * @param folder an absolute path without {@code ..}
     * @throws IOException if it is missing, no folder, behind somebody else's link, or somebody else could replace it; the message
     *     names the folder and how to mend it
     */
    public static SafeFolder openTrusted(Path folder) throws IOException {
        if (!folder.isAbsolute()) {
            throw new IOException(folder + " is no absolute path");
        }
        int self = SystemAccount.effectiveUid();
        var parts = new ArrayDeque<String>();
        for (Path part : folder) {
            if (part.toString().equals("..")) {
                throw new IOException(folder + " has a part \"..\"");
            }
            parts.add(part.toString());
        }
        SafeFolder at = root();
        try {
            int links = 0;
            at.checkOwner(self, "/");
            while (!parts.isEmpty()) {
                String part = parts.pop();
                if (part.isEmpty() || part.equals(".")) {
                    continue;
                }
                Optional<SafeFolder> next = at.folderUnlessLink(part); // ".." of a link: the folder that this one is in
                if (next.isPresent()) {
                    at.close();
                    at = next.get();
                    at.checkOwner(self, at.name());
                    continue;
                }
                Path target = at.trustedLink(part, self);
                links++;
                if (links > MOST_LINKS) {
                    throw new Descriptor.SymbolicLinkException(at.name() + "/" + part);
                }
                for (int i = target.getNameCount() - 1; i >= 0; i--) {
                    parts.push(target.getName(i).toString());
                }
                if (target.isAbsolute()) {
                    at.close();
                    at = root();
                }
            }
            var reached = new SafeFolder(Descriptor.open(at.descriptor.number(), ".", FOLDER, 0, at.descriptor.name()));
            at.close();
            return reached;
        } catch (IOException | RuntimeException e) {
            at.close();
            throw e;
        }
    }

    /**
     * Holds a folder whoever it belongs to, for work with no more rights than its owner has: links on the way to it are followed.
     *
     * @throws IOException if it is missing or no folder
     */
    public static SafeFolder hold(Path folder) throws IOException {
        return new SafeFolder(Descriptor.open(folder, Descriptor.NAME_ONLY | Descriptor.FOLDER_ONLY, 0));
    }

    private static SafeFolder root() throws IOException {
        return new SafeFolder(Descriptor.open(Descriptor.CURRENT_FOLDER, "/", ON_THE_WAY, 0, "/"));
    }

    private static boolean isOurs(FileStatus status, int self) {
        return status.uid() == ROOT || status.uid() == self;
    }

    private void checkOwner(int self, String path) throws IOException {
        FileStatus status = status();
        if (!isOurs(status, self)) {
            throw new FileSystemException(
                    path,
                    null,
                    "belongs to user " + Integer.toUnsignedString(status.uid())
                            + ", who could replace what is in it; use a folder of root's, or chown it");
        }
        if (isOpenToWriters(status) && (status.mode() & STICKY) == 0) {
            throw new FileSystemException(
                    path, null, "can be written by others, who could replace what is in it; chmod go-w it");
        }
    }

    private static boolean isOpenToWriters(FileStatus status) {
        return (status.mode() & OTHERS_WRITE) != 0 || (status.mode() & GROUP_WRITES) != 0 && status.gid() != ROOT;
    }

    private Optional<SafeFolder> folderUnlessLink(String part) throws IOException {
        try {
            return Optional.of(new SafeFolder(Descriptor.open(descriptor.number(), part, ON_THE_WAY, 0, below(part))));
        } catch (Descriptor.SymbolicLinkException e) {
            return Optional.empty();
        } catch (java.nio.file.NotDirectoryException e) { // what Linux says of a link, too
            FileStatus there = status(part).orElseThrow(() -> e);
            if (there.kind() != FileStatus.FileKind.LINK) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private Path trustedLink(String part, int self) throws IOException {
        FileStatus link = status(part).orElseThrow(() -> new NoSuchFileException(name() + "/" + part));
        FileStatus here = status();
        if (!isOurs(link, self) || !isOurs(here, self) || isOpenToWriters(here)) {
            throw new Descriptor.SymbolicLinkException(name() + "/" + part);
        }
        return Path.of(target(part));
    }

    private Optional<FileStatus> status(String part) throws IOException {
        return FileStatus.at(descriptor.number(), oneName(part), FileStatus.LINK_ITSELF, below(part));
    }

    private String target(String part) throws IOException {
        byte[] octets = new byte[4096];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(octets.length);
            CFunction.CallResult answer = FolderFunctions.LINK_TARGET.call(
                    descriptor.number(), CPath.address(arena, part), target.address(), octets.length);
            int count = answer.result();
            if (count < 0 || count == octets.length) {
                throw Descriptor.trouble(name() + "/" + part, "be read as a link", answer.errno());
            }
            MemorySegment.copy(target, ValueLayout.JAVA_BYTE, 0, octets, 0, count);
            return CPath.text(octets, count);
        }
    }

    private static String oneName(String name) throws IOException {
        if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('/') >= 0 || name.indexOf(0) >= 0) {
            throw new IOException("\"" + name + "\" is no name of a file in a folder");
        }
        return name;
    }

    private String name() {
        return descriptor.name().equals("/") ? "" : descriptor.name();
    }

    private String below(String name) {
        return name.equals("..")
                ? String.valueOf(Path.of(descriptor.name()).resolve("..").normalize())
                : name() + "/" + name;
    }

    private static void check(CFunction.CallResult answer, String name, String what) throws IOException {
        if (answer.result() < 0) {
            throw Descriptor.trouble(name, what, answer.errno());
        }
    }

    // ---- Folders in this one

    /**
     * Opens a folder in this one, made with that mode, whatever the umask, if there is none; the mode of one that is there stays.
     *
     * @throws IOException if a symbolic link or no folder stands there
     */
    public SafeFolder folderOrMake(String name, int mode) throws IOException {
        try {
            return makeFolder(name, mode);
        } catch (FileAlreadyExistsException e) {
            return folder(name);
        }
    }

    private SafeFolder folder(String name) throws IOException {
        return new SafeFolder(Descriptor.open(descriptor.number(), oneName(name), FOLDER, 0, below(name)));
    }

    private SafeFolder makeFolder(String name, int mode) throws IOException {
        String part = oneName(name);
        try (Arena arena = Arena.ofConfined()) {
            check(
                    FolderFunctions.MKDIRAT.call(descriptor.number(), CPath.address(arena, part), mode & 0700),
                    below(name),
                    "be made");
        }
        SafeFolder made = folder(name);
        try {
            if (made.status().uid() != SystemAccount.effectiveUid()) {
                throw new FileSystemException(below(name), null, "was replaced by somebody else while it was made");
            }
            made.mode(mode);
            return made;
        } catch (IOException | RuntimeException e) {
            made.close();
            throw e;
        }
    }

    // ---- This folder

    /** What this folder is. */
    public FileStatus status() throws IOException {
        return descriptor.status();
    }

    /** Gives this folder to somebody. */
    public void own(int uid, int gid) throws IOException {
        check(
                FolderFunctions.FCHOWN.call(descriptor.number(), uid, gid),
                descriptor.name(),
                "be given to user " + Integer.toUnsignedString(uid));
    }

    /** Sets the mode of this folder. */
    public void mode(int mode) throws IOException {
        check(FolderFunctions.FCHMOD.call(descriptor.number(), mode), descriptor.name(), "be given its mode");
    }

    Descriptor open(Path below, int flags) throws IOException {
        return Descriptor.open(descriptor, below, flags);
    }

    /** A name for this folder, whatever its path leads to now; a name below it is looked up as usual, links are followed. */
    public Path path() {
        return descriptor.path();
    }

    @Override
    public void close() {
        descriptor.close();
    }
}

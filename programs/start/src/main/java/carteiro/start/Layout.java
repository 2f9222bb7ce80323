package carteiro.start;

import carteiro.control.Installation;
import carteiro.posix.SafeFolder;
import carteiro.posix.SystemAccount;
import carteiro.posix.ThreadIdentity;
import carteiro.protocol.Program;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The folders of an installation, with their owners and modes. What exists keeps its content; only the folders of run/
 * change their owner, since they belong to whoever runs the programs.
 */
final class Layout {
    /** The most levels of folders in a program's own. */
    private static final int DEEPEST = 8;

    private Layout() {}

    /** Who owns what a program makes. */
    sealed interface FolderOwner {
        /** Whoever we are. */
        record Us() implements FolderOwner {}

        /** A user and a group of the system; given by root. */
        record Them(UserPrincipal user, GroupPrincipal group) implements FolderOwner {}
    }

    /**
     * A user of the system with its primary group.
     *
     * @throws IOException naming what is missing and how to make it
     */
    static FolderOwner owner(Path home, String user) throws IOException {
        SystemAccount account = SystemAccount.named(user)
                .orElseThrow(() -> new IOException("the system has no account \"" + user
                        + "\"; make it as root by: carteiro init --create-users --home " + home + " --me HOST"));
        var accounts = home.getFileSystem().getUserPrincipalLookupService();
        return new FolderOwner.Them(
                accounts.lookupPrincipalByName(user),
                accounts.lookupPrincipalByGroupName(Integer.toString(account.gid())));
    }

    /**
     * Refuses to work as root in an installation that somebody else could replace: every folder on the way to it, and its
     * own, must be root's. After that a path of two parts, such as HOME/run, passes nothing that others can change; what lies
     * deeper, in a folder of a program or of alias, is touched as its owner alone.
     *
     * @throws IOException naming the folder and how to mend it
     */
    static void checkHome(Installation installation) throws IOException {
        if (SystemAccount.effectiveUid() != 0) {
            return;
        }
        for (Path folder :
                List.of(installation.home(), installation.control(), installation.users(), installation.run())) {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                trusted(folder);
            }
        }
    }

    /** @throws IOException naming the folder on the way to that one, or itself, by which others than root could replace it */
    static void trusted(Path folder) throws IOException {
        SafeFolder.openTrusted(folder.toAbsolutePath().normalize()).close();
    }

    /** @throws IOException if queue/ is still qmail's, saying what to do */
    static void refuseQueueOfQmail(Installation installation) throws IOException {
        Optional<String> qmails = installation.queueOfQmail();
        if (qmails.isPresent()) {
            throw new IOException(qmails.get());
        }
    }

    /**
     * The folder of a program's sockets, made if there is none, owned by who will use it. One of another owner, as the other form of
     * running leaves it, is emptied: root must not meet there what that owner has put in its way.
     */
    static void run(Installation installation, String program, FolderOwner owner) throws IOException {
        folder(installation.run(), "rwxr-xr-x", new FolderOwner.Us());
        if (SystemAccount.effectiveUid() != 0) {
            folder(installation.run(program), "rwxr-xr-x", owner);
            return;
        }
        SystemAccount account = owner instanceof FolderOwner.Them(var user, var _)
                ? account(user.getName())
                : new SystemAccount("root", 0, 0, "/");
        try (SafeFolder run = SafeFolder.openTrusted(installation.run());
                SafeFolder folder = run.folderOrMake(program, 0755)) {
            if (folder.status().uid() != account.uid()) {
                folder.own(0, 0); // it is closed to its former owner before it is emptied: nothing can be added
                folder.mode(0700);
                empty(folder.path());
                folder.mode(0755);
            }
            folder.own(account.uid(), account.gid());
        } catch (NotDirectoryException | FileSystemLoopException e) {
            throw new IOException(installation.run(program) + " is in the way: it is not a folder", e);
        }
    }

    private static SystemAccount account(String user) throws IOException {
        return SystemAccount.named(user).orElseThrow(() -> new IOException("the system has no account " + user));
    }

    /** Removes what is in a folder, by descriptors: no link in it is followed. */
    private static void empty(Path folder) throws IOException {
        try (DirectoryStream<Path> here = Files.newDirectoryStream(folder)) {
            if (!(here instanceof SecureDirectoryStream<Path> secure)) {
                throw new IOException(folder + " cannot be emptied safely on this system; remove it by hand");
            }
            empty(secure, DEEPEST);
        }
    }

    private static void empty(SecureDirectoryStream<Path> here, int levels) throws IOException {
        for (Path entry : here) {
            Path name = Path.of(String.valueOf(entry.getFileName()));
            var attributes = here.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes();
            if (!attributes.isDirectory()) {
                here.deleteFile(name);
                continue;
            }
            if (levels == 0) {
                throw new IOException(entry + " lies too deep; remove it by hand");
            }
            try (SecureDirectoryStream<Path> below = here.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                empty(below, levels - 1);
            }
            here.deleteDirectory(name);
        }
    }

    /** Work that is done as the owner of a folder. */
    interface OwnerAction {
        void run() throws IOException;
    }

    /**
     * Does the work as the owner of a folder, so that nothing there leads to what that owner may not touch. By others than root it
     * is done as it is.
     */
    static void asOwner(Path folder, OwnerAction work) throws IOException {
        int uid = (Integer) Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (SystemAccount.effectiveUid() != 0 || uid == 0) {
            work.run();
            return;
        }
        int gid = groupOf(uid, folder);
        var trouble = new AtomicReference<@Nullable Throwable>();
        Thread thread = Thread.ofPlatform()
                .name("as-owner")
                .start(
                        () -> { // an identity belongs to a thread
                            try {
                                ThreadIdentity.assume(uid, gid);
                                work.run();
                            } catch (IOException | RuntimeException | Error e) {
                                trouble.set(e);
                            }
                        });
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        switch (trouble.get()) {
            case null -> {}
            case IOException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }

    /** The group to work with is the account's: that of the folder may be another's, root's even. */
    private static int groupOf(int uid, Path folder) throws IOException {
        Optional<SystemAccount> account = SystemAccount.withUid(uid);
        int gid = account.isPresent()
                ? account.get().gid()
                : (Integer) Files.getAttribute(folder, "unix:gid", LinkOption.NOFOLLOW_LINKS);
        if (gid == 0) {
            throw new IOException(folder + " belongs to user " + Integer.toUnsignedString(uid)
                    + ", whose group is root's; give that account a group of its own, or chown the folder");
        }
        return gid;
    }

    /**
     * Makes run/, and the folder of each program for its own user; queue/ if queue is among them.
     *
     * @throws IOException if a user is missing, or queue/ holds what its user cannot read
     */
    static void separate(Installation installation, List<Program> programs) throws IOException {
        run(installation, "start", new FolderOwner.Us());
        for (Program program : programs) {
            FolderOwner owner =
                    program.user().equals("root") ? new FolderOwner.Us() : owner(installation.home(), program.user());
            run(installation, program.name(), owner);
            if (program.name().equals("queue")) {
                folder(installation.queue(), "rwxr-x---", owner);
                checkQueue(installation, owner);
                ownIfRoots(installation.queue(), owner);
                spool(installation, owner);
            }
        }
    }

    /** Where local mail waits while queue cannot be reached: queue's, everybody adds to it. */
    static boolean spool(Installation installation, FolderOwner owner) throws IOException {
        Path spool = Spool.folder(installation);
        if (!folder(spool, "rwx------", new FolderOwner.Us())) {
            return false;
        }
        Spool.open(spool); // as long as it is our group's: for another's it takes a capability that a unit may not have
        own(spool, owner);
        return true;
    }

    /** What {@code carteiro run} as root without --split has written is root's; queue by itself could not read it. */
    private static void checkQueue(Installation installation, FolderOwner owner) throws IOException {
        refuseQueueOfQmail(installation);
        if (!(owner instanceof FolderOwner.Them them)) {
            return;
        }
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(installation.queue(), file -> !file.endsWith("lost+found"))) { // ext4's own
            for (Path file : files) {
                if (Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName().equals("root")) {
                    throw new IOException(file + " belongs to root, so that queue cannot use it; mend it by: chown -R "
                            + them.user().getName() + ": " + installation.queue());
                }
            }
        }
    }

    /** Makes a folder unless it exists. */
    static boolean folder(Path folder, String mode, FolderOwner owner) throws IOException {
        if (Files.isDirectory(folder)) {
            return false;
        }
        try {
            Files.createDirectory(folder);
        } catch (FileAlreadyExistsException e) {
            throw new IOException(folder + " is in the way: it is not a folder", e);
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(mode)); // whatever the umask
        own(folder, owner);
        return true;
    }

    /** Gives a folder to its owner if root made it before there were accounts. */
    static void ownIfRoots(Path folder, FolderOwner owner) throws IOException {
        if ((int) Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS) == 0) {
            own(folder, owner);
        }
    }

    /** Gives a file or folder to its owner; never through a link. */
    static void own(Path file, FolderOwner owner) throws IOException {
        switch (owner) {
            case FolderOwner.Us _ -> {}
            case FolderOwner.Them(var user, var group) -> {
                var view = Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
                view.setGroup(group);
                view.setOwner(user);
            }
        }
    }
}

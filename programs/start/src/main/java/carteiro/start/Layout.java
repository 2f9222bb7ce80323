package carteiro.start;

import carteiro.control.Installation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Optional;

/**
 * The folders of an installation, with their owners and modes. What exists keeps its content; only the folders of run/
 * change their owner, since they belong to whoever runs the programs.
 */
final class Layout {
    private Layout() {}

    /** Who owns what a program makes. */
    sealed interface Owner {
        /** Whoever we are. */
        record Us() implements Owner {}

        /** A user and a group of the system; given by root. */
        record Them(UserPrincipal user, GroupPrincipal group) implements Owner {}
    }

    /**
     * A user of the system with its primary group.
     *
     * @throws IOException naming what is missing and how to make it
     */
    static Owner owner(Path home, String user) throws IOException {
        SystemAccount account = SystemAccount.named(user)
                .orElseThrow(() -> new IOException("the system has no account \"" + user
                        + "\"; make it as root by: carteiro init --create-users --home " + home + " --me HOST"));
        var accounts = home.getFileSystem().getUserPrincipalLookupService();
        return new Owner.Them(
                accounts.lookupPrincipalByName(user),
                accounts.lookupPrincipalByGroupName(Integer.toString(account.gid())));
    }

    /** The folder of a program's sockets, made if there is none, owned by who will use it. */
    static void run(Installation installation, String program, Owner owner) throws IOException {
        folder(installation.run(), "rwxr-xr-x", new Owner.Us());
        Path folder = installation.run(program);
        folder(folder, "rwxr-xr-x", owner);
        own(folder, owner);
    }

    /**
     * Makes run/, and the folder of each program for its own user; queue/ if queue is among them.
     *
     * @throws IOException if a user is missing, or queue/ holds what its user cannot read
     */
    static void separate(Installation installation, List<Program> programs) throws IOException {
        run(installation, "start", new Owner.Us());
        for (Program program : programs) {
            Owner owner = program.user().equals("root") ? new Owner.Us() : owner(installation.home(), program.user());
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
    static boolean spool(Installation installation, Owner owner) throws IOException {
        Path spool = Spool.folder(installation);
        if (!folder(spool, "rwx------", new Owner.Us())) {
            return false;
        }
        Spool.open(spool); // as long as it is our group's: for another's it takes a capability that a unit may not have
        own(spool, owner);
        return true;
    }

    /** What {@code carteiro run} as root without --split has written is root's; queue by itself could not read it. */
    private static void checkQueue(Installation installation, Owner owner) throws IOException {
        Optional<String> qmails = installation.queueOfQmail();
        if (qmails.isPresent()) {
            throw new IOException(qmails.get());
        }
        if (!(owner instanceof Owner.Them them)) {
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
    static boolean folder(Path folder, String mode, Owner owner) throws IOException {
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
    static void ownIfRoots(Path folder, Owner owner) throws IOException {
        if (Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).getName().equals("root")) {
            own(folder, owner);
        }
    }

    /** Gives a file or folder to its owner; never through a link. */
    static void own(Path file, Owner owner) throws IOException {
        switch (owner) {
            case Owner.Us _ -> {}
            case Owner.Them(var user, var group) -> {
                var view = Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
                view.setGroup(group);
                view.setOwner(user);
            }
        }
    }
}

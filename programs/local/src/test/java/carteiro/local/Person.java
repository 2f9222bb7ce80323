package carteiro.local;

import carteiro.posix.Identity;
import carteiro.protocol.AccountPrivilege;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Whom a test delivers for: as root some user without a name, otherwise whoever runs the test. */
record Person(int uid, int gid) {
    static Person one() throws IOException {
        return isRoot() ? new Person(41001, 41001) : self();
    }

    static Person self() throws IOException {
        return new Person(Identity.ownUid(), (int) Files.getAttribute(Path.of("/proc/self"), "unix:gid"));
    }

    static boolean isRoot() {
        return Identity.ownUid() == 0;
    }

    AccountPrivilege privilege() {
        return isRoot() ? new AccountPrivilege.EveryUser() : new AccountPrivilege.OneUser(uid);
    }

    /** A home with empty Maildirs Maildir and Maildir2, below a folder that everybody may enter. */
    Path home(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path home = folder.resolve("home" + uid);
        Files.createDirectory(home);
        for (String maildir : List.of("Maildir", "Maildir2")) {
            for (String part : List.of("tmp", "new", "cur")) {
                Files.createDirectories(home.resolve(maildir).resolve(part));
            }
        }
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        own(home);
        return home;
    }

    /** Gives a folder and all in it to this person. */
    void own(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                if (isRoot()) {
                    Files.setAttribute(file, "unix:uid", uid, java.nio.file.LinkOption.NOFOLLOW_LINKS);
                    Files.setAttribute(file, "unix:gid", gid, java.nio.file.LinkOption.NOFOLLOW_LINKS);
                }
            }
        }
    }
}

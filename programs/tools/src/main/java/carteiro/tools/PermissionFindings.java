package carteiro.tools;

import carteiro.control.Installation;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Who may write what decides where mail goes, and who may read what is secret. */
final class PermissionFindings {
    private final Installation installation;
    private final FindingList found;

    PermissionFindings(Installation installation, FindingList found) {
        this.installation = installation;
        this.found = found;
    }

    void look() throws IOException {
        writable();
        readableByItsUser("ldappassword", "lookup", "qmailp");
        readableByItsUser("servercert.pem", "smtpd", "qmaild");
        secret("ldappassword", "it");
        secret("servercert.pem", "its private key");
    }

    /** What others may write, they may bend to their will: qmail's "paternalism". */
    private void writable() throws IOException {
        var places = new ArrayList<Path>(
                List.of(installation.home(), installation.control(), installation.alias(), installation.users()));
        for (String name : HomeOption.names(installation.control())) {
            places.add(installation.control(name));
        }
        for (String name : HomeOption.names(installation.alias())) {
            Path file = installation.alias().resolve(name);
            if (name.startsWith(".qmail") && !Files.isSymbolicLink(file)) {
                places.add(file);
            }
        }
        for (Path place : places) {
            if (!Files.exists(place)) {
                continue;
            }
            PosixFileAttributes attributes = Files.readAttributes(place, PosixFileAttributes.class);
            if (attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
                found.mistake(named(place) + ": every user of this host may write it; run: chmod o-w " + place);
            }
        }
    }

    private void secret(String name, String what) throws IOException {
        Path file = installation.control(name);
        if (Files.exists(file) && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
            found.mistake("control/" + name + ": every user of this host may read " + what + "; run: chmod o= " + file);
        }
    }

    /** Root reads it at the start in the program's place; a reload is the program's own. */
    private void readableByItsUser(String name, String program, String user) throws IOException {
        Path file = installation.control(name);
        Optional<SystemAccount> account = SystemAccount.effectiveUid() == 0
                ? SystemAccount.named(user)
                : Optional.empty(); // started by another user, every program is that user
        if (account.isEmpty() || !Files.exists(file)) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        PosixFilePermission needed = Files.getAttribute(file, "unix:uid")
                        .equals(account.get().uid())
                ? PosixFilePermission.OWNER_READ
                : Files.getAttribute(file, "unix:gid").equals(account.get().gid())
                        ? PosixFilePermission.GROUP_READ
                        : PosixFilePermission.OTHERS_READ;
        if (!permissions.contains(needed)) {
            found.warning("control/" + name + ": " + user + ", whom " + program + " runs as, may not read it, so that "
                    + program + " starts but every reload of it fails; run: chown " + user + " " + file
                    + " && chmod 400 " + file);
        }
    }

    private String named(Path place) {
        Path relative = installation.home().relativize(place);
        return relative.toString().isEmpty() ? place.toString() : relative.toString();
    }
}

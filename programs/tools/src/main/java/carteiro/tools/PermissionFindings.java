package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.posix.FileStatus;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
            if (permissions(place).contains(PosixFilePermission.OTHERS_WRITE)) {
                found.mistake(
                        named(place) + ": every user of this host may write it; run: chmod o-w " + LogText.path(place));
            }
        }
    }

    private void secret(String name, String what) throws IOException {
        Path file = installation.control(name);
        if (permissions(file).contains(PosixFilePermission.OTHERS_READ)) {
            found.mistake("control/" + name + ": every user of this host may read " + what + "; run: chmod o= "
                    + LogText.path(file));
        }
    }

    /** Nobody's where there is no such file, or none any more. */
    private static Set<PosixFilePermission> permissions(Path file) throws IOException {
        try {
            return Files.getPosixFilePermissions(file);
        } catch (NoSuchFileException e) {
            return Set.of();
        }
    }

    /** Root reads it at the start in the program's place; a reload is the program's own. */
    private void readableByItsUser(String name, String program, String user) throws IOException {
        Path file = installation.control(name);
        Optional<SystemAccount> account = SystemAccount.effectiveUid() == 0
                ? SystemAccount.named(user)
                : Optional.empty(); // started by another user, every program is that user
        Optional<FileStatus> status = FileStatus.of(Octets.text(file.toString().getBytes(StandardCharsets.UTF_8)));
        if (account.isEmpty() || status.isEmpty()) {
            return;
        }
        int needed = status.get().uid() == account.get().uid()
                ? 0400
                : status.get().gid() == account.get().gid() ? 040 : 04;
        if ((status.get().mode() & needed) == 0) {
            found.warning("control/" + name + ": " + user + ", whom " + program + " runs as, may not read it, so that "
                    + program + " starts but every reload of it fails; run: chown " + user + " " + LogText.path(file)
                    + " && chmod 400 " + LogText.path(file));
        }
    }

    private String named(Path place) {
        Path relative = installation.home().relativize(place);
        return LogText.path(relative.toString().isEmpty() ? place : relative);
    }
}

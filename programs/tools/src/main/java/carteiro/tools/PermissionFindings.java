package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
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
import java.util.function.UnaryOperator;

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
        readableByItsUser(Settings.LDAPPASSWORD, "lookup", "qmailp");
        readableByItsUser(Settings.SERVERCERT_PEM, "smtpd", "qmaild");
        if (Files.exists(installation.control(Settings.POP3DLISTEN))) {
            readableByItsUser(
                    Settings.SERVERCERT_PEM,
                    "pop3d",
                    "qmailpop",
                    file -> "chgrp nofiles " + file + " && chmod 440 " + file);
        }
        readableByItsUser(Settings.OAUTHCLIENT, "tokens", "qmailo");
        secret(Settings.LDAPPASSWORD, "it");
        secret(Settings.OAUTHCLIENT, "it");
        secret(Settings.SERVERCERT_PEM, "its private key");
        for (Setting<?> relays : List.of(Settings.SMTPROUTES, Settings.AUTHSENDERS)) {
            if (hasPassword(relays)) {
                readableByItsUser(relays, "remote", "qmailr");
                secret(relays, "the passwords in it");
            }
        }
        readableByAll(Settings.QMQPSERVERS);
        readableByAll(Settings.QMQPCACERTS);
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

    private void secret(Setting<?> setting, String what) throws IOException {
        Path file = installation.control(setting);
        if (permissions(file).contains(PosixFilePermission.OTHERS_READ)) {
            found.mistake(
                    setting + ": every user of this host may read " + what + "; run: chmod o= " + LogText.path(file));
        }
    }

    /** Whether a line has a login at a relay, or seems to. */
    private boolean hasPassword(Setting<?> relays) {
        return new ControlFiles(installation)
                .numbered(relays).values().stream()
                        .anyMatch(line -> !relays.shown(line).equals(line));
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
    private void readableByItsUser(Setting<?> setting, String program, String user) throws IOException {
        readableByItsUser(setting, program, user, file -> "chown " + user + " " + file + " && chmod 400 " + file);
    }

    /** @param command that mends it, given the file */
    private void readableByItsUser(Setting<?> setting, String program, String user, UnaryOperator<String> command)
            throws IOException {
        Path file = installation.control(setting);
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
            found.warning(setting + ": " + user + ", whom " + program + " runs as, may not read it, so that " + program
                    + " starts but every reload of it fails; run: " + command.apply(LogText.path(file)));
        }
    }

    /** Whoever sends mail runs what reads it. */
    private void readableByAll(Setting<?> setting) throws IOException {
        Path file = installation.control(setting);
        Set<PosixFilePermission> permissions = permissions(file);
        if (!permissions.isEmpty() && !permissions.contains(PosixFilePermission.OTHERS_READ)) {
            found.warning(setting + ": " + setting.readers()
                    + " reads it as the user who sends, and not every user may; run: chmod a+r " + LogText.path(file));
        }
    }

    private String named(Path place) {
        Path relative = installation.home().relativize(place);
        return LogText.path(relative.toString().isEmpty() ? place : relative);
    }
}

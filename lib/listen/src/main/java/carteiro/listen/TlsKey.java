package carteiro.listen;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.wire.TlsIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Key and certificate of control/servercert.pem. Any thread. */
@FunctionalInterface
public interface TlsKey {
    /** @throws IOException if they cannot be used; the message says what is wrong */
    TlsIdentity identity() throws IOException;

    /** Reads it now, and notes what is wrong with it as a problem; empty if there is no file. */
    static Optional<TlsKey> read(ControlFiles files, Installation installation) {
        return read(files, installation, pem -> {
            TlsIdentity identity = TlsIdentity.read(pem);
            return () -> identity;
        });
    }

    /**
     * As {@link #read(ControlFiles, Installation)}, but what is wrong inside the file is found by {@link #identity}: for one
     * conversation, which may never ask for TLS.
     */
    static Optional<TlsKey> readLater(ControlFiles files, Installation installation) {
        return read(files, installation, pem -> () -> TlsIdentity.read(pem));
    }

    /**
     * Looks whether there is the key that listeners need.
     *
     * @param listeners the setting that names them
     * @throws ControlException if there is none, and a listener with one of these roles needs it
     */
    static void checkFor(Optional<TlsKey> key, Stream<ListenerRole> roles, Setting<?> listeners)
            throws ControlException {
        if (key.isEmpty() && roles.anyMatch(role -> role.has(ListenerRole.RoleWord.TLS))) {
            throw new ControlException(
                    List.of(Settings.SERVERCERT_PEM + ": is missing, and a listener with tls needs it; write"
                            + " key and certificate into it, or have no tls in " + listeners));
        }
    }

    /** How the text of the file becomes a key. */
    @FunctionalInterface
    interface PemReader {
        /** @throws IOException if it cannot be used; the message says what is wrong */
        TlsKey read(String pem) throws IOException;
    }

    private static Optional<TlsKey> read(ControlFiles files, Installation installation, PemReader reading) {
        Path key = installation.control(Settings.SERVERCERT_PEM);
        return files.get(Settings.SERVERCERT_PEM).flatMap(pem -> {
            try {
                if (isOpenToEverybody(key)) {
                    files.problem(
                            Settings.SERVERCERT_PEM,
                            0,
                            "every user of this host may read or change its private key; run: chmod o= " + key);
                    return Optional.empty();
                }
                return Optional.of(reading.read(pem));
            } catch (IOException e) {
                files.problem(Settings.SERVERCERT_PEM, 0, String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        });
    }

    private static boolean isOpenToEverybody(Path key) throws IOException {
        Set<PosixFilePermission> permissions =
                Files.readAttributes(key, PosixFileAttributes.class).permissions();
        return permissions.contains(PosixFilePermission.OTHERS_READ)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE);
    }
}

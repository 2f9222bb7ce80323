package carteiro.listen;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
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
    /** The control file. */
    String FILE = "servercert.pem";

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
     * @param file the control file that names the listeners
     * @throws ControlException if there is none, and a listener with one of these roles needs it
     */
    static void checkFor(Optional<TlsKey> key, Stream<ListenerRole> roles, String file) throws ControlException {
        if (key.isEmpty() && roles.anyMatch(role -> role == ListenerRole.TLS)) {
            throw new ControlException(
                    List.of("control/" + FILE + ": is missing, and a listener with tls needs it; write"
                            + " key and certificate into it, or have no tls in control/" + file));
        }
    }

    /** How the text of the file becomes a key. */
    @FunctionalInterface
    interface PemReader {
        /** @throws IOException if it cannot be used; the message says what is wrong */
        TlsKey read(String pem) throws IOException;
    }

    private static Optional<TlsKey> read(ControlFiles files, Installation installation, PemReader reading) {
        Path key = installation.control(FILE);
        return files.text(FILE).flatMap(pem -> {
            try {
                if (isOpenToEverybody(key)) {
                    files.problem(
                            FILE,
                            0,
                            "every user of this host may read or change its private key; run: chmod o= " + key);
                    return Optional.empty();
                }
                return Optional.of(reading.read(pem));
            } catch (IOException e) {
                files.problem(FILE, 0, String.valueOf(e.getMessage()));
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

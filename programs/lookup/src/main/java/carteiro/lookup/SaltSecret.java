package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.password.ScramKeys;
import carteiro.password.ScramSalts;
import carteiro.posix.RegularFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Set;

/**
 * HOME/users/saltsecret: what the salts of names are made of that nobody has, so that each always has the same (RFC 5802 section 9). Made
 * when lookup first starts, and read before it gives up root: nobody else need see it.
 */
final class SaltSecret {
    private static final int LENGTH = 32;

    private final Path file;
    private final EventLog log;

    SaltSecret(Installation installation, EventLog log) {
        this.file = installation.users().resolve("saltsecret");
        this.log = log;
    }

    /** Where it can be neither read nor made, it is new at every start, and the log says so. */
    ScramSalts salts() {
        byte[] secret;
        try {
            secret = readOrMake();
        } catch (IOException e) {
            log.warning(
                    LookupProgram.NAME,
                    "users/saltsecret can be neither read nor written (" + LogText.reason(e)
                            + "): who knows SCRAM can tell after a restart which names nobody has");
            secret = fresh();
        }
        return new ScramSalts(secret, ScramKeys.ITERATIONS);
    }

    private byte[] readOrMake() throws IOException {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? read() : make();
    }

    /** Never waits: root reads it, and a pipe may stand in its place. */
    private byte[] read() throws IOException {
        try (RegularFile open =
                RegularFile.open(file).orElseThrow(() -> new IOException("it is no regular file; remove it"))) {
            byte[] octets = open.read(LENGTH);
            if (octets.length < LENGTH) {
                throw new IOException("it has fewer than " + LENGTH + " octets; remove it");
            }
            return octets;
        }
    }

    private byte[] make() throws IOException {
        byte[] secret = fresh();
        try (var channel = Files.newByteChannel(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            var octets = java.nio.ByteBuffer.wrap(Arrays.copyOf(secret, LENGTH));
            while (octets.hasRemaining()) {
                int _ = channel.write(octets);
            }
            return secret;
        } catch (FileAlreadyExistsException e) {
            return read();
        }
    }

    private static byte[] fresh() {
        byte[] secret = new byte[LENGTH];
        new SecureRandom().nextBytes(secret);
        return secret;
    }
}

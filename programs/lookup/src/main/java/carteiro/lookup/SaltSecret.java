package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.password.ScramKeys;
import carteiro.password.ScramSalts;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
        try {
            return read();
        } catch (NoSuchFileException e) {
            return make();
        }
    }

    private byte[] read() throws IOException {
        try (var in = Files.newInputStream(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            byte[] octets = in.readNBytes(LENGTH);
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

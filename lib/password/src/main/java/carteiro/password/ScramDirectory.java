package carteiro.password;

import java.io.IOException;
import java.util.Optional;

/** Where a server of SCRAM finds what is stored for a user. */
@FunctionalInterface
public interface ScramDirectory {
    /**
     * The keys of a user; empty if there is no such user, or none that can use SCRAM with that hash.
     *
     * @param user the name, prepared by RFC 4013
     * @throws IOException if that cannot be told now
     */
    Optional<ScramKeys> keys(String user, ScramHash hash) throws IOException;
}

package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * An account of the system, from whatever sources the system uses (getpwnam_r; struct passwd of Linux on 64 bits).
 *
 * @param name the login name
 * @param uid the user's id
 * @param gid the id of the primary group
 * @param home the home directory
 */
public record SystemAccount(String name, int uid, int gid, String home) {
    private static final AddressLayout TEXT = ValueLayout.ADDRESS;
    private static final long PASSWD = 48; // name 0, password 8, uid 16, gid 20, gecos 24, home 32, shell 40
    private static final int BUFFER = 64 * 1024;
    private static final int ENOENT = 2;
    private static final int ESRCH = 3;

    private static final class PasswdFunctions {
        static final CFunction BY_NAME = CFunction.named("getpwnam_r");
        static final CFunction BY_UID = CFunction.named("getpwuid_r");
        static final CFunction EFFECTIVE = CFunction.named("geteuid");
    }

    /**
     * The account of that name; empty if the system has none.
     *
     * @param name octets without NUL
     * @throws IOException if the system cannot tell now
     */
    public static Optional<SystemAccount> named(String name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long asked = CPath.address(arena, name.getBytes(StandardCharsets.ISO_8859_1));
            return account(arena, PasswdFunctions.BY_NAME, asked, "\"" + name + "\"");
        }
    }

    /** The account with that uid; see {@link #named}. */
    public static Optional<SystemAccount> withUid(int uid) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return account(arena, PasswdFunctions.BY_UID, uid, "uid " + UnixId.number(uid));
        }
    }

    /** The effective user id of this process. */
    public static int effectiveUid() {
        return PasswdFunctions.EFFECTIVE.call().result();
    }

    private static Optional<SystemAccount> account(Arena arena, CFunction function, long key, String asked)
            throws IOException {
        MemorySegment passwd = arena.allocate(PASSWD, 8);
        MemorySegment buffer = arena.allocate(BUFFER);
        MemorySegment result = arena.allocate(TEXT);
        int error = function.call(key, passwd.address(), buffer.address(), BUFFER, result.address())
                .result();
        if (error != 0 && error != ENOENT && error != ESRCH) {
            throw new IOException("the system cannot tell now whether there is an account " + asked + " (error " + error
                    + " of getpw); see its name service");
        }
        if (result.get(TEXT, 0).address() == 0) {
            return Optional.empty();
        }
        return Optional.of(new SystemAccount(
                text(passwd, 0),
                passwd.get(ValueLayout.JAVA_INT, 16),
                passwd.get(ValueLayout.JAVA_INT, 20),
                text(passwd, 32)));
    }

    @SuppressWarnings("restricted") // the C library's own string in its own buffer
    private static String text(MemorySegment passwd, long offset) {
        return passwd.get(TEXT, offset).reinterpret(BUFFER).getString(0, StandardCharsets.ISO_8859_1);
    }
}

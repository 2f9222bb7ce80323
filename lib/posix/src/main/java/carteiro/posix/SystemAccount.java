package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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
        static final MethodHandle BY_NAME = CLibrary.plain(
                "getpwnam_r",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, TEXT, TEXT, TEXT, ValueLayout.JAVA_LONG, TEXT));
        static final MethodHandle BY_UID = CLibrary.plain(
                "getpwuid_r",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, TEXT, TEXT, ValueLayout.JAVA_LONG, TEXT));
        static final MethodHandle EFFECTIVE = CLibrary.plain("geteuid", FunctionDescriptor.of(ValueLayout.JAVA_INT));
    }

    /**
     * The account of that name; empty if the system has none.
     *
     * @param name octets without NUL
     * @throws IOException if the system cannot tell now
     */
    public static Optional<SystemAccount> named(String name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            byte[] octets = name.getBytes(StandardCharsets.ISO_8859_1);
            MemorySegment asked = arena.allocate(octets.length + 1L);
            MemorySegment.copy(octets, 0, asked, ValueLayout.JAVA_BYTE, 0, octets.length);
            MemorySegment passwd = arena.allocate(PASSWD, 8);
            MemorySegment buffer = arena.allocate(BUFFER);
            MemorySegment result = arena.allocate(TEXT);
            int error = (int) PasswdFunctions.BY_NAME.invokeExact(asked, passwd, buffer, (long) BUFFER, result);
            return account(error, passwd, result, "\"" + name + "\"");
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The account with that uid; see {@link #named}. */
    public static Optional<SystemAccount> withUid(int uid) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment passwd = arena.allocate(PASSWD, 8);
            MemorySegment buffer = arena.allocate(BUFFER);
            MemorySegment result = arena.allocate(TEXT);
            int error = (int) PasswdFunctions.BY_UID.invokeExact(uid, passwd, buffer, (long) BUFFER, result);
            return account(error, passwd, result, "uid " + UnixId.number(uid));
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The effective user id of this process. */
    public static int effectiveUid() {
        try {
            return (int) PasswdFunctions.EFFECTIVE.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<SystemAccount> account(int error, MemorySegment passwd, MemorySegment result, String asked)
            throws IOException {
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

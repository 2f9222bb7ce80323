package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who this process is. */
public final class Identity {
    private Identity() {}

    /**
     * Gives up root for good: groups, gid and uid of the whole process become the account's (the C library does it for
     * every thread).
     *
     * @throws IOException if the system refuses; the process must then end, since it may be half of each
     */
    public static void become(SystemAccount account) throws IOException {
        if (account.uid() == 0) {
            throw new IOException("refusing to run as " + account.name() + ", whose uid is 0");
        }
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle initgroups = CLibrary.withErrno(
                    "initgroups",
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
            MemorySegment state = CLibrary.state(arena);
            MemorySegment name = arena.allocateFrom(account.name());
            check("initgroups", (int) initgroups.invokeExact(state, name, account.gid()), state);
            MethodHandle setgid = CLibrary.withErrno("setgid", CLibrary.intOfInt());
            check("setgid", (int) setgid.invokeExact(state, account.gid()), state);
            MethodHandle setuid = CLibrary.withErrno("setuid", CLibrary.intOfInt());
            check("setuid", (int) setuid.invokeExact(state, account.uid()), state);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (SystemAccount.effectiveUid() != account.uid()) {
            throw new IOException("still not " + account.name() + " after setuid");
        }
    }

    /**
     * The effective user id of this process, without the foreign function interface where /proc tells it: for programs
     * that would need nothing else of it.
     */
    public static int ownUid() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("Uid:")) { // real, effective, saved, file system
                    return Integer.parseUnsignedInt(line.split("\\s+")[2]);
                }
            }
        } catch (IOException | NumberFormatException e) {
            return SystemAccount.effectiveUid(); // no /proc here
        }
        return SystemAccount.effectiveUid();
    }

    private static void check(String call, int result, MemorySegment state) throws IOException {
        if (result != 0) {
            throw new IOException(call + " failed with error " + CLibrary.errno(state));
        }
    }
}

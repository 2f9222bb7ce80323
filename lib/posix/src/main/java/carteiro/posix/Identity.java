package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
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
            long name = CPath.address(arena, account.name().getBytes(StandardCharsets.ISO_8859_1));
            check("initgroups", CFunction.named("initgroups").call(name, account.gid()));
        }
        check("setgid", CFunction.named("setgid").call(account.gid()));
        check("setuid", CFunction.named("setuid").call(account.uid()));
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

    private static void check(String function, CFunction.CallResult answer) throws IOException {
        if (answer.result() != 0) {
            throw new IOException(function + " failed with error " + answer.errno());
        }
    }
}

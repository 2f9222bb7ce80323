package carteiro.posix;

import java.io.IOException;
import java.util.Locale;

/**
 * The identity of one thread of a process of root (Linux): its effective user, its effective group, no supplementary
 * groups. The kernel keeps them for each thread; only the C library makes all threads alike, so these are raw system
 * calls. The file-system ids follow the effective ones, and the kernel takes every capability from the thread, so that
 * disk quotas and reserved blocks count for it as for the user; setfsuid would leave CAP_SYS_RESOURCE.
 *
 * <p>The real and saved ids stay root's: the user cannot signal or trace the process meanwhile.
 *
 * <p>For platform threads kept for file work alone. A thread that is started by one with another identity inherits it:
 * do nothing under an identity that could start one, such as waking a virtual thread or running a program.
 */
public final class ThreadIdentity {
    private static final int UNCHANGED = -1;

    private ThreadIdentity() {}

    /** Numbers of system calls. */
    private record SystemCallNumbers(long setGroups, long setGid, long setUid, long uid, long gid) {
        static SystemCallNumbers ofThisMachine() throws IOException {
            String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
            boolean linux = System.getProperty("os.name", "").equals("Linux");
            if (linux && machine.equals("amd64")) {
                return new SystemCallNumbers(116, 119, 117, 107, 108);
            }
            if (linux && (machine.equals("aarch64") || machine.equals("riscv64"))) {
                return new SystemCallNumbers(159, 149, 147, 175, 177);
            }
            throw new IOException("threads cannot change their user on " + System.getProperty("os.name") + " " + machine
                    + "; start local as the accounts' own user instead of root");
        }
    }

    private static final class IdentityFunctions {
        static final CFunction SYSCALL = CFunction.named("syscall");
    }

    /**
     * Makes the calling thread the user's, until {@link #restore}.
     *
     * @throws IOException if the system refuses, or for uid 0; call {@link #restore} even then
     */
    public static void assume(int uid, int gid) throws IOException {
        if (uid == 0 || uid == UNCHANGED || gid == UNCHANGED) {
            throw new IOException("no thread may work with uid " + Integer.toUnsignedString(uid) + " and gid "
                    + Integer.toUnsignedString(gid));
        }
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread has no identity of its own");
        }
        SystemCallNumbers numbers = SystemCallNumbers.ofThisMachine();
        call("setgroups", numbers.setGroups(), 0, 0, 0);
        call("setresgid", numbers.setGid(), UNCHANGED, gid, UNCHANGED);
        call("setresuid", numbers.setUid(), UNCHANGED, uid, UNCHANGED);
        if ((int) call("geteuid", numbers.uid(), 0, 0, 0) != uid
                || (int) call("getegid", numbers.gid(), 0, 0, 0) != gid) {
            throw new IOException("the thread is not of user " + Integer.toUnsignedString(uid) + " and group "
                    + Integer.toUnsignedString(gid) + " after the change");
        }
    }

    /**
     * Makes the calling thread root's again. Its supplementary groups stay empty.
     *
     * @throws IOException if the system refuses; the thread must then end
     */
    public static void restore() throws IOException {
        SystemCallNumbers numbers = SystemCallNumbers.ofThisMachine();
        call("setresuid", numbers.setUid(), UNCHANGED, 0, UNCHANGED); // first: the rest needs root's capabilities
        call("setresgid", numbers.setGid(), UNCHANGED, 0, UNCHANGED);
    }

    private static long call(String name, long number, long first, long second, long third) throws IOException {
        CFunction.CallResult answer = IdentityFunctions.SYSCALL.call(number, first, second, third);
        if (answer.value() < 0) {
            throw new IOException(name + " for one thread failed with error " + answer.errno());
        }
        return answer.value();
    }
}

package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.NeedsOrdinaryUser;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java's own file calls on a thread may do after its identity changed. */
class ThreadIdentityTest {
    @TempDir
    Path folder;

    @BeforeEach
    void openFolder() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static <T> T asUser(int uid, int gid, Callable<T> work) throws Exception {
        Assumptions.assumeTrue(Identity.ownUid() == 0, "needs root: only root can change a thread's identity");
        var task = new FutureTask<>(() -> {
            ThreadIdentity.assume(uid, gid);
            try {
                return work.call();
            } finally {
                ThreadIdentity.restore();
            }
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static List<String> statusOfThisThread() throws Exception {
        return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.matches("(Uid|Gid|Groups|CapEff):.*"))
                .map(line -> line.replaceAll("\\s+", " ").trim())
                .toList();
    }

    @Test
    void theThreadHasTheUsersIdsNoGroupsAndNoCapability() throws Exception {
        assertThat(asUser(41001, 41002, ThreadIdentityTest::statusOfThisThread))
                .containsExactly("Uid: 0 41001 0 41001", "Gid: 0 41002 0 41002", "Groups:", "CapEff: 0000000000000000");
    }

    @Test
    void afterwardsTheThreadIsRootsAndOthersNeverChanged() throws Exception {
        List<String> before = statusOfThisThread();
        List<String> after = asUser(41001, 41001, () -> {
            Path other = folder.resolve("by-another-thread");
            Thread elder = elder(other);
            elder.join();
            assertThat(Files.getAttribute(other, "unix:uid")).isEqualTo(0);
            ThreadIdentity.restore();
            return statusOfThisThread();
        });
        assertThat(after.getFirst()).isEqualTo("Uid: 0 0 0 0");
        assertThat(after.getLast()).isEqualTo(before.getLast());
        assertThat(statusOfThisThread()).isEqualTo(before);
    }

    /** Has the thread that came before write a file; a thread started here would inherit this one's identity. */
    private static Thread elder(Path file) {
        ELDER.offer(file);
        return ELDER.thread;
    }

    private static final Elder ELDER = new Elder();

    private static final class Elder {
        private final java.util.concurrent.BlockingQueue<Path> files = new java.util.concurrent.LinkedBlockingQueue<>();
        private final Thread thread = Thread.ofPlatform().daemon(true).start(() -> {
            try {
                Files.writeString(files.take(), "x");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });

        void offer(Path file) {
            files.add(file);
        }
    }

    @Test
    void filesBelongToTheUserAndThoseOfOthersAreClosed() throws Exception {
        Path secret = folder.resolve("secret");
        Files.writeString(secret, "x");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        Path closed = folder.resolve("closed");
        Files.createDirectory(closed);
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        Path mine = folder.resolve("mine");
        asUser(41001, 41002, () -> {
            assertThatThrownBy(() -> Files.readString(secret)).isInstanceOf(AccessDeniedException.class);
            assertThatThrownBy(() -> Files.createFile(closed.resolve("x"))).isInstanceOf(AccessDeniedException.class);
            assertThatThrownBy(() -> Files.setAttribute(secret, "unix:mode", 0666))
                    .isInstanceOf(Exception.class);
            return Files.writeString(mine, "x");
        });
        assertThat(Files.getAttribute(mine, "unix:uid")).isEqualTo(41001);
        assertThat(Files.getAttribute(mine, "unix:gid")).isEqualTo(41002);
    }

    @Test
    void rootIsNoIdentityToTakeOn() {
        assertThatThrownBy(() -> ThreadIdentity.assume(0, 41001)).hasMessageContaining("uid 0");
        assertThatThrownBy(() -> ThreadIdentity.assume(-1, 41001)).hasMessageContaining("4294967295");
    }

    @Test
    void aVirtualThreadHasNoIdentity() throws Exception {
        var task = new FutureTask<>(() -> {
            ThreadIdentity.assume(41001, 41001);
            return null;
        });
        Thread.ofVirtual().start(task).join();
        assertThatThrownBy(task::get).hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    @NeedsOrdinaryUser("root may become anybody")
    void anOrdinaryUserCannotTakeOnAnother() {
        assertThatThrownBy(() -> ThreadIdentity.assume(41001, 41001)).hasMessageContaining("failed with error 1");
    }
}

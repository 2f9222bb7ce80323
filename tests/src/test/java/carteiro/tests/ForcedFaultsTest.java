package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Disks that fill up, turn read-only or fail, and limits that are reached, under load: clients are put off with a 4xx, the
 * log says what is wrong, all goes on by itself or after a restart of queue alone, and nothing that was answered is lost.
 */
class ForcedFaultsTest {
    private static final int CLIENTS = 6;

    /** A file system of its own for a folder, HOME/queue or another, which is undone at the end. */
    private static final class Disk implements AutoCloseable {
        private final CarteiroProcess carteiro;
        private final Path image;
        private final Path folder;

        /** For HOME/queue. */
        Disk(CarteiroProcess carteiro, Path image, String size) throws Exception {
            this(carteiro, image, size, carteiro.home().resolve("queue"));
        }

        Disk(CarteiroProcess carteiro, Path image, String size, Path folder) throws Exception {
            this.carteiro = carteiro;
            this.image = image;
            this.folder = folder;
            Files.createDirectories(folder);
            var uid = Files.getAttribute(folder, "unix:uid");
            var gid = Files.getAttribute(folder, "unix:gid");
            run("truncate", "-s", size, image.toString());
            run("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
            mount();
            Files.setAttribute(folder, "unix:uid", uid);
            Files.setAttribute(folder, "unix:gid", gid);
        }

        static boolean possible() throws Exception {
            return CarteiroProcess.asRoot()
                    && CarteiroProcess.run(
                                            List.of("sh", "-c", "command -v mkfs.ext4 && test -e /dev/loop-control"),
                                            Map.of(),
                                            "")
                                    .exit()
                            == 0;
        }

        void mount() throws Exception {
            run("mount", "-o", "loop", image.toString(), folder.toString());
        }

        /** Whoever had it open has to have closed it. */
        void mountAnew() throws Exception {
            run("umount", folder.toString());
            run("e2fsck", "-fp", image.toString());
            mount();
        }

        Path folder() {
            return folder;
        }

        /** e2fsck's 1 is: mended. */
        static void run(String... command) throws Exception {
            var result = CarteiroProcess.run(List.of(command), Map.of(), "");
            assertThat(result.exit())
                    .as(String.join(" ", command) + ": " + result.output())
                    .isIn(0, 1);
        }

        @Override
        public void close() throws Exception {
            if (carteiro.process() != null && carteiro.process().isAlive()) {
                carteiro.killAll();
            }
            var result = CarteiroProcess.run(List.of("umount", folder.toString()), Map.of(), "");
            assertThat(result.exit()).as(result.output()).isZero();
        }
    }

    private static CarteiroProcess prepare(Form form, List<String> within) throws Exception {
        var carteiro =
                CarteiroProcess.prepare(form, within, CarteiroProcess.asRoot() ? List.of("--create-users") : List.of());
        carteiro.accounts("bob");
        carteiro.control("queuediskfloor", "1048576");
        carteiro.control("concurrencylocal", "20");
        return carteiro;
    }

    /** Starts it, and mail that flows. */
    private static Load load(CarteiroProcess carteiro) throws Exception {
        carteiro.start();
        InetSocketAddress smtp = carteiro.smtp();
        var load = Load.toBob(() -> smtp, 300);
        load.start(CLIENTS);
        carteiro.await("some mail", () -> load.answered() > 100);
        return load;
    }

    private static void awaitMore(CarteiroProcess carteiro, Load load) {
        int before = load.answered();
        carteiro.await("mail again", () -> load.answered() > before + 50);
    }

    private static void assertOnlyPutOff(Load load) {
        System.out.println("clients met: " + load.refusals());
        assertThat(load.refusals().keySet()).noneMatch(reply -> reply.contains("answer 5") || reply.contains("got 5"));
    }

    private static void finish(CarteiroProcess carteiro, Load load) throws Exception {
        load.stop();
        carteiro.control(Verb.ALARM, "send");
        System.out.println(load.awaitArrival(carteiro));
        assertThat(carteiro.log()).noneMatch(line -> line.contains("bug"));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a file system that fills up under load and is emptied again: 4xx, then all goes on by itself")
    void fullFileSystem(Form form) throws Exception {
        assumeTrue(Disk.possible(), "SKIPPED: only root with loop devices can mount a small file system");
        try (var carteiro = prepare(form, List.of());
                var disk = new Disk(carteiro, carteiro.folder().resolve("disk"), "60m")) {
            Load load = load(carteiro);
            Path ballast = disk.folder().resolve("ballast");
            CarteiroProcess.run(List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=64k"), Map.of(), "");
            carteiro.await(
                    "a full disk",
                    () -> load.refusals().keySet().stream()
                            .anyMatch(reply -> reply.contains(" 452 4.3.1") || reply.contains(" 451 4.3.0")));
            carteiro.awaitLog("alert: queue: (disk low|segments/\\d+: cannot write).*");
            Files.delete(ballast);
            awaitMore(carteiro, load);
            finish(carteiro, load);
            assertOnlyPutOff(load);
            carteiro.stop();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a mailbox on a file system that fills up: deferred, nothing of it in the mailbox, then delivered")
    void fullMailbox(Form form) throws Exception {
        assumeTrue(Disk.possible(), "SKIPPED: only root with loop devices can mount a small file system");
        try (var carteiro = prepare(form, List.of());
                var disk = new Disk(carteiro, carteiro.folder().resolve("disk"), "60m", carteiro.accountHome("bob"))) {
            carteiro.accounts("bob"); // there, too
            Load load = load(carteiro);
            Path ballast = disk.folder().resolve("ballast");
            CarteiroProcess.run(List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=64k"), Map.of(), "");
            carteiro.awaitLog("warning: local: account bob .* waits: No space left on device");
            carteiro.awaitLog("delivery \\d+: deferral: .*");
            awaitMore(carteiro, load);
            Files.delete(ballast);
            finish(carteiro, load);
            assertThat(load.refusals()).isEmpty();
            assertThat(carteiro.log()).noneMatch(line -> line.contains("failure:"));
            assertThat(disk.folder().resolve("Maildir/tmp")).isEmptyDirectory();
            carteiro.stop();
        }
    }

    @Test
    @DisplayName("a disk that stands still for seconds: clients wait, the log says why, then all goes on by itself")
    void slowDisk() throws Exception {
        assumeTrue(Disk.possible(), "SKIPPED: only root with loop devices can mount a small file system");
        try (var carteiro = prepare(Form.ONE_PROCESS, List.of());
                var disk = new Disk(carteiro, carteiro.folder().resolve("disk"), "60m")) {
            Load load = load(carteiro);
            Disk.run("fsfreeze", "--freeze", disk.folder().toString());
            try {
                carteiro.awaitLog("alert: queue: the disk has not answered for \\d+ s; .*");
            } finally {
                Disk.run("fsfreeze", "--unfreeze", disk.folder().toString());
            }
            carteiro.awaitLog("queue: the disk has answered, after \\d+ s");
            awaitMore(carteiro, load);
            finish(carteiro, load);
            assertThat(load.refusals()).isEmpty();
            carteiro.stop();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a file system that the kernel turns read-only: 4xx; mounted anew, a restart of queue is enough")
    void readOnlyFileSystem(Form form) throws Exception {
        assumeTrue(Disk.possible(), "SKIPPED: only root with loop devices can mount a small file system");
        try (var carteiro = prepare(form, List.of());
                var disk = new Disk(carteiro, carteiro.folder().resolve("disk"), "60m")) {
            Load load = load(carteiro);
            // ext4 may say that a sync has succeeded which it drops, if that is under way when it aborts its journal
            load.between(
                    () -> Disk.run("mount", "-o", "remount,abort", disk.folder().toString()));
            awaitCannotWrite(carteiro, load);
            restartQueue(carteiro, disk, load);
            finish(carteiro, load);
            assertOnlyPutOff(load);
            carteiro.stop();
        }
    }

    @Test
    @DisplayName("a device that fails to write: 4xx; when it is mended, a restart of queue is enough")
    void failingDevice() throws Exception {
        assumeTrue(Disk.possible(), "SKIPPED: only root with loop devices can mount a small file system");
        try (var carteiro = prepare(Form.SPLIT, List.of())) {
            Path backing = Files.createDirectory(carteiro.folder().resolve("backing"));
            Disk.run("mount", "-t", "tmpfs", "-o", "size=20m", "carteiro-test", backing.toString());
            try (var disk = new Disk(carteiro, backing.resolve("disk"), "400m")) { // more than there is behind it
                Load load = load(carteiro);
                Path ballast = backing.resolve("ballast");
                CarteiroProcess.run(List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=64k"), Map.of(), "");
                awaitCannotWrite(carteiro, load);
                Files.delete(ballast);
                restartQueue(carteiro, disk, load);
                finish(carteiro, load);
                assertOnlyPutOff(load);
                carteiro.stop();
            } finally {
                Disk.run("umount", backing.toString());
            }
        }
    }

    private static void awaitCannotWrite(CarteiroProcess carteiro, Load load) {
        carteiro.await(
                "a disk that cannot be written",
                () -> load.refusals().keySet().stream()
                        .anyMatch(reply -> reply.contains(" 451 4.3.0") || reply.contains(" 452 4.3.1")));
        carteiro.awaitLog("alert: queue: segments/\\d+: cannot write .*");
    }

    private static void restartQueue(CarteiroProcess carteiro, Disk disk, Load load) throws Exception {
        carteiro.control(Verb.STOP, "queue");
        disk.mountAnew();
        carteiro.control(Verb.START, "queue");
        awaitMore(carteiro, load);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "no descriptors left: clients wait or are put off, nothing ends, and all goes on when there are some again")
    void descriptors(Form form) throws Exception {
        try (var carteiro = prepare(form, List.of("bash", "-c", "ulimit -n 220; exec \"$0\" \"$@\""))) {
            Load load = load(carteiro);
            InetSocketAddress smtp = carteiro.smtp();
            var idle = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 400; i++) {
                    var socket = new Socket();
                    socket.connect(smtp, 10_000);
                    idle.add(socket);
                }
                carteiro.awaitLog(".*([Tt]oo many open files|descriptors).*");
            } finally {
                for (Socket socket : idle) {
                    socket.close();
                }
            }
            awaitMore(carteiro, load);
            finish(carteiro, load);
            assertOnlyPutOff(load);
            assertThat(carteiro.stop()).isZero();
        }
    }

    @Test
    @DisplayName("an account with no process left: its deliveries to programs wait, all others go on")
    void processes() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root has processes of another account");
        int limit = 3;
        try (var carteiro =
                prepare(Form.ONE_PROCESS, List.of("bash", "-c", "ulimit -u " + limit + "; exec \"$0\" \"$@\""))) {
            carteiro.accounts("bob", "piper");
            carteiro.dotQmail("piper", ".qmail", "|cat >> piped\n");
            var others = new ArrayList<Process>();
            try {
                String owner = Integer.toString(CarteiroProcess.ROOT_OWNER);
                for (int i = 0; i < limit; i++) {
                    others.add(new ProcessBuilder(
                                    "setpriv", "--reuid", owner, "--regid", owner, "--clear-groups", "sleep", "300")
                            .start());
                }
                carteiro.start();
                try (var client = new SmtpClient(carteiro.smtp())) {
                    for (String name : List.of("piper", "bob")) {
                        assertThat(client.send(
                                        "ann@example.net", List.of(name + "@example.org"), "Subject: hello\n\nbody\n"))
                                .startsWith("250 ");
                    }
                }
                carteiro.awaitMailbox("bob", 1);
                carteiro.awaitLog("delivery \\d+: deferral: .*");
            } finally {
                for (Process other : others) {
                    other.destroyForcibly().waitFor();
                }
            }
            carteiro.control(Verb.ALARM, "send");
            Path piped = carteiro.accountHome("piper").resolve("piped");
            carteiro.await("the program's turn", () -> Files.exists(piped));
            carteiro.awaitEnds(2);
            assertThat(carteiro.log()).noneMatch(line -> line.contains("failure:"));
            carteiro.stop();
        }
    }
}

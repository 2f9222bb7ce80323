package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.tests.CarteiroProcess.Form;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Root's installation on a system without the accounts that {@code init --create-users} makes. */
class WithoutSystemUsersTest {
    @TempDir
    Path folder;

    /** Runs its arguments where /etc/passwd has none of these accounts. */
    private List<String> withoutThem() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can take accounts away from a process");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path accounts = folder.resolve("passwd");
        Files.write(
                accounts,
                Files.readAllLines(Path.of("/etc/passwd")).stream()
                        .filter(line -> !line.matches("(alias|qmail[a-z]):.*"))
                        .toList());
        List<String> within = List.of(
                "unshare", "--mount", "sh", "-c", "mount --bind " + accounts + " /etc/passwd && exec \"$@\"", "sh");
        var missing = CarteiroProcess.run(
                Stream.concat(within.stream(), Stream.of("id", "alias")).toList(), Map.of(), "");
        assumeTrue(
                missing.output().contains("no such user"),
                "SKIPPED: this root may not give a process a view of its own of the files: " + missing.output());
        return within;
    }

    @Test
    @DisplayName(
            "in one process an unknown recipient is refused, one that a file of alias names waits, and check says why")
    void oneProcess() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS, withoutThem(), List.of())) {
            carteiro.accounts("bob");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("MAIL FROM:<ann@example.net>");
                assertThat(client.say("RCPT TO:<nobody@example.org>")).startsWith("550 5.1.1 ");
                assertThat(client.say("RCPT TO:<postmaster@example.org>")).startsWith("451 4.3.5 ");
                assertThat(client.say("RCPT TO:<bob@example.org>")).startsWith("250 ");
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), "Subject: x\n\nx\n"))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            var check = carteiro.attempt("", "carteiro.tools.Check");
            assertThat(check.exit()).as(check.output()).isEqualTo(100);
            assertThat(check.output())
                    .contains("alias: the system has no user alias", "init --create-users", ": 1 mistake");
        }
    }

    /** A container runs as a number, often: the programs, and who asks them, are known by that. */
    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "under a user id that the system has no name for, mail is taken and delivered, and qread shows the queue")
    void aUserIdWithoutAName(Form form) throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can become another user");
        int uid = 54_321;
        String id = Integer.toString(uid);
        List<String> within = List.of( // that one capability is for the jars, which may lie in root's home
                "setpriv",
                "--reuid",
                id,
                "--regid",
                id,
                "--clear-groups",
                "--inh-caps",
                "-all,+dac_read_search",
                "--ambient-caps",
                "-all,+dac_read_search",
                "--bounding-set",
                "-all,+dac_read_search");
        try (var carteiro = CarteiroProcess.prepare(form, List.of(), List.of())) {
            carteiro.accounts("bob");
            Path assign = carteiro.home().resolve("users/assign");
            Files.writeString(assign, Files.readString(assign).replaceAll(":\\d+:\\d+:", ":" + id + ":" + id + ":"));
            carteiro.command("carteiro.lookup.QmailNewu");
            CarteiroProcess.run(
                    List.of("chown", "-R", id + ":" + id, carteiro.folder().toString()), Map.of(), "");
            carteiro.runAllBy(within);
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), "Subject: x\n\nx\n"))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat((Integer) Files.getAttribute(carteiro.home().resolve("queue"), "unix:uid"))
                    .isEqualTo(uid);
            carteiro.dotQmail("bob", ".qmail", "|exit 111\n");
            CarteiroProcess.run(
                    List.of("chown", "-R", id, carteiro.accountHome("bob").toString()), Map.of(), "");
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), "Subject: y\n\ny\n"))
                        .startsWith("250 ");
            }
            carteiro.awaitLog("delivery 2: deferral: .*");
            CarteiroProcess.Result qread = carteiro.attempt("", "carteiro.tools.QmailQread");
            assertThat(qread.exit()).as(qread.output()).isZero();
            assertThat(qread.output()).contains("<ann@example.net>", "bob@example.org");
            assertThat(carteiro.log()).noneMatch(line -> line.startsWith("alert:"));
        }
    }

    /** As some platforms for containers run everything: a number, in group 0. */
    @Test
    @DisplayName("root looks into a queue as the queue's owner, in no case in root's group")
    void ownerInRootsGroup() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can become another user");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), "Subject: x\n\nx\n"))
                        .startsWith("250 ");
            }
            carteiro.awaitLog("end msg .*");
            assertThat(carteiro.stop()).isZero();
            Path queue = carteiro.home().resolve("queue");
            CarteiroProcess.run(List.of("chown", "-R", "54321:0", queue.toString()), Map.of(), "");
            var check = List.of("check", "--home", carteiro.home().toString()).toArray(String[]::new);
            var own = carteiro.attempt("", "carteiro.queuetool.QueueCommand", check);
            assertThat(own.exit()).as(own.output()).isZero();
            Path roots;
            try (var files = Files.list(queue.resolve("segments"))) {
                roots = files.filter(file -> !file.getFileName().toString().startsWith("spare"))
                        .findFirst()
                        .orElseThrow();
            }
            CarteiroProcess.run(List.of("chown", "0:0", roots.toString()), Map.of(), "");
            CarteiroProcess.run(List.of("chmod", "640", roots.toString()), Map.of(), "");
            var others = carteiro.attempt("", "carteiro.queuetool.QueueCommand", check);
            assertThat(others.exit()).as(others.output()).isNotZero();
            assertThat(others.output()).contains(roots.getFileName() + " belongs to another user");
        }
    }

    @Test
    @DisplayName("in many processes nothing starts, and the log says how to make the accounts")
    void split() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT, withoutThem(), List.of())) {
            assertThat(carteiro.command(
                                    "carteiro.start.Start",
                                    "init",
                                    "--home",
                                    carteiro.home().toString(),
                                    "--me",
                                    "mail.example.org")
                            .output())
                    .contains("The system lacks accounts", "qmaild, qmailq,", "--create-users");
            carteiro.launch();
            assertThat(carteiro.process().waitFor(CarteiroProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(carteiro.process().exitValue()).isEqualTo(111);
            carteiro.await(
                    "why",
                    () -> carteiro.log().stream()
                            .anyMatch(line ->
                                    line.matches("alert: cannot start: the system has no account \"qmail.\"; make it"
                                            + " as root by: carteiro init --create-users --home " + carteiro.home()
                                            + " --me HOST.*")));
        }
    }
}

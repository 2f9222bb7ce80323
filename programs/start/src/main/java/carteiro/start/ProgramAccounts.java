package carteiro.start;

import carteiro.log.LogText;
import carteiro.posix.ChildCommand;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The accounts that the programs run as (qmail's), and how they are made. */
final class ProgramAccounts {
    /** One account. */
    record ProgramAccount(String name, String group, String what) {}

    static final List<ProgramAccount> ACCOUNTS = List.of(
            new ProgramAccount("qmaild", "nofiles", "smtpd and others that hear strangers"),
            new ProgramAccount("qmailq", "qmail", "queue and clean: owner of the messages"),
            new ProgramAccount("qmails", "qmail", "send"),
            new ProgramAccount("qmailr", "qmail", "remote"),
            new ProgramAccount("qmailp", "nofiles", "lookup"),
            new ProgramAccount("qmailpop", "nofiles", "pop3d"),
            new ProgramAccount("qmailo", "nofiles", "tokens: whose an OAuth token is"),
            new ProgramAccount("qmaill", "nofiles", "loggers"),
            new ProgramAccount("alias", "nofiles", "mail to addresses that no other account owns"));

    /** How long one call of groupadd or useradd may take. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** What is shown of its output, in octets. */
    private static final int MOST = 4096;

    private ProgramAccounts() {}

    /** Those that the system lacks. */
    static List<String> missing() throws IOException {
        var missing = new ArrayList<String>();
        for (ProgramAccount account : ACCOUNTS) {
            if (SystemAccount.named(account.name()).isEmpty()) {
                missing.add(account.name());
            }
        }
        return missing;
    }

    /**
     * Makes those that are missing, with groupadd and useradd.
     *
     * @throws IOException if we are not root or the system refuses
     */
    static void create(Path home, PrintStream out) throws IOException {
        if (SystemAccount.effectiveUid() != 0) {
            throw new IOException("--create-users needs root: accounts of the system are made");
        }
        for (String group : List.of("qmail", "nofiles")) {
            boolean made = make(() -> isGroup(home, group), List.of("groupadd", "--system", group));
            out.println("group " + group + (made ? " made" : " exists"));
        }
        for (ProgramAccount account : ACCOUNTS) {
            Path folder = account.name().equals("alias") ? home.resolve("alias") : home;
            boolean made = make(
                    () -> SystemAccount.named(account.name()).isPresent(),
                    List.of(
                            "useradd",
                            "--system",
                            "--gid",
                            account.group(),
                            "--no-create-home",
                            "--home-dir",
                            folder.toString(),
                            "--shell",
                            "/usr/sbin/nologin",
                            account.name()));
            out.println("user " + account.name() + (made ? " made (" : " exists (") + account.what() + ")");
        }
    }

    private static boolean isGroup(Path home, String group) throws IOException {
        try {
            home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
            return true;
        } catch (java.nio.file.attribute.UserPrincipalNotFoundException e) {
            return false;
        }
    }

    /** Whether something is there. */
    interface AccountPresence {
        /** @throws IOException if the system does not tell */
        boolean isThere() throws IOException;
    }

    /** Makes what is missing; whether it was. Somebody else may make it at the same time. */
    static boolean make(AccountPresence presence, List<String> command) throws IOException {
        if (presence.isThere()) {
            return false;
        }
        try {
            call(command);
            return true;
        } catch (IOException e) {
            if (presence.isThere()) {
                return false;
            }
            throw e;
        }
    }

    private static void call(List<String> command) throws IOException {
        call(command, LIMIT);
    }

    static void call(List<String> command, Duration limit) throws IOException {
        Process process;
        try {
            process = ChildCommand.withFewVariables(command)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new IOException(
                    command.getFirst() + " is missing; make the accounts by hand (docs/programs/init.md)", e);
        }
        var said = new FutureTask<>(() -> begin(process.getInputStream()));
        Thread.ofPlatform().daemon(true).start(said);
        try {
            if (!process.waitFor(limit)) {
                throw failed(command, "it did not end within " + limit.toSeconds() + " seconds");
            }
            if (process.exitValue() != 0) {
                throw failed(command, said.get(limit.toMillis(), TimeUnit.MILLISECONDS));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw failed(command, "what it said cannot be read");
        } finally {
            ChildCommand.kill(process); // one that has ended is left alone
        }
    }

    /** What is said first; the rest is read and dropped, so that whoever says it is not held up. */
    private static String begin(InputStream output) throws IOException {
        try (output) {
            byte[] begin = output.readNBytes(MOST);
            output.transferTo(OutputStream.nullOutputStream());
            return new String(begin, StandardCharsets.UTF_8);
        }
    }

    private static IOException failed(List<String> command, String why) {
        return new IOException(String.join(" ", command) + " failed: " + LogText.sentence(why.strip())
                + "; the accounts can be made by hand, too (docs/programs/init.md)");
    }
}

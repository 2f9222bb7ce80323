package carteiro.start;

import carteiro.log.LogText;
import carteiro.posix.ChildCommand;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

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
            new ProgramAccount("qmaill", "nofiles", "loggers"),
            new ProgramAccount("alias", "nofiles", "mail to addresses that no other account owns"));

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
            try {
                home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
                out.println("group " + group + " exists");
            } catch (java.nio.file.attribute.UserPrincipalNotFoundException e) {
                call(List.of("groupadd", "--system", group));
                out.println("group " + group + " made");
            }
        }
        for (ProgramAccount account : ACCOUNTS) {
            if (SystemAccount.named(account.name()).isPresent()) {
                out.println("user " + account.name() + " exists (" + account.what() + ")");
                continue;
            }
            Path folder = account.name().equals("alias") ? home.resolve("alias") : home;
            call(List.of(
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
            out.println("user " + account.name() + " made (" + account.what() + ")");
        }
    }

    private static void call(List<String> command) throws IOException {
        Process process;
        try {
            process = ChildCommand.withFewVariables(command)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new IOException(
                    command.getFirst() + " is missing; make the accounts by hand (docs/programs/init.md)", e);
        }
        String said = new String(process.getInputStream().readNBytes(4096), java.nio.charset.StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " failed: " + LogText.sentence(said.strip())
                        + "; the accounts can be made by hand, too (docs/programs/init.md)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}

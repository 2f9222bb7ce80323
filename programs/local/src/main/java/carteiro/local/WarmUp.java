package carteiro.local;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.Octets;
import carteiro.maildir.MessageOctets;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.FileThreads;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer.Account;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Delivers into a folder of its own before the first user is served, so that the classes for work on files are loaded
 * while they can be read: a thread with a user's identity may have no permission for the folder the product lies in. It
 * runs no program and sends nothing.
 */
final class WarmUp {
    private static final int ROOT = 0;
    private static final Map<String, String> DOT_QMAIL = Map.of(
            ".qmail-list", "# all\n+other\n&a@example.org\n+list\n./Maildir/\n",
            ".qmail-list-owner", "./Maildir/\n",
            ".qmail-list-owner-default", "./Maildir/\n",
            ".qmail-mailboxes", "./Maildir/\n./Mailbox\n",
            ".qmail-missing", "./missing/\n",
            ".qmail-folder", "./Maildir\n",
            ".qmail-program", "|true\n", // refused, because root runs none
            ".qmail-wrong", "\n",
            ".qmail-empty", "");

    private WarmUp() {}

    static void run(AccountDelivery.LocalDeliveryContext tools, AccountPrivilege privilege, Path folder)
            throws IOException {
        switch (privilege) {
            case AccountPrivilege.OneUser _ -> {} // its threads never change
            case AccountPrivilege.EveryUser _ -> {
                try (var nowhere =
                        new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
                    warm(tools, nowhere, folder.resolve("warm-up"));
                }
            }
        }
    }

    private static void warm(AccountDelivery.LocalDeliveryContext tools, EventLog nowhere, Path home)
            throws IOException {
        for (String name : List.of("tmp", "new", "cur")) {
            Files.createDirectories(home.resolve("Maildir").resolve(name));
        }
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        for (Map.Entry<String, String> file : DOT_QMAIL.entrySet()) {
            Files.writeString(home.resolve(file.getKey()), file.getValue());
        }
        var asRoot = new AccountDelivery.LocalDeliveryContext(
                new FileThreads("local", new AccountPrivilege.OneUser(ROOT), Duration.ofMinutes(1), nowhere),
                tools.maildir(),
                tools.mbox(),
                tools.programs(),
                tools.forwarding(),
                nowhere,
                tools.clock());
        for (String extension :
                List.of("list", "mailboxes", "missing", "folder", "program", "wrong", "empty", "x/y", "none")) {
            deliver(
                    asRoot,
                    new Account(
                            new AccountIdentity("x", ROOT, ROOT),
                            new AccountHome(home.toString(), "-", extension),
                            new DeliveryInstructions.DotQmailInstructions()));
        }
        var instructions = new DeliveryInstructions.DirectoryInstructions(
                "./Maildir/", Mailbox.KEEP, List.of(), List.of(), DotFiles.APPENDED);
        deliver(
                asRoot,
                new Account(
                        new AccountIdentity("x", ROOT, ROOT), new AccountHome(home.toString(), "", ""), instructions));
        deliver(
                asRoot,
                new Account(
                        new AccountIdentity("x", ROOT, ROOT),
                        new AccountHome(home + "/missing", "", ""),
                        new DeliveryInstructions.DotQmailInstructions()));
        try (var files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void deliver(AccountDelivery.LocalDeliveryContext tools, Account account) throws IOException {
        var octets = new MessageOctets.InMemory(Octets.bytes("Subject: warm-up\n\nFrom\n"));
        var message = new AccountDelivery.DeliverableMessage() {
            @Override
            public MessageOctets octets() {
                return octets;
            }

            @Override
            public Redirect input(int uid, int gid) {
                return Redirect.PIPE; // nobody comes to read it
            }
        };
        new AccountDelivery(
                        tools,
                        account,
                        new Addressing(new Address("a@example.org"), "x", "example.org"),
                        Attributes.NONE,
                        message,
                        List.of(new Instruction.MaildirLine("./none/")),
                        () -> {})
                .deliver();
    }
}

package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.lookup.DotQmailProbe.DotQmailPresence;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.LookupQuestion;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What nobody else owns belongs to the alias account: its home is HOME/alias, its extension the whole local part. It can be
 * named too, as any account: {@code alias-EXT} has the extension EXT, which is how virtualdomains lead here.
 *
 * <p>Started by root, the account is the system's user {@code alias}. Started by an ordinary user, who can deliver only
 * as himself, it is that user. Where there is no user {@code alias}, only the addresses that a file names wait for one.
 */
final class AliasSource implements AddressSource {
    /** The account's name. */
    static final String ALIAS = "alias";

    private final Path folder;
    private final String home;
    private final AliasOwner owner;

    /** Says whose HOME/alias is; asked for each address, so that a user made later is seen. */
    @FunctionalInterface
    interface AliasOwner {
        /** Empty if there is nobody. */
        Optional<SystemAccount> now(Deadline deadline) throws IOException;
    }

    AliasSource(Installation installation, AliasOwner owner) {
        this.folder = installation.alias();
        this.home = Octets.text(folder.toString()
                .getBytes(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")))); // a path as octets
        this.owner = owner;
    }

    /**
     * The owner of HOME/alias.
     *
     * @param uid the effective uid lookup was started with
     * @param ownUser the system user that lookup runs as when root starts it
     */
    static AliasOwner owner(MailUsers users, int uid, String ownUser) throws IOException {
        if (uid == 0) {
            return deadline -> users.named(ALIAS, deadline);
        }
        Optional<SystemAccount> own = SystemAccount.withUid(uid);
        if (SystemAccount.named(ownUser).filter(user -> user.uid() == uid).isPresent()) {
            return deadline -> users.named(ALIAS, deadline); // started by a supervisor that had given up root already
        }
        Optional<SystemAccount> answer =
                Optional.of(own.isPresent() ? own.get() : new SystemAccount(ALIAS, uid, ownGid(), "/"));
        return _ -> answer;
    }

    private static int ownGid() throws IOException {
        return (int) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
    }

    /**
     * Finds an installation of root whose HOME/alias has files, and nobody to deliver what they name.
     *
     * @param sources in the order in which they are asked
     * @throws ControlException if it is one
     */
    static void check(Installation installation, List<SourceName> sources, MailUsers.Accounts accounts)
            throws ControlException, IOException {
        boolean others = sources.indexOf(SourceName.ASSIGN) >= 0
                && sources.indexOf(SourceName.ASSIGN) < sources.indexOf(SourceName.ALIAS)
                && new AssignSource(installation).knowsEverything();
        if (others
                || !Files.getAttribute(installation.home(), "unix:uid").equals(0)
                || accounts.named(ALIAS).isPresent()
                || !hasFiles(installation.alias())) {
            return;
        }
        throw new ControlException(List.of("alias: the system has no user alias, so that mail for what the files "
                + installation.alias() + "/.qmail-* name waits and bounces in the end; make the user by: carteiro init"
                + " --create-users --home " + installation.home() + " --me HOST"));
    }

    private static boolean hasFiles(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".qmail-*")) {
            return files.iterator().hasNext();
        }
    }

    @Override
    public SourceName name() {
        return SourceName.ALIAS;
    }

    @Override
    public Optional<Answer> ask(LookupQuestion question, Deadline deadline, LookupTrace trace) throws IOException {
        Address recipient = question.recipient();
        Optional<SystemAccount> account = owner.now(deadline);
        if (!Files.isDirectory(folder)) {
            return Optional.of(new Answer.Unresolved(
                    new Status(4, 3, 5), folder + " is missing or cannot be seen; make it, owned by the alias user"));
        }
        String local = recipient.localPart();
        String lowered = Octets.lowerCase(local);
        String dash = lowered.equals(ALIAS) ? "" : "-";
        String extension =
                dash.isEmpty() ? "" : lowered.startsWith(ALIAS + "-") ? local.substring(ALIAS.length() + 1) : local;
        if (account.isEmpty()) {
            return Optional.of(ownerless(dash, extension, trace));
        }
        trace.step(() -> "alias: what nobody owns belongs to " + account.get().name() + " in " + folder);
        return Optional.of(new Answer.Account(
                new AccountIdentity(
                        account.get().name(), account.get().uid(), account.get().gid()),
                new AccountHome(home, dash, extension),
                new DeliveryInstructions.DotQmailInstructions()));
    }

    /** What no file names is unknown, whoever owns the folder; what one names waits until there is somebody to deliver it. */
    private Answer ownerless(String dash, String extension, LookupTrace trace) {
        String needed = "the system has no user alias, so nobody owns " + folder
                + "; make it with carteiro init --create-users";
        return switch (DotQmailProbe.look(home, dash, extension)) {
            case DotQmailPresence.Present _ -> new Answer.Unresolved(new Status(4, 3, 5), needed);
            case DotQmailPresence.Undetermined(var why) ->
                new Answer.Unresolved(new Status(4, 3, 5), needed + " (" + why + ")");
            case DotQmailPresence.Absent() -> {
                trace.step(() -> "alias: " + folder + " has no .qmail file for it: no such address");
                yield AddressLookup.NOBODY;
            }
        };
    }
}

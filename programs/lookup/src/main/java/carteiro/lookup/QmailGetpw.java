package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.posix.UnixId;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import java.io.IOException;
import java.util.Optional;

/** qmail-getpw: says which account of the system a local part belongs to (docs/programs/qmail-getpw.md). */
public final class QmailGetpw {
    private static final int USAGE = 100;
    private static final int HOME_TROUBLE = 115;
    private static final int NO_ALIAS = 116;

    private QmailGetpw() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-getpw", arguments, QmailGetpw::run);
    }

    static int run(Invocation call) throws IOException {
        HomeArgument home = HomeArgument.of(call);
        if (home.call().arguments().size() != 1) {
            call.complain("qmail-getpw: usage: qmail-getpw local\n");
            return USAGE;
        }
        try (var users = new MailUsers(SystemAccount::named)) {
            return run(home.installation(), home.call(), users);
        }
    }

    static int run(Installation installation, Invocation call, MailUsers users) throws IOException {
        String local = call.arguments().getFirst();
        if (local.length() > Address.LIMIT || local.indexOf(0) >= 0) {
            call.complain("qmail-getpw: a local part has at most " + Address.LIMIT + " octets and no NUL\n");
            return USAGE;
        }
        var alias = new AliasSource(
                installation, AliasSource.owner(users, SystemAccount.effectiveUid(), LookupProgram.USER));
        Optional<Answer> found;
        try {
            var question = LookupQuestion.explaining(new Address(local + "@")); // the local part itself may hold an @
            var deadline = Deadline.in(Deadline.QUESTION);
            found = new PasswdSource(users).ask(question, deadline, LookupTrace.NONE);
            if (found.isEmpty()) {
                found = alias.ask(question, deadline, LookupTrace.NONE);
            }
        } catch (IOException e) {
            call.complain("qmail-getpw: " + e.getMessage() + "\n");
            return HOME_TROUBLE;
        }
        if (found.isPresent() && found.get() instanceof Answer.Account account) {
            call.out()
                    .write(Octets.bytes(String.join(
                                    "\0",
                                    account.identity().user(),
                                    Long.toString(
                                            UnixId.number(account.identity().uid())),
                                    Long.toString(
                                            UnixId.number(account.identity().gid())),
                                    account.home().folder(),
                                    account.home().dash(),
                                    account.home().extension())
                            + "\0"));
            return 0;
        }
        if (found.isPresent() && found.get() instanceof Answer.Unresolved(var _, var reason)) {
            call.complain("qmail-getpw: " + reason + "\n");
        }
        return NO_ALIAS;
    }
}

package carteiro.lookup;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.LookupQuestion;
import java.io.IOException;
import java.util.Optional;

/**
 * The accounts of the system, by the rules of qmail-getpw: the whole local part is tried as a login name in lower case,
 * then what stands before each hyphen, from the right to the left. The user alias is {@link AliasSource}'s, since its home
 * is HOME/alias whatever passwd says.
 */
final class PasswdSource implements AddressSource {
    /** Longer names are no login names. */
    static final int LONGEST_NAME = 31;

    private static final char BREAK = '-';

    private final MailUsers users;

    PasswdSource(MailUsers users) {
        this.users = users;
    }

    @Override
    public SourceName name() {
        return SourceName.PASSWD;
    }

    @Override
    public Optional<Answer> ask(LookupQuestion question, Deadline deadline, LookupTrace trace) throws IOException {
        Address recipient = question.recipient();
        String local = recipient.localPart();
        int end = local.length();
        while (end > 0) {
            if (end <= LONGEST_NAME) {
                String name = Octets.lowerCase(local.substring(0, end));
                if (name.equals(AliasSource.ALIAS)) {
                    trace.step(() -> "passwd: the user alias is not for it to say"); // and no shorter name is left
                    return Optional.empty();
                }
                Optional<SystemAccount> user = users.user(name, deadline);
                if (user.isPresent()) {
                    trace.step(() -> "passwd: " + name + " is a user of the system");
                    return Optional.of(account(user.get(), local, end));
                }
                trace.step(
                        () -> "passwd: " + name + " is no user of the system (or has uid 0, or does not own its home)");
            }
            end = local.lastIndexOf(BREAK, end - 1);
        }
        return Optional.empty();
    }

    private static Answer account(SystemAccount user, String local, int end) {
        boolean whole = end == local.length();
        return new Answer.Account(
                new AccountIdentity(user.name(), user.uid(), user.gid()),
                new AccountHome(user.home(), whole ? "" : "-", whole ? "" : local.substring(end + 1)),
                new DeliveryInstructions.DotQmailInstructions());
    }
}

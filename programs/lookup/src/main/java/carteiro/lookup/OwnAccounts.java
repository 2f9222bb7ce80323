package carteiro.lookup;

import carteiro.mail.Address;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Passwords.Ownership;

/**
 * Accounts as mail finds them, for sources that know passwords alone: a name is a local name, or a whole address. Which addresses are an
 * account's own is told by where mail for them goes. Any number of threads.
 */
final class OwnAccounts {
    private final AccountAnswers answers;

    /** What mail for an address becomes. */
    interface AccountAnswers {
        /** Of an address after rewriting. */
        Answer ofRecipient(LookupQuestion question);

        /** Of an address as the transport hears it. */
        Answer ofEnvelope(LookupQuestion question);
    }

    OwnAccounts(AccountAnswers answers) {
        this.answers = answers;
    }

    /** What mail for it becomes. */
    Answer of(String account) {
        return account.indexOf('@') >= 0
                ? answers.ofEnvelope(LookupQuestion.explaining(new Address(account)))
                : answers.ofRecipient(LookupQuestion.explaining(new Address(account + "@")));
    }

    /** @param recipient as {@link PasswordSource#ownership} */
    Ownership ownership(String account, Address recipient) {
        Answer own = of(account);
        Answer asked = answers.ofRecipient(LookupQuestion.explaining(recipient));
        if (own instanceof Answer.Unresolved || asked instanceof Answer.Unresolved) {
            return Ownership.NOT_NOW;
        }
        return own instanceof Answer.Account of && asked instanceof Answer.Account at && isSame(of, at)
                ? Ownership.OWN
                : Ownership.FOREIGN;
    }

    /** The account itself, or one of its extensions. */
    private static boolean isSame(Answer.Account own, Answer.Account asked) {
        String extension = own.home().extension();
        return own.identity().equals(asked.identity())
                && own.home().folder().equals(asked.home().folder())
                && (extension.isEmpty()
                        || asked.home().extension().equals(extension)
                        || asked.home().extension().startsWith(extension + "-"));
    }
}

package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.Passwords.Ownership;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.smtpd.PolicyCheck.LookupRequest;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The checks of one stage ask lookup the same: it is asked once. Not thread-safe. */
final class AskedOnce implements LookupRequest {
    private final LookupRequest lookup;
    private @Nullable LookupQuestion asked;
    private @Nullable RecipientAnswer answer;

    AskedOnce(LookupRequest lookup) {
        this.lookup = lookup;
    }

    @Override
    public RecipientAnswer ask(LookupQuestion question) throws IOException {
        RecipientAnswer known = answer;
        if (known != null && question.equals(asked)) {
            return known;
        }
        RecipientAnswer heard = lookup.ask(question);
        asked = question;
        answer = heard;
        return heard;
    }

    @Override
    public List<Ownership> ownership(String account, List<Address> addresses) throws IOException {
        return lookup.ownership(account, addresses);
    }

    @Override
    public SendingVerdict sending(String account, int recipients) throws IOException {
        return lookup.sending(account, recipients);
    }
}

package carteiro.smtpd;

import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.smtpd.PolicyCheck.LookupRequest;
import java.io.IOException;
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
}

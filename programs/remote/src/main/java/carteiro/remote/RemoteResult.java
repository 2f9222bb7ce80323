package carteiro.remote;

import carteiro.mail.Outcome;
import java.util.ArrayList;
import java.util.List;

/**
 * What qmail-remote reports: a record a recipient that was answered, in order, and one for the message.
 *
 * @param recipients accepted ({@code r}), refused for now ({@code s}) or for good ({@code h}); fewer than there are
 *     recipients when the rest was never answered
 * @param message {@code K}, {@code Z} or {@code D}
 * @param givingUp what a refused recipient's report ends with, whatever became of the others: qmail-remote, which had one
 *     recipient a call, always said it
 */
record RemoteResult(List<Outcome> recipients, Outcome message, String givingUp) {
    RemoteResult {
        recipients = List.copyOf(recipients);
    }

    /** The same for every recipient. */
    static RemoteResult forAll(Outcome message) {
        return new RemoteResult(List.of(), message, "");
    }

    /** One outcome for each of so many recipients, folded as qmail-rspawn does. */
    List<Outcome> folded(int count) {
        var folded = new ArrayList<Outcome>(count);
        for (int i = 0; i < count; i++) {
            folded.add(i < recipients.size() ? fold(recipients.get(i)) : message);
        }
        return folded;
    }

    private Outcome fold(Outcome recipient) {
        return switch (recipient) {
            case Outcome.Delivered _ -> message;
            case Outcome.Failed(var status, var report) -> new Outcome.Failed(status, report + givingUp);
            case Outcome.Deferred(var status, var report) -> new Outcome.Deferred(status, report + givingUp);
        };
    }

    /** The records of qmail-remote, each ended by NUL. */
    String records() {
        var records = new StringBuilder();
        for (Outcome recipient : recipients) {
            String record = switch (recipient) {
                case Outcome.Delivered _ -> "r";
                case Outcome.Deferred refused -> "s" + refused.report();
                case Outcome.Failed refused -> "h" + refused.report();
            };
            records.append(record).append('\0');
        }
        char letter = switch (message) {
            case Outcome.Delivered _ -> 'K';
            case Outcome.Deferred _ -> 'Z';
            case Outcome.Failed _ -> 'D';
        };
        return records.append(letter).append(message.report()).append('\0').toString();
    }
}

package carteiro.queue;

import carteiro.mail.Envelope;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** One message of a history: what was promised of it, and when, in calls to the disk. */
final class Promise {
    static final int NEVER = Integer.MAX_VALUE;

    /** A report that queue took. */
    static final class Told {
        final Report report;
        final int begunAt;
        int syncedAt = NEVER;

        Told(Report report, int begunAt) {
            this.report = report;
            this.begunAt = begunAt;
        }
    }

    final int id;
    final byte[] octets;
    final Envelope envelope;

    /** What the clock said when it was handed over. */
    final Instant birth;

    /** The message this one is a bounce of, or below 0. */
    final int bounceOf;

    final List<Told> told = new ArrayList<>();
    long number;
    final int submittedAt;
    int acceptedAt = NEVER;

    Promise(int id, byte[] octets, Envelope envelope, Instant birth, int bounceOf, int submittedAt) {
        this.id = id;
        this.octets = octets;
        this.envelope = envelope;
        this.birth = birth;
        this.bounceOf = bounceOf;
        this.submittedAt = submittedAt;
    }

    /** As it was after so many calls, when the power failed. */
    Promise until(int calls) {
        var copy = new Promise(id, octets, envelope, birth, bounceOf, 0);
        copy.number = acceptedAt <= calls ? number : 0;
        copy.acceptedAt = acceptedAt <= calls ? 0 : NEVER;
        for (Told report : told) {
            if (report.begunAt <= calls) {
                var again = new Told(report.report, 0);
                again.syncedAt = report.syncedAt <= calls ? 0 : NEVER;
                copy.told.add(again);
            }
        }
        return copy;
    }

    int endBegunAt() {
        return told.stream()
                .filter(report -> report.report instanceof Report.MessageEnded)
                .mapToInt(report -> report.begunAt)
                .min()
                .orElse(NEVER);
    }

    int endSyncedAt() {
        return told.stream()
                .filter(report -> report.report instanceof Report.MessageEnded)
                .mapToInt(report -> report.syncedAt)
                .min()
                .orElse(NEVER);
    }

    /** What a recipient may be after a power failure: what was synced is certain, of the rest any part may be there. */
    Set<RecipientState> possible(int recipient, int calls) {
        Set<RecipientState> states = new HashSet<>(Set.of(RecipientState.Due.NOW));
        for (Told report : told) {
            if (report.begunAt > calls) {
                continue;
            }
            Set<RecipientState> after = new HashSet<>(report.syncedAt <= calls ? Set.of() : states);
            states.forEach(state -> after.add(apply(report.report, recipient, state)));
            states = after;
        }
        return states;
    }

    private static RecipientState apply(Report report, int recipient, RecipientState state) {
        return switch (report) {
            case Report.RecipientDelivered(long _, int done) -> done == recipient ? new RecipientState.Done() : state;
            case Report.RecipientFailed(long _, int failed, String _) ->
                failed == recipient ? new RecipientState.ToBounce() : state;
            case Report.RecipientsDeferred(long _, var deferred, Instant due, String _) ->
                deferred.contains(recipient) && state instanceof RecipientState.Due
                        ? new RecipientState.Due(due)
                        : state;
            case Report.MessageEnded _ -> state;
        };
    }

    /** What was said of a recipient that failed. */
    Set<String> paragraphs(int recipient, int calls) {
        Set<String> paragraphs = new HashSet<>();
        for (Told report : told) {
            if (report.begunAt <= calls
                    && report.report instanceof Report.RecipientFailed(long _, int failed, String paragraph)
                    && failed == recipient) {
                paragraphs.add(paragraph);
            }
        }
        return paragraphs;
    }

    @Override
    public String toString() {
        return "message " + id + " (number " + number + ", " + octets.length + " octets, " + envelope.addresses()
                + (bounceOf < 0 ? "" : ", the bounce of " + bounceOf) + ", accepted at " + at(acceptedAt)
                + ", end reported at " + at(endBegunAt()) + ", synced at " + at(endSyncedAt()) + ")";
    }

    static String at(int call) {
        return call == NEVER ? "no time" : String.valueOf(call);
    }
}

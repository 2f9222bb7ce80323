package carteiro.queue;

import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.segments.Framing;
import carteiro.segments.SegmentPosition;
import java.util.concurrent.CompletableFuture;

/** What the journal is asked to write, or to do. Made by any thread, handled by the journal's alone. */
sealed interface JournalItem {
    /** Octets it will take in the segment, about. */
    long length();

    /** A new message. Everything that can be done beforehand has been: the journal only copies. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record Acceptance(
            Envelope envelope,
            long birth,
            long octets,
            long file,
            byte[] payload,
            int payloadSum,
            Chunks body,
            int bodySum,
            CompletableFuture<Receipt> receipt)
            implements JournalItem {
        @Override
        public long length() {
            return (long) Framing.HEADER + payload.length + body.octets();
        }
    }

    /**
     * A live message that is to be written again.
     *
     * @param from where it stands; it is written only if it still does
     * @param accepted its accepted payload
     * @param written completed with whether it was written
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record Move(
            long message,
            SegmentPosition from,
            byte[] accepted,
            Chunks body,
            int bodySum,
            CompletableFuture<Boolean> written)
            implements JournalItem {
        @Override
        public long length() {
            return (long) Framing.HEADER + accepted.length + 16 + body.octets();
        }
    }

    /**
     * An outcome. It has been applied to the index already, unless it is a failure, whose place is only known once it is
     * written.
     *
     * @param recipient of a failure
     * @param file of the message that ended, to be removed once this is synced; or 0
     * @param written completed once it is written and applied
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record OutcomeItem(
            Framing.RecordKind kind,
            long message,
            byte[] payload,
            int recipient,
            long file,
            CompletableFuture<Boolean> written)
            implements JournalItem {
        @Override
        public long length() {
            return (long) Framing.HEADER + payload.length;
        }
    }

    /** Sync what has been written. */
    record Sync(CompletableFuture<Boolean> synced) implements JournalItem {
        @Override
        public long length() {
            return 0;
        }
    }

    /** Write what came before, then end. */
    record JournalStop() implements JournalItem {
        @Override
        public long length() {
            return 0;
        }
    }
}

package carteiro.qmqpd;

import carteiro.listen.ReplyText;
import carteiro.mail.Octets;
import carteiro.mail.Status;

/**
 * The answer to a message.
 *
 * @param kind what became of it
 * @param text ASCII without controls, see {@link #of(Status, String)}
 */
record QmqpReply(AnswerKind kind, String text) {
    /** What became of a message. */
    enum AnswerKind {
        /** It is in the queue. */
        KEPT('K'),
        /** Not now. */
        NOT_NOW('Z'),
        /** Never. */
        NEVER('D');

        private final char letter;

        AnswerKind(char letter) {
            this.letter = letter;
        }
    }

    /** In the queue under that number. */
    static QmqpReply kept(long second, long number) {
        return new QmqpReply(AnswerKind.KEPT, "ok " + second + " qp " + number);
    }

    /** Not in the queue, for now or for ever as the status says; the text is one of ours or another program's. */
    static QmqpReply of(Status status, String reason) {
        return new QmqpReply(
                status.kind() == 5 ? AnswerKind.NEVER : AnswerKind.NOT_NOW,
                ReplyText.safe(reason) + " (#" + status + ")");
    }

    /** The octets to send: a netstring. */
    byte[] octets() {
        return Octets.bytes((text.length() + 1) + ":" + this + ",");
    }

    @Override
    public String toString() {
        return kind.letter + text;
    }
}

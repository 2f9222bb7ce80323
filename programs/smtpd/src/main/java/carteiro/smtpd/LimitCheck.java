package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.smtpd.Verdict.GoOn;
import carteiro.smtpd.Verdict.NotNow;
import carteiro.smtpd.Verdict.Refusal;
import carteiro.smtpd.Verdict.Refuse;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * A check that compares what came with a limit, and says one of two things.
 *
 * @param limit what is set for a peer; empty if nothing can be
 * @param isOver whether it is more
 */
record LimitCheck(GoOn within, Refusal over, Function<Peer, String> limit, BiPredicate<Peer, TransactionView> isOver)
        implements PolicyCheck {
    /** Fields Received and Delivered-To in one message, from which on it is taken to be in a loop. */
    static final int HOPS = 100;

    /** Said at MAIL too, if the client tells the size there. */
    static final Reply TOO_BIG = PolicyRule.MESSAGE_SIZE.reply(552, "5.3.4 message is over the limit of octets here");

    private static LimitCheck of(
            String within, Refusal over, Function<Peer, String> limit, BiPredicate<Peer, TransactionView> isOver) {
        return new LimitCheck(new GoOn(over.rule(), within), over, limit, isOver);
    }

    /** A message has no more recipients than control/maxrecipients. */
    static PolicyCheck recipients(int most) {
        return of(
                "there is room for one more",
                new NotNow(PolicyRule.RECIPIENTS.reply(452, "4.5.3 too many recipients"), ""),
                _ -> Integer.toString(most),
                (_, transaction) -> transaction.recipients() >= most);
    }

    /** What RELAYCLIENT appends does not make a recipient longer than addresses are. */
    static PolicyCheck recipientLength() {
        return of(
                "the address is not too long",
                new Refuse(SmtpCommand.TOO_LONG, ""),
                _ -> Address.LIMIT + " octets",
                (peer, transaction) -> peer.rights().lengthOf(transaction.recipient()) > Address.LIMIT);
    }

    /** The message is not larger than the client may send. */
    static PolicyCheck size() {
        return of(
                "the message is within the limit",
                new Refuse(TOO_BIG, ""),
                LimitCheck::databytes,
                (peer, transaction) ->
                        transaction.text().octets() > peer.rights().databytes());
    }

    /** What is set of the size of messages. */
    static String databytes(Peer peer) {
        return peer.rights().databytes() + " octets";
    }

    /** No line of a message is longer than control/linebytes. */
    static PolicyCheck lineLength(long most) {
        return of(
                "the lines are within the limit",
                new Refuse(PolicyRule.LINE_LENGTH.reply(552, "5.6.0 a line of the message is too long"), ""),
                _ -> most + " octets",
                (_, transaction) -> transaction.text().longestLine() > most);
    }

    /** A message is text: no octet of value 0 (RFC 5322 section 4). */
    static PolicyCheck nulOctets() {
        return of(
                "there is no octet of value 0",
                new Refuse(PolicyRule.NUL_OCTETS.reply(554, "5.6.0 the message holds an octet of value 0"), ""),
                _ -> "",
                (_, transaction) -> transaction.text().hasNul());
    }

    /** A message that has come through so many hosts runs in a circle (RFC 5321 section 6.3). */
    static PolicyCheck hops() {
        return of(
                "the message is not in a loop",
                new Refuse(PolicyRule.HOPS.reply(554, "5.4.6 too many hops, this message is looping"), ""),
                _ -> Integer.toString(HOPS),
                (_, transaction) -> transaction.text().hops() >= HOPS);
    }

    @Override
    public PolicyRule rule() {
        return over.rule();
    }

    @Override
    public String setting(Peer peer) {
        return limit.apply(peer);
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return isOver.test(peer, transaction) ? over : within;
    }
}

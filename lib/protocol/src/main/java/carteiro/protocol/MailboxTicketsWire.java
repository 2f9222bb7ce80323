package carteiro.protocol;

import carteiro.protocol.MailboxTickets.TicketAnswer;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;

/** Tickets over a socket (docs/protocols/tickets.md): numbered questions. */
final class MailboxTicketsWire {
    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(Frames.SHORT, 32 * 1024);

    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int WORD = 16;
    private static final int LONGEST_FOLDER = 4096;
    private static final int LONGEST_REASON = 8 * 1024;
    private static final long MOST_ID = (1L << 32) - 1;

    private MailboxTicketsWire() {}

    /** The side of who opens mailboxes. */
    static final class MailboxTicketsClient implements MailboxTickets {
        private final RequestClient requests;

        MailboxTicketsClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public TicketAnswer redeem(String ticket) throws IOException {
            FrameReader answer = requests.ask(LIMIT, frame -> frame.put(ticket));
            TicketAnswer read = switch (answer.text(WORD)) {
                case "mailbox" ->
                    new TicketAnswer.MailboxOfAccount(
                            answer.text(Passwords.LONGEST_NAME),
                            (int) answer.number(0, MOST_ID),
                            (int) answer.number(0, MOST_ID),
                            answer.text(LONGEST_FOLDER));
                case "unknown" -> new TicketAnswer.NoSuchTicket();
                case "none" -> new TicketAnswer.NoMailbox(answer.text(LONGEST_REASON));
                case "undecided" -> new TicketAnswer.MailboxUndecided(answer.text(LONGEST_REASON));
                default -> throw new MalformedFrameException("lookup gave no answer we know");
            };
            answer.end();
            return read;
        }
    }

    /** The side of lookup. */
    static EndpointServer.ConnectionHandler server(MailboxTickets tickets, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            String ticket = frame.text(MailboxTickets.LENGTH);
            frame.end();
            put(answer, tickets.redeem(ticket));
        });
    }

    private static void put(FrameWriter answer, TicketAnswer said) {
        switch (said) {
            case TicketAnswer.MailboxOfAccount(var account, var uid, var gid, var folder) ->
                answer.put("mailbox")
                        .put(account)
                        .put(Integer.toUnsignedLong(uid))
                        .put(Integer.toUnsignedLong(gid))
                        .put(folder);
            case TicketAnswer.NoSuchTicket() -> answer.put("unknown");
            case TicketAnswer.NoMailbox(var reason) -> answer.put("none").put(reason);
            case TicketAnswer.MailboxUndecided(var reason) ->
                answer.put("undecided").put(reason);
        }
    }
}

package carteiro.protocol;

import carteiro.protocol.LoginRecords.AccountLogins;
import carteiro.protocol.LoginRecords.BlockedOrigin;
import carteiro.protocol.LoginRecords.LoginOrder;
import carteiro.protocol.LoginRecords.PastLogin;
import carteiro.protocol.LoginRecords.SentCount;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Records of logins over a socket (docs/protocols/logins.md): numbered questions. */
final class LoginRecordsWire {
    /** A page of accounts with the longest names and all their logins fits. */
    static final RequestServer.RequestLimits LIMITS =
            new RequestServer.RequestLimits(Frames.SHORT, 4 * 1024 * 1024, Duration.ofMinutes(1), 16);

    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int WORD = 16;
    private static final int LONGEST_LABEL = 200;
    private static final int LONGEST_ORIGIN = 100;

    private LoginRecordsWire() {}

    /** The side of the tools. */
    static final class LoginRecordsClient implements LoginRecords {
        private final RequestClient requests;

        LoginRecordsClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public List<AccountLogins> page(String after, int most) throws IOException {
            FrameReader answer =
                    requests.ask(LIMIT, frame -> frame.put("page").put(after).put(most));
            List<AccountLogins> page = Frames.items(answer, most, LoginRecordsWire::account);
            answer.end();
            return page;
        }

        @Override
        public AccountLogins account(String account) throws IOException {
            FrameReader answer =
                    requests.ask(LIMIT, frame -> frame.put("account").put(account));
            AccountLogins one = LoginRecordsWire.account(answer);
            answer.end();
            return one;
        }

        @Override
        public List<BlockedOrigin> blocked() throws IOException {
            FrameReader answer = requests.ask(LIMIT, frame -> frame.put("blocked"));
            List<BlockedOrigin> blocked = Frames.items(
                    answer, MOST_ACCOUNTS, item -> new BlockedOrigin(item.text(LONGEST_ORIGIN), duration(item)));
            answer.end();
            return blocked;
        }

        /** @param by is not sent: the kernel tells who asks */
        @Override
        public boolean order(LoginOrder order, String name, String by) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT, frame -> frame.put("order").put(order.name()).put(name));
            boolean changed = answer.number(0, 1) == 1;
            answer.end();
            return changed;
        }
    }

    /** The side of lookup. */
    static EndpointServer.ConnectionHandler server(LoginRecords records, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, caller) -> {
            switch (frame.text(WORD)) {
                case "page" -> {
                    String after = frame.text(Passwords.LONGEST_NAME);
                    int most = (int) frame.number(1, LoginRecords.MOST_ACCOUNTS);
                    frame.end();
                    Frames.put(answer, records.page(after, most), LoginRecordsWire::put);
                }
                case "account" -> {
                    String account = frame.text(Passwords.LONGEST_NAME);
                    frame.end();
                    put(answer, records.account(account));
                }
                case "blocked" -> {
                    frame.end();
                    Frames.put(
                            answer,
                            records.blocked(),
                            (item, each) ->
                                    item.put(each.origin()).put(each.left().toMillis()));
                }
                case "order" -> {
                    LoginOrder order = Frames.constant(frame, LoginOrder.class);
                    String name = frame.text(Passwords.LONGEST_NAME);
                    frame.end();
                    answer.put(records.order(order, name, caller.user()) ? 1 : 0);
                }
                default -> throw new MalformedFrameException("no question that may be asked here");
            }
        });
    }

    private static void put(FrameWriter frame, AccountLogins of) {
        frame.put(of.account());
        Frames.put(
                frame,
                of.logins(),
                (item, login) -> item.put(login.at().getEpochSecond())
                        .put(login.service().name())
                        .put(login.client())
                        .put(login.label()));
        frame.put(of.failures())
                .put(of.lastFailure().getEpochSecond())
                .put(of.lastFailedClient())
                .put(of.blocked().toMillis())
                .put(of.stopped() ? 1 : 0);
        put(put(frame, of.hour()), of.day());
        Frames.put(
                frame,
                of.uses(),
                (item, use) -> item.put(use.id()).put(use.last().getEpochSecond()));
    }

    private static FrameWriter put(FrameWriter frame, SentCount count) {
        return frame.put(count.messages()).put(count.recipients());
    }

    private static AccountLogins account(FrameReader frame) throws MalformedFrameException {
        return new AccountLogins(
                frame.text(Passwords.LONGEST_NAME),
                Frames.items(
                        frame,
                        LoginRecords.MOST_LOGINS,
                        item -> new PastLogin(
                                instant(item),
                                Frames.constant(item, Passwords.LoginService.class),
                                item.text(Passwords.LoginAttempt.LONGEST_CLIENT),
                                item.text(LONGEST_LABEL))),
                frame.number(0, Long.MAX_VALUE),
                instant(frame),
                frame.text(Passwords.LoginAttempt.LONGEST_CLIENT),
                duration(frame),
                frame.number(0, 1) == 1,
                count(frame),
                count(frame),
                Frames.items(
                        frame,
                        LoginRecords.MOST_APPS,
                        item -> new LoginRecords.AppUse(item.text(WORD), instant(item))));
    }

    private static SentCount count(FrameReader frame) throws MalformedFrameException {
        return new SentCount(frame.number(0, Long.MAX_VALUE), frame.number(0, Long.MAX_VALUE));
    }

    private static Instant instant(FrameReader frame) throws MalformedFrameException {
        return Instant.ofEpochSecond(frame.number(0, Instant.MAX.getEpochSecond()));
    }

    private static Duration duration(FrameReader frame) throws MalformedFrameException {
        return Duration.ofMillis(frame.number(0, Long.MAX_VALUE));
    }
}

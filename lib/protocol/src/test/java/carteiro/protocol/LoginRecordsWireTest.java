package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.Passwords.LoginService;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LoginRecordsWireTest {
    private static final LoginRecords.AccountLogins ANN = new LoginRecords.AccountLogins(
            "\u00e3nn\tx",
            Collections.nCopies(
                    LoginRecords.MOST_LOGINS,
                    new LoginRecords.PastLogin(Instant.ofEpochSecond(1), LoginService.POP3, "2001:db8::1", "phone")),
            3,
            Instant.ofEpochSecond(5),
            "192.0.2.1",
            Duration.ofMillis(17),
            true,
            new LoginRecords.SentCount(1, 2),
            new LoginRecords.SentCount(3, Long.MAX_VALUE),
            List.of(new LoginRecords.AppUse("0123abcd", Instant.ofEpochSecond(9))));

    @TempDir
    private Path home;

    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final Deque<Closeable> open = new ArrayDeque<>();
    private final List<String> asked = new ArrayList<>();

    /** How it is asked. */
    enum Carrier {
        CALL,
        SOCKET
    }

    private final class RecordedRecords implements LoginRecords {
        @Override
        public List<AccountLogins> page(String after, int most) {
            asked.add("page " + after + " " + most);
            return Collections.nCopies(most, ANN);
        }

        @Override
        public AccountLogins account(String account) {
            asked.add("account " + account);
            return ANN;
        }

        @Override
        public List<BlockedOrigin> blocked() {
            return Collections.nCopies(MOST_ACCOUNTS, new BlockedOrigin("192.0.2.0/24", Duration.ofMillis(9)));
        }

        @Override
        public boolean order(LoginOrder order, String name, String by) throws IOException {
            asked.add(order + " " + name + " " + by);
            if (order == LoginOrder.STOP) {
                throw new IOException("no disk");
            }
            return order == LoginOrder.LIFT;
        }
    }

    private LoginRecords connect(Carrier carrier) throws IOException {
        var sockets = new SocketWires(new Installation(home), log);
        open.push(sockets);
        var server = new DirectWires(sockets);
        open.push(server.offer(new RecordedRecords()));
        if (carrier == Carrier.CALL) {
            return server.logins();
        }
        var others = new SocketWires(new Installation(home), log);
        open.push(others);
        return others.logins();
    }

    @AfterEach
    void close() throws IOException {
        for (Closeable each : open) {
            each.close();
        }
        log.close();
    }

    @ParameterizedTest
    @EnumSource
    void everythingArrives(Carrier carrier) throws Exception {
        LoginRecords records = connect(carrier);
        assertThat(records.page("ann", LoginRecords.MOST_ACCOUNTS))
                .hasSize(LoginRecords.MOST_ACCOUNTS)
                .allMatch(ANN::equals);
        assertThat(records.account("ann")).isEqualTo(ANN);
        assertThat(records.blocked())
                .hasSize(LoginRecords.MOST_ACCOUNTS)
                .allMatch(new LoginRecords.BlockedOrigin("192.0.2.0/24", Duration.ofMillis(9))::equals);
        assertThat(records.order(LoginRecords.LoginOrder.LIFT, "ann", "me")).isTrue();
        assertThat(records.order(LoginRecords.LoginOrder.RESUME, "ann", "me")).isFalse();
        assertThatThrownBy(() -> records.order(LoginRecords.LoginOrder.STOP, "ann", "me"))
                .isInstanceOf(IOException.class);
        String by = carrier == Carrier.CALL ? "me" : System.getProperty("user.name");
        assertThat(asked)
                .containsExactly("page ann 200", "account ann", "LIFT ann " + by, "RESUME ann " + by, "STOP ann " + by);
    }

    @Test
    void nobodyElseMayAsk() {
        assertThat(Endpoint.LOGINS.callers()).isEmpty();
        assertThat(Endpoint.LOGINS.anyone()).isFalse();
    }
}

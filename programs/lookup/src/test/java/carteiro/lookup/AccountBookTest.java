package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.LoginRecords.AccountLogins;
import carteiro.protocol.LoginRecords.LoginOrder;
import carteiro.protocol.LoginRecords.SentCount;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.testkit.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountBookTest {
    private static final Instant NOON = Instant.parse("2026-12-01T12:10:00Z");

    @TempDir
    private Path home;

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private int marks;
    private Instant now = NOON;
    private AccountBook book = fresh();

    private AccountBook fresh() {
        return new AccountBook(() -> now, log::log);
    }

    @BeforeEach
    void folders() throws IOException {
        Files.createDirectory(home.resolve("users"));
        Files.createDirectory(home.resolve("control"));
    }

    @AfterEach
    void end() {
        log.close();
    }

    private AccountLimits limits(String lines) throws Exception {
        Files.writeString(home.resolve("control/accountlimits"), lines);
        var files = new ControlFiles(new Installation(home));
        AccountLimits limits = AccountLimits.read(files);
        files.check();
        return limits;
    }

    private static LoginAttempt from(String client) {
        return new LoginAttempt(LoginService.SMTP, client);
    }

    private AccountLogins of(String account) {
        return book.account(account, _ -> Duration.ZERO);
    }

    /** All that was logged so far; the log has a thread of its own. */
    private String log() {
        marks++;
        log.warning("test", "mark " + marks);
        String last = "mark " + marks + "\n";
        Await.until(() -> logged.toString(StandardCharsets.UTF_8).endsWith(last), "the log stands still");
        return logged.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.contains("test: mark "))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
    }

    // ---- limits

    @Test
    void anAccountSendsWhatItMayInAnHourAndADay() throws Exception {
        AccountLimits limits = limits(":2:3::\nBob:::10:\n");
        assertThat(book.sending("ann", 50, limits)).isEqualTo(new SendingVerdict.SendingAllowed());
        assertThat(book.sending("Ann", 50, limits)).isEqualTo(new SendingVerdict.SendingAllowed());
        assertThat(book.sending("ann", 1, limits))
                .isEqualTo(new SendingVerdict.OverLimit("2 messages an hour", Duration.ofMinutes(50)));
        assertThat(of("ann").hour()).as("what is refused does not count").isEqualTo(new SentCount(2, 100));
        now = NOON.plus(Duration.ofMinutes(50));
        assertThat(book.sending("ann", 1, limits)).isEqualTo(new SendingVerdict.SendingAllowed());
        assertThat(book.sending("ann", 1, limits))
                .isEqualTo(new SendingVerdict.OverLimit("3 messages a day", Duration.ofHours(11)));
        now = NOON.plus(Duration.ofHours(12));
        assertThat(book.sending("ann", 1, limits)).isEqualTo(new SendingVerdict.SendingAllowed());

        assertThat(book.sending("bob", 10, limits)).isEqualTo(new SendingVerdict.SendingAllowed());
        assertThat(book.sending("bob", 1, limits))
                .isInstanceOfSatisfying(
                        SendingVerdict.OverLimit.class,
                        over -> assertThat(over.limit()).isEqualTo("10 recipients an hour"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ann", "ann:1:2:3", "ann:1:2:3:x", "ann:-1:::", "ann:1:2:3:9999999999", "ann::::\nANN:1:::"})
    void aLineThatIsNoneIsRefused(String lines) {
        assertThatThrownBy(() -> limits(lines + "\n"))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/accountlimits");
    }

    // ---- alerts

    @Test
    void muchMoreThanUsualIsToldOnceADay() throws Exception {
        AccountLimits limits = limits("");
        for (int day = 0; day < 3; day++) {
            book.sending("list", 200, limits);
            now = now.plus(Duration.ofDays(1));
        }
        book.sending("list", 1_000, limits);
        assertThat(log()).isEmpty();
        book.sending("list", 1, limits);
        book.sending("list", 1_000, limits);
        assertThat(log().lines())
                .containsExactly(
                        "alert: lookup: account \"list\" has sent 2 messages to 1001 recipients today, much more"
                                + " than it uses to; if somebody else has its password, stop it by: carteiro logins --stop");
        book.sending("new", (int) AccountBook.MANY_RECIPIENTS, limits);
        assertThat(log().lines()).hasSize(1);
        book.sending("new", 1, limits);
        assertThat(log().lines()).hasSize(2);
    }

    @Test
    void loginsFromManyNetworksAreTold() {
        for (int i = 0; i < AccountBook.MANY_NETWORKS; i++) {
            book.loggedIn("ann", from("192.0." + i + ".1"), "");
            book.loggedIn("ann", from("192.0." + i + ".2"), "");
        }
        assertThat(log()).isEmpty();
        book.loggedIn("ann", from("2001:db8::1"), "");
        book.loggedIn("ann", from("2001:db9::1"), "");
        assertThat(log().lines())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("alert: lookup: account \"ann\" is logged in");
        now = NOON.plus(Duration.ofDays(1));
        book.loggedIn("ann", from("192.0.2.1"), "");
        assertThat(log().lines()).hasSize(1);
    }

    // ---- memory

    @Test
    void whoInventsNamesFillsNoMemory() {
        book.failed("nobody", from("192.0.2.1"));
        assertThat(book.page("", 10, _ -> Duration.ZERO)).isEmpty();
        book.loggedIn("ann", from("192.0.2.1"), "phone");
        book.failed("ann", from("192.0.2.9"));
        assertThat(of("ann").failures()).isEqualTo(1);
        assertThat(of("ann").lastFailedClient()).isEqualTo("192.0.2.9");
        book.loggedIn("ann", from("192.0.2.1"), "");
        assertThat(of("ann").failures()).isZero();
        assertThat(of("ann").logins())
                .hasSize(2)
                .last()
                .satisfies(first -> assertThat(first.label()).isEqualTo("phone"));
    }

    @Test
    void pagesAreInOrder() {
        IntStream.range(0, 25).forEach(i -> book.loggedIn("a" + (char) ('z' - i), from("192.0.2.1"), ""));
        List<String> first = book.page("", 20, _ -> Duration.ZERO).stream()
                .map(AccountLogins::account)
                .toList();
        assertThat(first).isSorted().hasSize(20);
        assertThat(book.page(first.getLast(), 20, _ -> Duration.ZERO)).hasSize(5);
    }

    // ---- on the disk

    private void keep() throws IOException {
        try (AccountBookFile file = AccountBookFile.open(new Installation(home))) {
            book.keep(file);
        }
    }

    private int readAnew() throws IOException {
        book = fresh();
        try (AccountBookFile file = AccountBookFile.open(new Installation(home))) {
            return book.read(file.lines(), _ -> {});
        }
    }

    @Test
    void allOfItIsKept() throws Exception {
        book.loggedIn("\u00e3nn@x", from("2001:db8::1"), "my phone");
        book.sending("\u00e3nn@x", 7, limits(""));
        book.failed("\u00e3nn@x", from("192.0.2.9"));
        book.stop("bob", true);
        AccountLogins before = of("\u00e3nn@x");
        keep();
        assertThat(readAnew()).isZero();
        assertThat(of("\u00e3nn@x")).isEqualTo(before);
        assertThat(book.isStopped("BOB")).isTrue();
        assertThat(Files.getPosixFilePermissions(home.resolve("users/logins.1")))
                .hasSize(2);
    }

    @Test
    void whateverIsTornTheOneBeforeCounts() throws Exception {
        book.stop("ann", true);
        keep();
        Path first = home.resolve("users/logins.1");
        Path second = home.resolve("users/logins.0");
        book.stop("bob", true);
        keep();
        byte[] whole = Files.readAllBytes(second);
        for (int length = 0; length <= whole.length; length++) {
            Files.write(second, java.util.Arrays.copyOf(whole, length));
            assertThat(readAnew()).isZero();
            assertThat(book.isStopped("ann")).isTrue();
            assertThat(book.isStopped("bob"))
                    .as("%s octets of %s", length, whole.length)
                    .isEqualTo(length == whole.length);
        }
        whole[whole.length / 2] ^= 1;
        Files.write(second, whole);
        readAnew();
        assertThat(book.isStopped("bob")).isFalse();
        book.stop("carl", true);
        keep();
        Files.writeString(first, "x", StandardOpenOption.APPEND);
        readAnew();
        assertThat(book.isStopped("carl"))
                .as("the torn one is written over, never the whole one")
                .isTrue();
    }

    @Test
    void aPipeInPlaceOfAFileKeepsNobodyWaiting() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", home.resolve("users/logins.0").toString())
                        .start()
                        .waitFor())
                .isZero();
        assertThatThrownBy(() -> AccountBookFile.open(new Installation(home))).hasMessageContaining("no regular file");
        try (var keeper = new AccountBookKeeper(new Installation(home), log)) {
            keeper.begin(new LoginLimiter(System::nanoTime), _ -> {});
            assertThatThrownBy(() -> keeper.order(LoginOrder.STOP, "ann", "root"))
                    .isInstanceOf(IOException.class);
            assertThat(keeper.book().isStopped("ann"))
                    .as("it counts until the next start")
                    .isTrue();
        }
        assertThat(log()).contains("users/logins.0 and logins.1 cannot be used", "root says STOP \"ann\"");
    }

    @Test
    void whoHasLoggedInIsKnownAfterARestart() {
        var attempt = from("192.0.2.7");
        try (var keeper = new AccountBookKeeper(new Installation(home), log)) {
            keeper.begin(new LoginLimiter(System::nanoTime), _ -> {});
            keeper.book().loggedIn("ann", attempt, "");
        }
        var limiter = new LoginLimiter(System::nanoTime);
        try (var keeper = new AccountBookKeeper(new Installation(home), log)) {
            keeper.begin(limiter, _ -> {});
            for (int i = 0; i < LoginLimiter.MOST_OF_ACCOUNT; i++) {
                limiter.failed(from("198.51.100." + i), "ann");
            }
            assertThat(limiter.blocked(from("198.51.100.99"), "ann")).isPresent();
            assertThat(limiter.blocked(attempt, "ann")).isEmpty();
            assertThat(keeper.account("ann").blocked()).isPositive();
            assertThat(keeper.blocked())
                    .first()
                    .satisfies(each -> assertThat(each.origin()).isEqualTo("ann"));
        }
    }
}

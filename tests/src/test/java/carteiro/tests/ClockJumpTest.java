package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The clock of the host jumps under load, an hour and a year, ahead and back: all that was answered arrives, nothing bounces
 * for that, and what another host puts off meanwhile is tried again. The programs are told the time by libfaketime, which
 * stands between them and the C library; the clock that measures how long something takes goes on as it does on a host whose
 * clock is set.
 */
class ClockJumpTest {
    private static final Duration YEAR = Duration.ofDays(365);

    /** What the clock is set to, one after the other; beside the true time. */
    private static final List<Duration> SETTINGS = List.of(
            Duration.ofHours(1),
            Duration.ZERO,
            Duration.ofHours(-1),
            Duration.ZERO,
            YEAR,
            Duration.ZERO,
            YEAR.negated(),
            Duration.ZERO);

    /** How many of them set it back: each from one hour and one year ahead to the true time, and from that to behind. */
    private static final int BACK = 4;

    /** By then all that waits is due: qmail's formula tries what is a year old after 63 hours. */
    private static final Duration AT_LAST = Duration.ofDays(4);

    /** A log line is of a setting if its stamp is as near to it as this. */
    private static final Duration NEAR = Duration.ofMinutes(10);

    private static final Pattern STAMP = Pattern.compile("@4([0-9a-f]{15})[0-9a-f]{8} .*");

    /** TAI64 counts from 1970 with ten seconds more. */
    private static final long TAI = 10;

    private static final int CLIENTS = 6;
    private static final String BUSY = "dora@busy.example";

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    @DisplayName("a clock that jumps an hour or a year, ahead and back, under load: nothing is lost, nothing bounces")
    void clockJumps(Form form) throws Exception {
        Optional<Path> library = library();
        assumeTrue(library.isPresent(), "SKIPPED: faketime (libfaketime) is not installed");
        Path setting = Files.createTempFile(Path.of("/tmp"), "ct", ".clock");
        set(setting, Duration.ZERO);
        List<String> within = List.of(
                "env",
                "LD_PRELOAD=" + library.get(),
                "FAKETIME_TIMESTAMP_FILE=" + setting,
                "FAKETIME_CACHE_DURATION=1", // to read it for each look at the clock takes longer than all else
                "FAKETIME_DONT_FAKE_MONOTONIC=1",
                "FAKETIME_FORCE_MONOTONIC_FIX=0"); // or each wait of a Java for so long returns at once
        List<String> init = CarteiroProcess.asRoot() ? List.of("--create-users") : List.of();
        try (var otherHost = SmtpSink.start();
                var busy = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form, within, init)) {
            carteiro.accounts("bob", Load.SENDER);
            carteiro.control("logformat", "tai64n");
            carteiro.control("queuelifetime", "315360000"); // no setting is beyond it: whatever bounces does so wrongly
            carteiro.control(
                    "smtproutes", "busy.example:127.0.0.1:" + busy.port() + "\n:127.0.0.1:" + otherHost.port());
            carteiro.control("rcpthosts", "example.org\nfar.example\nbusy.example");
            busy.refuse(BUSY, "451 4.3.0 too busy");
            carteiro.start();
            InetSocketAddress smtp = carteiro.smtp();
            Load load = Load.ofAllKinds(() -> smtp, 300, otherHost);
            load.start(CLIENTS);
            int waiting = 0;
            for (Duration to : SETTINGS) {
                awaitDeferral(carteiro, smtp, waiting++);
                jump(carteiro, setting, to);
                int before = load.answered();
                carteiro.await("mail after " + to, () -> load.answered() > before + 50);
            }
            awaitDeferral(carteiro, smtp, waiting++);
            assertThat(carteiro.log().stream().filter(line -> line.contains("send: the clock was set back by ")))
                    .hasSize(BACK);
            assertThat(busy.messages()).isEmpty();
            busy.accept(BUSY);
            jump(carteiro, setting, AT_LAST);
            List<String> subjects = IntStream.range(0, waiting)
                    .mapToObj(ClockJumpTest::waitingMessage)
                    .toList();
            carteiro.await("what waited", () -> bodies(busy).containsAll(subjects));
            load.stop();
            System.out.println("clock jumps, " + form + ": " + load.answered() + " answered, "
                    + load.awaitArrival(carteiro) + "; put off before: " + waiting + ", of them arrived more than once "
                    + (busy.messages().size() - waiting) + "; clients met " + load.refusals());
            assertThat(load.refusals()).isEmpty();
            assertThat(carteiro.log()).noneMatch(line -> line.contains("bug"));
            assertThat(carteiro.stop()).isZero();
        } finally {
            Files.delete(setting);
        }
    }

    private static Optional<Path> library() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("/usr/lib"))) {
            return folders.map(folder -> folder.resolve("faketime/libfaketimeMT.so.1"))
                    .filter(Files::exists)
                    .findFirst();
        }
    }

    /** A message that is put off, at the clock's present setting. */
    private static void awaitDeferral(CarteiroProcess carteiro, InetSocketAddress smtp, int number) throws IOException {
        int from = carteiro.logSize();
        try (var client = new SmtpClient(smtp)) {
            assertThat(client.send(Load.SENDER + "@example.org", List.of(BUSY), waitingMessage(number)))
                    .startsWith("250 ");
        }
        carteiro.awaitLog(".* deferral: .*too_busy.*", from);
    }

    private static String waitingMessage(int number) {
        return "Subject: waits " + number + "\n\nfor another day\n";
    }

    private static List<String> bodies(SmtpSink host) {
        return host.messages().stream()
                .map(message -> message.text().substring(message.text().indexOf("Subject: ")))
                .toList();
    }

    /** Returns when send has seen it. */
    private static void jump(CarteiroProcess carteiro, Path setting, Duration to) throws IOException {
        int from = carteiro.logSize();
        set(setting, to);
        carteiro.await(
                "a clock at " + to,
                () -> carteiro.log().stream()
                        .skip(from)
                        .anyMatch(line -> line.contains(" starting delivery ")
                                && distance(line, Instant.now().plus(to)).compareTo(NEAR) < 0));
    }

    private static Duration distance(String line, Instant expected) {
        Matcher stamp = STAMP.matcher(line);
        assertThat(stamp.matches()).as(line).isTrue();
        Instant stamped = Instant.ofEpochSecond(Long.parseLong(stamp.group(1), 16) - TAI);
        return Duration.between(stamped, expected).abs();
    }

    /** Another file by that name at once: none is read half. */
    private static void set(Path setting, Duration to) throws IOException {
        Path next = Files.writeString(
                setting.resolveSibling(setting.getFileName() + ".next"),
                String.format(java.util.Locale.ROOT, "%+d\n", to.toSeconds()));
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--")); // programs are other users
        Files.move(next, setting, StandardCopyOption.ATOMIC_MOVE);
    }
}

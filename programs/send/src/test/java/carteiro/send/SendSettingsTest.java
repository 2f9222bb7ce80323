package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SendSettingsTest {
    @TempDir
    Path home;

    @BeforeEach
    void me() throws IOException {
        Files.createDirectory(home.resolve("control"));
        write("me", "host.example.org\n");
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(file), text);
    }

    private SendSettings read() throws ControlException {
        return SendSettings.read(new Installation(home));
    }

    @Test
    @Covers("qmail:C01")
    void defaultsAreQmails() throws Exception {
        SendSettings settings = read();
        assertThat(settings.local()).isEqualTo(new SendSettings.ChannelLimits(10, 8, new RetryTimes.Squares(10)));
        assertThat(settings.remote()).isEqualTo(new SendSettings.ChannelLimits(20, 15, new RetryTimes.Squares(20)));
        assertThat(settings.lifetime()).isEqualTo(604_800);
        assertThat(settings.bounceFrom()).isEqualTo(new Address("MAILER-DAEMON@host.example.org"));
        assertThat(settings.bounceHost()).isEqualTo("host.example.org");
        assertThat(settings.doubleBounceTo()).contains(new Address("postmaster@host.example.org"));
        assertThat(settings.bounceMaxBytes()).isZero();
    }

    @Test
    @Covers("qmail:S11")
    void concurrencyIsCutAtAThousand() throws Exception {
        write("concurrencylocal", "99999999999999999999\n");
        write("concurrencyremote", "1001\n");
        assertThat(read().local().concurrency()).isEqualTo(1000);
        assertThat(read().remote().concurrency()).isEqualTo(1000);
    }

    @ParameterizedTest(name = "{0} at once: {1} for one")
    @CsvSource({"0, 1", "1, 1", "2, 1", "3, 2", "4, 3", "10, 8", "20, 15", "100, 75", "1000, 750"})
    void oneDestinationNeverHasEverySlotUnlessThereIsBut(int concurrency, int share) throws Exception {
        write("concurrencyremote", concurrency + "\n");
        assertThat(read().remote().perDestination()).isEqualTo(share);
    }

    @Test
    void shareOfADestinationCanBeSet() throws Exception {
        write("concurrencyperhost", "3\n");
        write("concurrencyperuser", "500\n");
        assertThat(read().remote().perDestination()).isEqualTo(3);
        assertThat(read().local().perDestination()).isEqualTo(10);
    }

    @Test
    void retryScheduleReplacesTheFormulaOfItsChannel() throws Exception {
        write("retryschedule", "# ours\nremote: 300 900  3600\n");
        assertThat(read().remote().retries()).isEqualTo(new RetryTimes.Ages(300, 900, 3600));
        assertThat(read().local().retries()).isEqualTo(new RetryTimes.Squares(10));
    }

    @ParameterizedTest(name = "{0} for {1}")
    @CsvSource(delimiter = '|', textBlock = """
            example.org:5           | example.org     |  5 |   0 |     1
            example.org:5:60/m      | EXAMPLE.org     |  5 |  60 |    60
            example.org::500/h      | example.org     |  0 | 500 |  3600
            example.org:1:1/10s     | example.org     |  1 |   1 |    10
            example.org:1:9/24h     | example.org     |  1 |   9 | 86400
            Example.org: 5 : 10/s   | example.org     |  5 |  10 |     1
            .example.org:5          | mx.example.org  |  5 |   0 |     1
            :5:999999/m             | example.org     |  5 | 999999 | 60
            example.org:            | example.org     |  0 |   0 |     1
            """)
    void limitOfADestination(String line, String domain, int atOnce, int most, int seconds) throws Exception {
        write("destinationlimits", "# ours\n" + line + "\n");
        assertThat(read().destinationLimits().find(domain)).contains(new DestinationLimit(atOnce, most, seconds));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            example.org            | "example.org" is not domain:deliveries at once:rate; write such as example.org:5:60/m
            example.org:5:1/s:     | "example.org:5:1/s:" is not domain:deliveries at once:rate; write
            *.example.org:5        | "*.example.org" is no domain; write example.org, .example.org for all below it
            *:5                    | "*" is no domain; write example.org,
            joe@example.org:5      | "joe@example.org" is no domain
            example.org.:5         | "example.org." is no domain
            example.org:0          | "0" is not a number from 1 to 999999; write such as example.org:5
            example.org:1000000    | "1000000" is not a number from 1
            example.org:60/m       | "60/m" is not a number from 1
            example.org:5:60       | "60" is not a rate; write deliveries, a slash and a period of at most 24 hours
            example.org:5:0/m      | "0/m" is not a rate
            example.org:5:1/25h    | "1/25h" is not a rate
            example.org:5:1/99999h | "1/99999h" is not a rate
            example.org:5:1/d      | "1/d" is not a rate
            """)
    void limitThatIsNotUnderstoodIsRefusedWithItsLine(String line, String mistake) throws Exception {
        write("destinationlimits", "example.net:5\n\n" + line + "\n");
        assertThatThrownBy(this::read)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .singleElement()
                                .asString()
                                .startsWith("control/destinationlimits:3: " + mistake));
    }

    @Test
    void everyMistakeIsNamedAtOnce() throws Exception {
        write("retryschedule", "remote:300 300\nlocal:x\nelsewhere:5\nlocal:\n");
        write("concurrencyperhost", "0\n");
        write("queuelifetime", "999999999999\n");
        write("bouncefrom", "x".repeat(1000));
        assertThatThrownBy(this::read)
                .isInstanceOfSatisfying(
                        ControlException.class,
                        e -> assertThat(e.problems())
                                .hasSize(7)
                                .anyMatch(line -> line.startsWith("control/retryschedule:1: \"remote:300 300\""))
                                .anyMatch(line -> line.contains(
                                        "control/retryschedule:2: \"local:x\" is not a list of ascending seconds"))
                                .anyMatch(
                                        line -> line.contains("\"elsewhere:5\" begins with neither local: nor remote:"))
                                .anyMatch(line -> line.contains("concurrencyperhost:1: \"0\" is not a number from 1"))
                                .anyMatch(line -> line.contains("queuelifetime"))
                                .anyMatch(line -> line.contains("bouncefrom:1: makes no address with its host")));
    }

    @Test
    @Covers("qmail:S20")
    void bounceFilesAreRead() throws Exception {
        write("bouncefrom", "daemon\n");
        write("bouncehost", "b.example\n");
        write("doublebounceto", "pm\n");
        write("doublebouncehost", "d.example\n");
        assertThat(read().bounceFrom()).isEqualTo(new Address("daemon@b.example"));
        assertThat(read().doubleBounceTo()).contains(new Address("pm@d.example"));
    }

    @Test
    void emptyDoublebouncetoDiscards() throws Exception {
        write("doublebounceto", "\n");
        assertThat(read().doubleBounceTo()).isEqualTo(Optional.empty());
    }
}

package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.testkit.Covers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The control files of smtpd. */
class SmtpdSettingsTest {
    @TempDir
    Path home;

    private SmtpdSettings read(String... files) throws ControlException {
        for (int i = 0; i < files.length; i += 2) {
            SmtpdOnLoopback.writeControl(home, files[i], files[i + 1]);
        }
        return SmtpdSettings.read(new Installation(home));
    }

    @Test
    @Covers("qmail:C01")
    void meStandsInForTheGreeting() throws Exception {
        SmtpdSettings settings = read("me", "mail.example.org  \nsecond\n");
        assertThat(settings.greeting()).isEqualTo("mail.example.org");
        assertThat(settings.me()).isEqualTo("mail.example.org");
    }

    @Test
    void checkNamesProblemsWithoutStarting() throws Exception {
        read("me", "x\n");
        new Smtpd().check(new Installation(home));
        SmtpdOnLoopback.writeControl(home, "maxrecipients", "5\n");
        assertThatThrownBy(() -> new Smtpd().check(new Installation(home)))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/maxrecipients:1: \"5\" is not a number from 100 to 100000");
    }

    @Test
    void withoutMeAndGreetingNothingStarts() {
        assertThatThrownBy(() -> read("locals", "example.org\n"))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/me: is missing, and so is control/smtpgreeting");
    }

    @Test
    void aNumberThatIsNoneIsRefused() {
        assertThatThrownBy(() -> read("me", "x\n", "databytes", "10M\n", "timeoutsmtpd", "five\n"))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/databytes:1: \"10M\" is not a number", "such as 10485760")
                .hasMessageContaining("control/timeoutsmtpd:1: \"five\" is not a number from 1 to 86400");
        assertThatThrownBy(() -> TcpRules.check(Map.of("DATABYTES", "10M")))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("DATABYTES in the environment: \"10M\" is not a number");
        assertThatCode(() -> TcpRules.check(Map.of("DATABYTES", "10485760"))).doesNotThrowAnyException();
    }

    @Test
    void zeroIsNoLimitOfOctetsAndOneSecond() throws Exception {
        SmtpdSettings settings = read("me", "x\n", "databytes", "0\n", "timeoutsmtpd", "0\n");
        assertThat(settings.databytes()).isEqualTo(SmtpdSettings.NO_LIMIT);
        assertThat(settings.silence()).isEqualTo(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @CsvSource({
        "databytes,67108864",
        "linebytes,1000",
        "timeoutsmtpd,300",
        "timeoutsession,3600",
        "maxrefusals,20",
        "maxidlecommands,100",
        "maxrecipients,1000",
        "concurrencyincoming,10000",
        "concurrencyperclient,200"
    })
    void defaultsReachTheServer(String file, String number) throws Exception {
        SmtpdSettings settings = read("me", "x\n");
        long value = switch (file) {
            case "databytes" -> settings.databytes();
            case "linebytes" -> settings.linebytes();
            case "timeoutsmtpd" -> settings.silence().toSeconds();
            case "timeoutsession" -> settings.conversation().toSeconds();
            case "maxrefusals" -> settings.refusals();
            case "maxidlecommands" -> settings.idleCommands();
            case "maxrecipients" -> settings.recipients();
            case "concurrencyincoming" -> settings.limits().connections();
            default -> settings.limits().connectionsOfOne();
        };
        assertThat(value).isEqualTo(Long.parseLong(number));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,1", "5,3", "398,199", "400,200", "401,200"})
    void withoutALimitOfItsOwnAClientHasHalfOfTheConnectionsAtMost(String all, int ofOne) throws Exception {
        assertThat(read("me", "x\n", "concurrencyincoming", all + "\n").limits().connectionsOfOne())
                .isEqualTo(ofOne);
        assertThat(read("concurrencyperclient", "5000\n").limits().connectionsOfOne())
                .isEqualTo(5000);
    }

    @ParameterizedTest
    @CsvSource({
        "[::]:465,,0.0.0.0:465,tls",
        "[::]:465,tls,0.0.0.0:465,",
        "0.0.0.0:465,,[::]:465,tls",
        "0.0.0.0:465,tls,[::]:465,",
        "[::]:465,,[0::0]:465,tls"
    })
    void aPortHasOneRoleHoweverItsAddressIsWritten(
            String first, @Nullable String firstRole, String second, @Nullable String secondRole) {
        String lines = first + (firstRole == null ? "" : " tls") + "\n" + second + (secondRole == null ? "" : " tls");
        assertThatThrownBy(() -> read("me", "x\n", "smtpdlisten", lines + "\n"))
                .isInstanceOf(ControlException.class)
                .hasMessage("control/smtpdlisten:2: " + second + " is there already by " + first
                        + ", and one port has the same words behind it everywhere");
    }
}

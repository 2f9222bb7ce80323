package carteiro.lookup;

import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.protocol.Lookup.Answer;
import carteiro.testkit.Certificates;
import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** StartTLS and LDAPS against a real slapd. */
final class LdapTlsTest {
    @TempDir
    static Path shared;

    private static Certificates certificates;
    private static Slapd slapd;

    @TempDir
    Path folder;

    private @Nullable TestHome home;

    @BeforeAll
    static void directory() throws Exception {
        Slapd.assume();
        certificates = Certificates.make(shared.resolve("certificates"), "IP:127.0.0.1");
        slapd = Slapd.withTls(shared.resolve("slapd"), Slapd.ACCESS, certificates);
    }

    @AfterAll
    static void noDirectory() throws Exception {
        if (slapd != null) {
            slapd.close();
        }
    }

    @AfterEach
    void end() {
        if (home != null) {
            home.close();
        }
    }

    private TestHome home() {
        return Objects.requireNonNull(home);
    }

    private TestHome home(String server, Path authority) throws Exception {
        TestHome made = LdapExampleTest.example(folder, server + "\n")
                .control("ldapcacerts", Files.readString(authority))
                .control("ldapcachettl", "0\n");
        home = made;
        return made;
    }

    private String plain() {
        return "ldap://127.0.0.1:" + slapd.port;
    }

    private String ldaps() {
        return "ldaps://127.0.0.1:" + slapd.tlsPort;
    }

    private void refused(String word) throws Exception {
        assertThat(home().recipient("joao@example.org")).isInstanceOfSatisfying(Answer.Unresolved.class, notNow -> {
            assertThat(notNow.status()).hasToString("4.4.3");
            assertThat(notNow.reason()).containsIgnoringCase(word);
        });
    }

    @Test
    @Covers("ldap:QL-007")
    void startTlsComesBeforeEverythingElse() throws Exception {
        home(plain(), certificates.authority()).control("ldapstarttls", "required\n");
        String log = slapd.logged(
                () -> assertThat(brief(home().recipient("joao@example.org"))).startsWith("joao:"));
        int startTls = log.indexOf("oid=1.3.6.1.4.1.1466.20037");
        int established = log.indexOf("TLS established");
        int bind = log.indexOf("BIND dn=\"" + Slapd.READER);
        int search = log.indexOf("(mail=joao@example.org)");
        assertThat(startTls).isNotNegative().isLessThan(established);
        assertThat(established).isLessThan(bind);
        assertThat(bind).isLessThan(search);
        try (Slapd without = Slapd.withExample(folder.resolve("without"), Slapd.ACCESS);
                TestHome other = LdapExampleTest.example(folder.resolve("other"), "127.0.0.1:" + without.port + "\n")) {
            other.control("ldapstarttls", "required\n");
            String nothing = without.logged(
                    () -> assertThat(brief(other.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3"));
            assertThat(nothing).doesNotContain("BIND dn=\"" + Slapd.READER);
        }
    }

    @Test
    void optionalStartTlsGoesOnWithoutItOnlyWhereThereIsNone() throws Exception {
        home(plain(), certificates.authority()).control("ldapstarttls", "optional\n");
        String log = slapd.logged(
                () -> assertThat(brief(home().recipient("joao@example.org"))).startsWith("joao:"));
        assertThat(log).contains("TLS established");
        try (Slapd without = Slapd.withExample(folder.resolve("without"), Slapd.ACCESS);
                TestHome other = LdapExampleTest.example(folder.resolve("other"), "127.0.0.1:" + without.port + "\n")) {
            other.control("ldapstarttls", "optional\n");
            assertThat(brief(other.recipient("joao@example.org"))).startsWith("joao:");
        }
    }

    @Test
    void ldapsFindsTheSame() throws Exception {
        home(ldaps(), certificates.authority());
        String log = slapd.logged(
                () -> assertThat(brief(home().recipient("joao@example.org"))).startsWith("joao:"));
        assertThat(log).contains("TLS established").doesNotContain("1466.20037");
    }

    @Test
    void anAuthorityWeDoNotKnowIsRefused() throws Exception {
        Certificates stranger = Certificates.make(folder.resolve("stranger"), "IP:127.0.0.1");
        home(ldaps(), stranger.authority());
        refused("certificat");
        assertThat(home().log()).contains("warning: lookup: directory server " + ldaps() + " is not used");
    }

    @Test
    void anAuthorityWeDoNotKnowIsRefusedAfterStartTlsToo() throws Exception {
        Certificates stranger = Certificates.make(folder.resolve("stranger"), "IP:127.0.0.1");
        home(plain(), stranger.authority()).control("ldapstarttls", "optional\n");
        String log = slapd.logged(() -> refused("certificat"));
        assertThat(log).doesNotContain("BIND dn=\"" + Slapd.READER);
    }

    @Test
    void theAuthoritiesOfJavaDoNotKnowUs() throws Exception {
        home(ldaps(), certificates.authority());
        Files.delete(home().installation.control("ldapcacerts"));
        refused("certificat");
    }

    @Test
    void aCertificateOfAnotherNameIsRefused() throws Exception {
        Certificates other = Certificates.make(folder.resolve("certificates"), "DNS:other.example");
        try (Slapd wrong = Slapd.withTls(folder.resolve("wrong"), Slapd.ACCESS, other)) {
            home("ldaps://127.0.0.1:" + wrong.tlsPort, other.authority());
            refused("127.0.0.1");
            home().close();
            home = LdapExampleTest.example(folder.resolve("starttls"), "127.0.0.1:" + wrong.port + "\n")
                    .control("ldapcacerts", Files.readString(other.authority()))
                    .control("ldapstarttls", "required\n");
            String log = wrong.logged(() -> refused("127.0.0.1"));
            assertThat(log).doesNotContain("BIND dn=\"" + Slapd.READER);
        }
    }

    @Test
    void certificatesThatAreNoneAreAMistakeAtTheStart() throws Exception {
        home(ldaps(), certificates.authority()).control("ldapcacerts", "hello\n");
        assertThatThrownBy(home()::lookup)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/ldapcacerts");
        home().control("ldapcacerts", "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(home()::lookup)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/ldapcacerts");
    }
}

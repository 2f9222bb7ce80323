package carteiro.demo;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.posix.UnixId;
import com.unboundid.ldap.sdk.LDAPConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoRemoteHostTest {
    @TempDir
    Path folder;

    private DemoMessage message(String mark) {
        return new DemoMessage(
                "another host", "ann@example.org", "carl@partner.example", "Hello", List.of(folder), mark);
    }

    @Test
    void whatAVisitorSendsIsKeptAndFound() throws Exception {
        try (var neighbour = DemoRemoteHost.start(folder)) {
            assertThat(new DemoClient(neighbour.port()).send("ann@example.org", "carl@partner.example", "Hello"))
                    .isInstanceOf(DemoClient.ServerResponse.Taken.class);
            assertThat(folder.resolve("message-1")).content().contains("Subject: Hello\n", "sent by the demo");
            assertThat(message("Subject: Hello\n").arrived()).isTrue();
            assertThat(message("Subject: Hello there\n").arrived()).isFalse();
        }
    }

    @Test
    void nobodyNamedGoneIsThere() throws Exception {
        try (var neighbour = DemoRemoteHost.start(folder)) {
            assertThat(new DemoClient(neighbour.port()).send("ann@example.org", "gone@partner.example", "Hello"))
                    .isEqualTo(new DemoClient.ServerResponse.RecipientRejected(
                            "550 5.1.1 nobody here has that name (any more)"));
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void theDirectoryHasItsPeopleWithTheirMailboxes() throws Exception {
        try (var directory = DemoDirectory.start(Path.of("/the/mail"), 41_001, 41_002);
                var connection = new LDAPConnection("127.0.0.1", directory.port())) {
            var ann = Objects.requireNonNull(connection.getEntry("uid=ann,ou=people," + DemoDirectory.BASE));
            assertThat(ann.getAttributeValue("homeDirectory")).isEqualTo("/the/mail/ann");
            assertThat(ann.getAttributeValueAsInteger("qmailUID")).isEqualTo(41_001);
            assertThat(ann.getAttributeValueAsInteger("qmailGID")).isEqualTo(41_002);
        }
    }

    @Test
    void idsStandInTheDirectoryWithoutASign() throws Exception {
        try (var directory =
                        DemoDirectory.start(Path.of("/the/mail"), UnixId.of(4_000_000_000L), UnixId.of(UnixId.MOST));
                var connection = new LDAPConnection("127.0.0.1", directory.port())) {
            var ann = Objects.requireNonNull(connection.getEntry("uid=ann,ou=people," + DemoDirectory.BASE));
            assertThat(ann.getAttributeValue("qmailUID")).isEqualTo("4000000000");
            assertThat(ann.getAttributeValue("qmailGID")).isEqualTo("4294967294");
        }
    }
}

package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Status;
import carteiro.protocol.EndpointServer.CallerRole;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.wire.FrameWriter;
import carteiro.wire.Watchdog;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What lookup tells whom. */
class LookupWireTest {
    private static final int OWNER = 4711;

    /** Knows one account, and one address that it cannot tell of now. */
    private static final Lookup LOOKUP = new Lookup() {
        @Override
        public RecipientAnswer recipient(LookupQuestion question) {
            return new RecipientAnswer(
                    "example.org", true, new AddressVerdict.Undecided(new Status(4, 3, 0), "ldap1.example is away"));
        }

        @Override
        public Answer account(LookupQuestion question) {
            return question.recipient().localPart().equals("joe")
                    ? new Answer.Account(
                            new AccountIdentity("joe", OWNER, 100),
                            new AccountHome("/home/joe", "", ""),
                            new DeliveryInstructions.DirectoryInstructions(
                                    "",
                                    Lookup.Mailbox.KEEP,
                                    List.of("secret-program"),
                                    List.of(),
                                    Lookup.DotFiles.IGNORED))
                    : new Answer.Unresolved(new Status(4, 3, 0), "ldap1.example is away");
        }
    };

    private static String told(String wanted, String recipient, CallerRole standing, int uid) throws IOException {
        var question = new ByteArrayOutputStream();
        FrameWriter.marked('#')
                .put(1)
                .put(wanted)
                .put(Lookup.LookupPurpose.DELIVER.name())
                .put(recipient)
                .put("")
                .write(question);
        var answer = new ByteArrayOutputStream();
        try (var watchdog = new Watchdog()) {
            LookupWire.server(LOOKUP, watchdog)
                    .serve(
                            new BufferedInputStream(new ByteArrayInputStream(question.toByteArray())),
                            answer,
                            new EndpointServer.Caller(uid, "x", standing, Channels.newChannel(answer), e -> {
                                throw new AssertionError(e);
                            }));
        }
        return answer.toString(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest(name = "{0} with uid {1}")
    @CsvSource({"OWN, 0, true", "GUEST, 4711, true", "NEIGHBOUR, 4711, true", "NEIGHBOUR, 12, false", "GUEST, 12, false"
    })
    void theCommandsOfAnAccountAreToldToRootAndToItsOwnUserAlone(CallerRole standing, int uid, boolean all)
            throws Exception {
        String told = told("A", "joe@example.org", standing, uid);
        if (all) {
            assertThat(told).contains("account", "/home/joe", "secret-program");
        } else {
            assertThat(told)
                    .contains("notnow", "this is told to root and to the account's own user alone")
                    .doesNotContain("/home/joe", "secret-program");
        }
    }

    @ParameterizedTest(name = "{0} asks {1}")
    @CsvSource({
        "OWN, A, true",
        "OWN, R, true",
        "NEIGHBOUR, R, true",
        "NEIGHBOUR, A, false",
        "GUEST, R, false",
        "GUEST, A, false"
    })
    void whyAnAddressCannotBeToldOfNowIsForOurOwnPrograms(CallerRole standing, String wanted, boolean why)
            throws Exception {
        String told = told(wanted, "ann@example.org", standing, 12);
        assertThat(told).contains("notnow", why ? "ldap1.example is away" : "the log of lookup says why");
        assertThat(told.contains("ldap1.example")).isEqualTo(why);
    }
}

package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.CdbWriter;
import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.Lookup;
import carteiro.protocol.LookupExplanation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** carteiro explain, of what smtpd would answer. */
class ExplainPolicyTest {
    @TempDir
    Path home;

    private KnownAddresses known;

    private record Explained(int code, String out, String err) {}

    /** The lookup of these tests, without any wire. */
    private final class ExplainedAddresses implements LookupExplanation {
        @Override
        public Lookup.RecipientAnswer recipient(
                Installation installation, Lookup.LookupQuestion question, EventLog log, Consumer<String> steps)
                throws ControlException, IOException {
            steps.accept("test: looked for " + question.recipient());
            return known.recipient(question);
        }

        @Override
        public RoutingView routing(Installation installation) {
            throw new UnsupportedOperationException("the policy asks for no routes");
        }

        @Override
        public List<RoutingFinding> findings(Installation installation) {
            throw new UnsupportedOperationException("the policy asks for no findings");
        }
    }

    @BeforeEach
    void files() {
        known = new KnownAddresses(home);
        control("me", "mail.example.org\n");
        control("locals", "example.org\nmail.example.org\n");
        control("rcpthosts", "example.org\nbackup.example\n.sub.example\n");
    }

    private void control(String name, String text) {
        SmtpdOnLoopback.writeControl(home, name, text);
    }

    private Explained explain(String... words) {
        var arguments = new ArrayList<>(List.of("--home", home.toString()));
        arguments.addAll(List.of(words));
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = new Invocation(arguments, Map.of(), new ByteArrayInputStream(new byte[0]), out, err)
                .run("explain", call -> ExplainPolicy.run(call, new ExplainedAddresses()));
        return new Explained(code, Octets.text(out.toByteArray()), Octets.text(err.toByteArray()));
    }

    @Test
    void theWordsOfAListenerCount() {
        control("smtpdlisten", "[::]:25\n127.0.0.1:587 submission proxy\n");
        control("tcp.smtp", "192.0.2.8:allow,RELAYCLIENT=\"\"\n:allow\n");
        Explained stranger = explain("--client", "192.0.2.7", "--listener", "127.0.0.1:587", "bob@example.org");
        assertThat(stranger.out())
                .startsWith("connected from 192.0.2.7 to 127.0.0.1:587 (submission proxy)\n")
                .contains("\n  R35 submission refuses: it has neither logged in nor RELAYCLIENT in control/tcp.smtp\n")
                .endsWith("  530 5.7.0 this port is for users of this host alone, log in first [R35]\n");
        assertThat(stranger.code()).isEqualTo(100);
        Explained user = explain("--client", "192.0.2.8", "--listener", "127.0.0.1:587", "bob@example.org");
        assertThat(user.out()).contains("\n  R35 submission goes on: the client may send to anywhere (RELAYCLIENT)\n");
        assertThat(user.code()).isZero();
        assertThat(explain("--client", "192.0.2.7", "--listener", "[::]:25", "bob@example.org")
                        .out())
                .startsWith("connected from 192.0.2.7 to [::]:25\n")
                .doesNotContain("R35");
        Explained unknown = explain("--client", "192.0.2.7", "--listener", "[::]:26", "bob@example.org");
        assertThat(unknown.err())
                .isEqualTo("explain: control/smtpdlisten has no \"[::]:26\"; write an address as it stands there\n");
        assertThat(unknown.code()).isEqualTo(100);
    }

    @Test
    void eachStageHasItsRulesTheirSettingsAndTheReply() {
        control("badmailfrom", "@bad.example\n");
        control("tcp.smtp", "192.0.2.:allow,DATABYTES=\"5000\"\n");
        Explained told =
                explain("--from", "s@x.example", "--client", "192.0.2.7", "--helo", "pc", "bob@example.org", "x@y.z");
        assertThat(told.out()).isEqualTo("""
                connected from 192.0.2.7
                  R03 tcp.smtp (allow,DATABYTES="5000") goes on: the client is served
                  220 mail.example.org ESMTP
                greeted by EHLO pc
                  250 mail.example.org
                sender: MAIL FROM:<s@x.example>
                  R22 file-names (they are UTF-8) goes on: file names here can hold the addresses
                  R40 databytes (5000 octets) goes on: what was announced is within the limit
                  250 2.1.0 ok
                recipient: RCPT TO:<bob@example.org>
                  R31 maxrecipients (1000) goes on: there is room for one more
                  R30 badmailfrom (1 line) goes on: the sender is not in it
                  R20 address-length (1000 octets) goes on: the address is not too long
                  R32 rcpthosts (3 domains) goes on: the domain is in locals or virtualdomains
                    test: looked for <bob@example.org>
                  R33 unknown-recipient goes on: lookup knows it
                  250 2.1.5 ok
                recipient: RCPT TO:<x@y.z>
                  R31 maxrecipients (1000) goes on: there is room for one more
                  R30 badmailfrom (1 line) goes on: the sender is not in it
                  R20 address-length (1000 octets) goes on: the address is not too long
                  R32 rcpthosts (3 domains) refuses: domain is not in rcpthosts
                    test: looked for <x@y.z>
                  553 5.7.1 that domain is not in my list of rcpthosts [R32]
                message: what is looked at when it comes
                  R40 databytes (5000 octets)
                  R42 nul-octets
                  R41 linebytes (1000 octets)
                  R13 line-ends
                  R43 hops (100)
                """);
        assertThat(told.code()).isEqualTo(100);
        assertThat(told.err()).isEmpty();
    }

    /** The last reply of explain is that of a conversation. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            s@x.example      | bob@example.org        | 250 | 0
            s@x.example      | nobody@example.org     | 550 | 100
            s@x.example      | gone@example.org       | 550 | 100
            s@x.example      | away@example.org       | 451 | 111
            s@x.example      | x@backup.example       | 250 | 0
            s@x.example      | x@a.sub.example        | 250 | 0
            s@x.example      | x@foreign.example      | 553 | 100
            s@x.example      | elsewhere@example.org  | 250 | 0
            s@bad.example    | bob@example.org        | 553 | 100
            s@x.example      | bob@[127.0.0.1]        | 250 | 0
            s@x.example      | bob@example.org> FOO=1 | 555 | 100
            s@x.example      | ''                     | 501 | 100
            s@x> FOO=1       | bob@example.org        | 555 | 100
            ''               | bob@example.org        | 250 | 0
            """)
    void theReplyIsThatOfSmtpd(String sender, String recipient, String begin, int code) throws Exception {
        Explained told;
        String reply;
        try (var smtpd = SmtpdOnLoopback.start(home, "badmailfrom", "@bad.example\n");
                var client = smtpd.connect()) {
            reply = client.expect("220 ")
                    .say("HELO pc", "250 ")
                    .send("MAIL FROM:<" + sender + ">\r\n")
                    .reply();
            if (reply.startsWith("250")) {
                reply = client.send("RCPT TO:<" + recipient + ">\r\n").reply();
            }
            told = explain("--from=" + sender, "--client=127.0.0.1", "--helo=pc", recipient);
        }
        assertThat(reply).startsWith(begin);
        assertThat(told.out().replaceAll("(?s)message: .*", "")).endsWith("\n  " + reply + "\n");
        assertThat(told.code()).isEqualTo(code);
    }

    @Test
    void aVerdictIsToldByTheRuleThatItsReplyNames() {
        Explained told = explain("--client", "192.0.2.7", "away@example.org");
        assertThat(told.out()).endsWith("""
                  R32 rcpthosts (3 domains) goes on: the domain is in locals or virtualdomains
                    test: looked for <away@example.org>
                  R34 undecided-recipient not now: directory ldap://secret does not answer
                  451 4.4.3 cannot tell now whether this address exists [R34]
                """);
        assertThat(told.code()).isEqualTo(111);
    }

    @Test
    void aDeniedClientReadsOneReply() {
        control("tcp.smtp", "192.0.2.:deny\n");
        Explained told = explain("--client", "192.0.2.7", "bob@example.org");
        assertThat(told.out()).isEqualTo("""
                connected from 192.0.2.7
                  R03 tcp.smtp (deny) refuses: control/tcp.smtp denies it
                  554 5.7.1 no service for you here [R03]
                """);
        assertThat(told.code()).isEqualTo(100);
        assertThat(explain("--client", "2001:db8::7", "bob@example.org").code()).isZero();
    }

    @Test
    void aSenderAtALiteralOfThisHostHasItsNameHereToo() {
        control("localiphost", "own.example\n");
        control("badmailfrom", "@own.example\n");
        assertThat(explain("--client", "192.0.2.7", "--from", "s@[127.0.0.1]", "bob@example.org")
                        .out())
                .contains("\n  R30 badmailfrom (1 line) refuses: sender is in badmailfrom\n");
    }

    @Test
    void whatRelayclientAppendsIsTold() {
        control("tcp.smtp", "192.0.2.:allow,RELAYCLIENT=\"@backup.example\"\n");
        assertThat(explain("--client", "192.0.2.7", "x@far.example").out())
                .contains("it is kept as <x@far.example@backup.example>\n  250 2.1.5 ok\n");
    }

    @Test
    void whyMailMayGoToAnotherHostIsTold() throws Exception {
        control("tcp.smtp", "192.0.2.9:allow,RELAYCLIENT=\"\"\n");
        assertThat(explain("--client", "192.0.2.7", "x@backup.example").out())
                .contains("\n  R32 rcpthosts (3 domains) goes on: the domain is in rcpthosts\n");
        assertThat(explain("--client", "192.0.2.7", "elsewhere@example.org").out())
                .contains(
                        "\n  R33 unknown-recipient goes on: lookup calls it remote, and the domain is in rcpthosts\n");
        try (var cdb =
                new CdbWriter(home.resolve("control/morercpthosts.cdb"), home.resolve("control/morercpthosts.tmp"))) {
            cdb.add("more.example", "");
            cdb.commit();
        }
        assertThat(explain("--client", "192.0.2.7", "x@more.example").out())
                .contains("\n  R32 rcpthosts (3 domains, morercpthosts) goes on: the domain is in morercpthosts\n");
        assertThat(explain("--client", "192.0.2.9", "x@far.example").out())
                .contains(
                        "\n  R32 rcpthosts (3 domains, morercpthosts) goes on: the client may relay by RELAYCLIENT\n");
        control("openrelay", "yes\n");
        assertThat(explain("--client", "192.0.2.7", "x@far.example").out())
                .contains("\n  R32 rcpthosts (3 domains, morercpthosts, openrelay yes) goes on: anybody may relay by"
                        + " openrelay\n");
    }

    @Test
    void codesAreShownAsTheClientWouldReadThem() {
        control("rulecodes", "0\n");
        assertThat(explain("--client", "192.0.2.7", "x@far.example").out())
                .contains("\n  553 5.7.1 that domain is not in my list of rcpthosts\n");
    }

    @Test
    void whatCouldSteerATerminalIsNotShown() {
        Explained told = explain("--client", "192.0.2.7", "--helo", "a\u001b[2Jb\n  250 no", "x\u0007@example.org");
        assertThat(told.out()).contains("greeted by EHLO a_[2Jb_  250 no\n").doesNotContain("\u001b", "\u0007");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bob@example.org",
                "--client 192.0.2.7",
                "--client host.example bob@example.org",
                "--client 192.0.2.7 --size 5 bob@example.org",
                "--client 192.0.2.7 bob@example.org --from"
            })
    void wrongUsageIsTold(String words) {
        Explained told = explain(words.split(" "));
        assertThat(told.code()).isEqualTo(100);
        assertThat(told.err()).startsWith("explain: usage: carteiro explain [--home DIR] --client IP ");
    }

    @Test
    void aMistakeInTheControlFilesIsTold() {
        control("maxrecipients", "many\n");
        Explained told = explain("--client", "192.0.2.7", "bob@example.org");
        assertThat(told.code()).isEqualTo(111);
        assertThat(told.err()).startsWith("explain: control/maxrecipients:1: \"many\" is not a number");
    }
}

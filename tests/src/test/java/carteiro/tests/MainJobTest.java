package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.AlsoAsOrdinaryUser;
import carteiro.testkit.Covers;
import carteiro.testkit.DnsOnLoopback;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Receive, queue, send, deliver: each way through the product, in both forms. */
@AlsoAsOrdinaryUser
class MainJobTest {
    private static final String MESSAGE =
            "From: ann@example.net\nTo: bob@example.org\nSubject: hello\n\n.a dot\nbody\n";

    @ParameterizedTest
    @EnumSource
    @DisplayName("a message by SMTP goes to a Maildir, octet for octet below the fields an MTA adds")
    void smtpToMaildir(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                        .startsWith("250 ");
            }
            List<String> mailbox = carteiro.awaitMailbox("bob", 1);
            assertThat(mailbox).hasSize(1);
            assertThat(mailbox.getFirst())
                    .startsWith("Return-Path: <ann@example.net>\nDelivered-To: bob@example.org\nReceived: from ")
                    .endsWith(MESSAGE);
            String number = carteiro.awaitLog("new msg \\d+").substring("new msg ".length());
            carteiro.awaitLog("info msg " + number + ": bytes \\d+ from <ann@example.net> qp " + number + " uid \\d+");
            carteiro.awaitLog("starting delivery 1: msg " + number + " to local bob@example.org");
            carteiro.awaitLog("delivery 1: success: did_1\\+0\\+0/");
            carteiro.awaitLog("end msg " + number);
            assertThat(carteiro.stop()).isZero();
            assertThat(carteiro.log()).noneMatch(line -> line.contains("waiting for"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("an unknown recipient is refused in the dialogue, and nothing is queued")
    void unknownRecipient(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("MAIL FROM:<ann@example.net>");
                assertThat(client.say("RCPT TO:<nobodyhere@example.org>")).startsWith("550 5.1.1 ");
                assertThat(client.say("RCPT TO:<x@elsewhere.example>")).startsWith("553 5.7.1 ");
                assertThat(client.say("RCPT TO:<bob@example.org>")).startsWith("250 ");
            }
            assertThat(carteiro.log()).noneMatch(line -> line.startsWith("new msg"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(".qmail files: forward, program, alias, -default; each line does its work")
    @Covers({"qmail:L11", "qmail:L28"})
    void dotQmailLines(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob", "carol");
            carteiro.dotQmail("bob", ".qmail-both", "./Maildir/\n&carol@example.org\n");
            carteiro.dotQmail("bob", ".qmail-prog", "|cat > seen; pwd >> seen\n");
            carteiro.dotQmail("bob", ".qmail-list-default", "carol@example.org\n");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                for (String to : List.of("bob-both", "bob-prog", "bob-list-anything")) {
                    assertThat(client.send("ann@example.net", List.of(to + "@example.org"), MESSAGE))
                            .startsWith("250 ");
                }
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(carteiro.awaitMailbox("carol", 2))
                    .allMatch(message -> message.contains("Delivered-To: bob-") && message.endsWith(MESSAGE));
            carteiro.await(
                    "the program's output",
                    () -> Files.exists(carteiro.accountHome("bob").resolve("seen")));
            carteiro.awaitLog("delivery \\d+: success: did_0\\+0\\+1/");
            assertThat(Files.readString(carteiro.accountHome("bob").resolve("seen")))
                    .endsWith(MESSAGE + carteiro.accountHome("bob") + "\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a message for another host leaves by remote; a refused recipient comes back as a bounce")
    void remoteAndBounce(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            sink.refuse("nobody@far.example", "550 5.1.1 no such person");
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("bob@example.org", List.of("dora@far.example", "nobody@far.example"), MESSAGE);
            }
            carteiro.await("the message at the sink", () -> sink.messages().size() == 1);
            assertThat(sink.messages().getFirst().recipients()).containsExactly("dora@far.example");
            assertThat(sink.messages().getFirst().text()).endsWith(MESSAGE);
            String bounce = carteiro.awaitMailbox("bob", 1).getFirst();
            assertThat(bounce)
                    .contains("\nSubject: failure notice\n")
                    .contains("\nHi. This is the ")
                    .contains("\n<nobody@far.example>:\n")
                    .contains("550 5.1.1 no such person")
                    .contains("\n--- Below this line is a copy of the message.\n\nReturn-Path: <bob@example.org>\n")
                    .endsWith(MESSAGE);
            carteiro.awaitLog("bounce msg \\d+ qp \\d+");
        }
    }

    @Test
    @DisplayName("trace tells from the log what was delivered, what waits, what bounced and what smtpd refused")
    void trace() throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.control("logformat", "json");
            carteiro.start();
            sink.refuse("nobody@far.example", "550 5.1.1 no such person");
            sink.refuse("later@far.example", "451 4.7.1 come back later");
            String told;
            try (var client = new SmtpClient(carteiro.smtp())) {
                told = client.send(
                        "bob@Example.org",
                        List.of("bob@example.org", "nobody@far.example", "dora@far.example"),
                        MESSAGE);
                client.send("bob@example.org", List.of("later@far.example"), MESSAGE);
                client.say("MAIL FROM:<bob@example.org>");
                client.say("RCPT TO:<nobodyhere@example.org>");
                client.say("QUIT");
            }
            carteiro.awaitMailbox("bob", 2);
            carteiro.awaitLog(".*delivery \\d+: deferral: .*");
            carteiro.awaitLog(".*smtpd: session client .*");
            String number = told.strip().replaceAll(".* qp (\\d+)", "$1");
            String bounce = carteiro.awaitLog(".*bounce msg " + number + " qp \\d+.*")
                    .replaceAll(".* msg \\d+ qp (\\d+).*", "$1");
            carteiro.awaitLog(".*end msg " + bounce + "\\b.*");
            carteiro.awaitLog(".*end msg " + number + "\\b.*");
            assertThat(carteiro.stop()).isZero();
            String log = String.join("\n", carteiro.log());

            String stamp = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}  +";
            String story = carteiro.commandWithInput(log, "carteiro.tools.Trace", told.strip())
                    .output();
            assertThat(story)
                    .containsPattern("(?m)^message " + number + " from <bob@Example.org>, \\d+ octets$")
                    .containsPattern("(?m)^  " + stamp + "accepted by smtpd from 127.0.0.1, for 3 recipients, ")
                    .containsPattern("(?m)^  " + stamp + "taken by send, handed in by uid \\d+$")
                    .containsPattern(
                            "(?m)^  " + stamp + "its session: client 127.0.0.1 as .*, without TLS, messages 2,")
                    .containsPattern("to local bob@example.org\n  " + stamp + "delivery \\d+\n  " + stamp
                            + "delivered: did_1\\+0\\+0/\n")
                    .containsPattern("to remote nobody@far.example\n  " + stamp + "delivery \\d+\n  " + stamp
                            + "failed: .*550_5.1.1_no_such_person")
                    .containsPattern(
                            "to remote dora@far.example\n  " + stamp + "delivery \\d+\n  " + stamp + "delivered: ")
                    .containsPattern("(?m)^  " + stamp + "bounced to <bob@Example.org>, qp \\d+\n  " + stamp + "ended$")
                    .containsPattern("(?m)^message \\d+ from <>, \\d+ octets, the bounce of message " + number + "$")
                    .doesNotContain("later@far.example");
            assertThat(carteiro.commandWithInput(log, "carteiro.tools.Trace", "bob@example.ORG", "-")
                            .output())
                    .containsPattern("to remote later@far.example\n  " + stamp + "delivery \\d+\n  " + stamp
                            + "deferred: .*451_4.7.1_come_back_later.*\n +still waiting\n +\\(not ended")
                    .containsPattern(
                            "other lines that name it\n  " + stamp
                                    + "smtpd: refused RCPT <nobodyhere@example.org> from <bob@example.org> client 127.0.0.1: 550 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a local user's message by qmail-inject and by sendmail -t is delivered")
    void localUser(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            carteiro.commandWithInput("To: bob@example.org\n\nby inject\n", "carteiro.inject.QmailInject");
            carteiro.commandWithInput("To: bob@example.org\n\nby sendmail\n", "carteiro.inject.Sendmail", "-t", "-oi");
            assertThat(carteiro.awaitMailbox("bob", 2))
                    .anyMatch(message -> message.endsWith("\n\nby inject\n"))
                    .anyMatch(message -> message.endsWith("\n\nby sendmail\n"))
                    .allMatch(message -> message.contains("\nReceived: (qmail "));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a .qmail loop ends in a bounce, not in a storm")
    @Covers("qmail:L31")
    void loop(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob", "carol");
            carteiro.dotQmail("bob", ".qmail-loop", "&carol-loop@example.org\n");
            carteiro.dotQmail("carol", ".qmail-loop", "&bob-loop@example.org\n");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("carol@example.org", List.of("bob-loop@example.org"), MESSAGE);
            }
            assertThat(carteiro.awaitMailbox("carol", 1).getFirst()).contains("(#5.4.6)");
            assertThat(carteiro.log().stream().filter(line -> line.startsWith("new msg")))
                    .hasSizeLessThan(8);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a missing home defers; when it is there the message is delivered")
    void missingHome(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            var home = carteiro.accountHome("bob");
            var away = home.resolveSibling("away");
            Files.move(home, away);
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("MAIL FROM:<ann@example.net>");
                String reply = client.say("RCPT TO:<bob@example.org>");
                assertThat(reply).startsWith("250 ");
                client.say("RSET");
                client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
            }
            carteiro.awaitLog("delivery \\d+: deferral: .*");
            Files.move(away, home);
            carteiro.control(Verb.ALARM, "send");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("stopping and starting in order loses nothing and leaves nothing running")
    void restart(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            carteiro.control(Verb.STOP, "local");
            try (var client = new SmtpClient(carteiro.smtp())) {
                for (int i = 0; i < 20; i++) {
                    client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
                }
            }
            assertThat(carteiro.stop()).isZero();
            assertThat(carteiro.mailbox("bob")).isEmpty();
            carteiro.start();
            assertThat(carteiro.awaitMailbox("bob", 20)).hasSize(20);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("the DNS servers of control/dnsservers are asked; what they cannot tell waits, what they deny bounces")
    void dns(Form form) throws Exception {
        try (var dns = DnsOnLoopback.start(
                        "relay.example. 60 IN A 127.0.0.1",
                        "here.example. 60 IN MX 10 mx.here.example.",
                        "mx.here.example. 60 IN A 127.0.0.1",
                        "null.example. 60 IN MX 0 .");
                var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            dns.fails("broken.example.");
            carteiro.accounts("bob");
            carteiro.control("dnsservers", dns.server());
            carteiro.control("smtproutes", "far.example:relay.example:" + sink.port());
            List<String> hosts = List.of("far.example", "here.example", "null.example", "gone.example");
            carteiro.control("rcpthosts", "broken.example\n" + String.join("\n", hosts));
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("bob@example.org", List.of("dora@broken.example"), MESSAGE);
                for (String host : hosts) {
                    client.send("bob@example.org", List.of("dora@" + host), MESSAGE);
                }
            }
            carteiro.await("the message at the sink", () -> sink.messages().size() == 1);
            assertThat(String.join("\n", carteiro.awaitMailbox("bob", 3))) // bounces
                    .contains("(#5.4.6)", "(#5.1.10)", "(#5.1.2)")
                    .doesNotContain("broken.example");
            carteiro.awaitLog("delivery \\d+: deferral: DNS_lookup_of_broken.example_failed.*");
            dns.forgets("broken.example.").knows("broken.example. 60 IN MX 0 .");
            carteiro.control(Verb.ALARM, "send");
            assertThat(carteiro.awaitMailbox("bob", 4)).anyMatch(message -> message.contains("dora@broken.example"));
        }
    }

    @Test
    @DisplayName("started by root each program is its own user, in no other group, and without root's privilege")
    @Covers("qmail:A01")
    void ownUsers() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can run programs as others");
        var inGroups = List.of("setpriv", "--groups", "41777,41778", "--"); // as the shell of root often is
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT, inGroups, List.of())) {
            carteiro.start();
            var users = new TreeMap<String, String>();
            for (var program : carteiro.programs().entrySet()) {
                Path process = Path.of("/proc/" + program.getValue().pid());
                String user = Files.getOwner(process).getName();
                users.put(program.getKey(), user);
                if (!user.equals("root")) {
                    String id = CarteiroProcess.run(List.of("id", "-u", user), Map.of(), "")
                            .output()
                            .strip();
                    String group = CarteiroProcess.run(List.of("id", "-g", user), Map.of(), "")
                            .output()
                            .strip();
                    assertThat(Files.readString(process.resolve("status"))
                                    .lines()
                                    .map(MainJobTest::words))
                            .as(program.getKey())
                            .contains(
                                    "Uid: %1$s %1$s %1$s %1$s".formatted(id),
                                    "Gid: %1$s %1$s %1$s %1$s".formatted(group),
                                    "CapPrm: 0000000000000000",
                                    "CapEff: 0000000000000000")
                            .anyMatch(line -> line.equals("Groups:") || line.equals("Groups: " + group));
                }
            }
            assertThat(users)
                    .isEqualTo(Map.of(
                            "smtpd", "qmaild",
                            "queue", "qmailq",
                            "clean", "qmailq",
                            "send", "qmails",
                            "remote", "qmailr",
                            "lookup", "qmailp",
                            "local", "root"));
        }
    }

    private static String words(String line) {
        return line.strip().replaceAll("\\s+", " ");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a second instance on the same home is refused")
    @Covers("qmail:A04")
    void secondInstance(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.start();
            var command = new java.util.ArrayList<>(CarteiroProcess.java());
            command.addAll(List.of(
                    "carteiro.start.Start", "run", "--home", carteiro.home().toString()));
            var second = CarteiroProcess.run(command, Map.of(), "");
            assertThat(second.exit()).isEqualTo(111);
            assertThat(second.output()).containsPattern(Pattern.compile("alert: cannot start: .+"));
            assertThat(carteiro.process().isAlive()).isTrue();
        }
    }

    @Test
    @DisplayName("what root's init has written runs as it is: port 25, IPv4 and IPv6, mail for the postmaster")
    void initThenRun() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root may listen on port 25");
        List<String> network = List.of("unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh");
        var own = CarteiroProcess.run(with(network, "true"), Map.of(), "");
        assumeTrue(own.exit() == 0, "SKIPPED: this root may not make a network of its own: " + own.output());
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT, network, List.of("--create-users"))) {
            for (String file : List.of("smtpdlisten", "locals", "rcpthosts", "defaultdelivery")) {
                Files.delete(carteiro.home().resolve("control").resolve(file));
            }
            String home = carteiro.home().toString();
            carteiro.command(
                    "carteiro.start.Start",
                    "init",
                    "--home",
                    home,
                    "--me=mail.example.org",
                    "--delivery",
                    "./Maildir/");
            carteiro.start();
            Path mailbox = carteiro.home().resolve("alias/Maildir/new");
            for (String host : List.of("127.0.0.1", "[::1]")) {
                if (host.equals("[::1]") && !Files.exists(Path.of("/proc/net/if_inet6"))) {
                    continue;
                }
                var sent = CarteiroProcess.run(
                        List.of(
                                "nsenter",
                                "--net=/proc/" + carteiro.process().pid() + "/ns/net",
                                "curl",
                                "-sS",
                                "smtp://" + host,
                                "--mail-from",
                                "ann@example.net",
                                "--mail-rcpt",
                                "postmaster@mail.example.org",
                                "-T",
                                "-"),
                        Map.of(),
                        MESSAGE.replace("\n", "\r\n"));
                assertThat(sent.exit()).as(sent.output()).isZero();
                int wanted = host.equals("[::1]") ? 2 : 1;
                carteiro.await("mail for the postmaster", () -> mailbox.toFile().list().length == wanted);
            }
        }
    }

    private static List<String> with(List<String> command, String... more) {
        return Stream.concat(command.stream(), Stream.of(more)).toList();
    }
}

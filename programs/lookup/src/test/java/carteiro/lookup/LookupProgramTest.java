package carteiro.lookup;

import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.posix.SystemAccount;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Program;
import carteiro.protocol.Route;
import carteiro.protocol.Routing;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Wires;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as start runs it, asked over its socket. */
final class LookupProgramTest {
    private static final int OWN_UID = SystemAccount.effectiveUid() == 0 ? 4711 : SystemAccount.effectiveUid();

    @TempDir
    Path folder;

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private Installation installation;
    private Wires wires;

    @BeforeEach
    void installation() throws IOException {
        installation = new Installation(folder);
        Files.createDirectories(installation.control());
        Files.createDirectories(installation.users());
        Files.createDirectories(installation.alias());
        Files.writeString(installation.control("me"), "mail.example.org\n");
        wires = new SocketWires(installation, log);
    }

    @AfterEach
    void end() throws IOException {
        wires.close();
        log.close();
    }

    private Program.RunningProgram start() throws Exception {
        return start(wires, () -> {});
    }

    private Program.RunningProgram start(Wires over, Program.Privileges privileges) throws Exception {
        return new LookupProgram().start(new Program.ProgramContext(installation, over, log, Map.of(), privileges));
    }

    private void assign(String text) throws Exception {
        Files.writeString(installation.users().resolve("assign"), text);
        try (var writer = new carteiro.control.CdbWriter(
                installation.users().resolve("cdb"), installation.users().resolve("cdb.tmp"))) {
            Assignments.compile(text, writer);
            writer.commit();
        }
    }

    private String ask(String address) throws IOException {
        return switch (wires.lookup().recipient(TestHome.receiving(address)).verdict()) {
            case AddressVerdict.KnownAddress() ->
                brief(wires.lookup().account(Lookup.LookupQuestion.delivering(new Address(address), Address.NULL)));
            case AddressVerdict.RemoteAddress() -> "remote";
            case AddressVerdict.GatewayAddress() -> "gateway";
            case AddressVerdict.UnknownAddress(var status, var _) -> "unknown " + status;
            case AddressVerdict.Undecided(var status, var _) -> "notnow " + status;
        };
    }

    @Test
    void eachWordOfASettingIsOneThatWeKnow() {
        assertThat(words(LdapSettings.StartTlsPolicy.values()))
                .containsExactlyElementsOf(Settings.LDAPSTARTTLS.words());
        assertThat(words(LdapSettings.Faults.values())).containsExactlyElementsOf(Settings.LDAPFAULTS.words());
        assertThat(words(DotMode.values())).containsExactlyElementsOf(Settings.LDAPDEFAULTDOTMODE.words());
        assertThat(words(EventLog.LogFormat.values())).containsExactlyElementsOf(Settings.LOGFORMAT.words());
    }

    private static List<String> words(Enum<?>[] constants) {
        return Stream.of(constants)
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    @Test
    void startFindsIt() {
        assertThat(ServiceLoader.load(Program.class).stream().map(ServiceLoader.Provider::type))
                .contains(LookupProgram.class);
        assertThat(new LookupProgram().name()).isEqualTo("lookup");
        assertThat(new LookupProgram().user()).isEqualTo("qmailp");
    }

    @Test
    void itAnswersOverTheSocketAndInTheSameProcess() throws Exception {
        assign("=joe:joe:" + OWN_UID + ":78:" + folder + ":::\n.\n");
        Program.RunningProgram running = start();
        try {
            assertThat(ask("joe@mail.example.org")).isEqualTo("joe:" + OWN_UID + ":78:" + folder + "::");
            assertThat(ask("joe@elsewhere.example")).isEqualTo("remote");
            assertThat(brief(wires.lookup()
                            .account(Lookup.LookupQuestion.delivering(new Address("joe@anything"), Address.NULL))))
                    .startsWith("joe:");
            assertThat(running.status()).startsWith("remote=1 assign=3 passwd=0 alias=0 unknown=0 notnow=0");
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
        running.stop(Duration.ofSeconds(1));
        assertThatThrownBy(() -> ask("joe@mail.example.org")).isInstanceOf(IOException.class);
        var direct = new DirectWires(new SocketWires(installation, log));
        Program.RunningProgram again = start(direct, () -> {});
        try {
            assertThat(direct.lookup()
                            .recipient(TestHome.receiving("joe@mail.example.org"))
                            .verdict())
                    .isEqualTo(new AddressVerdict.KnownAddress());
        } finally {
            again.stop(Duration.ofSeconds(1));
            direct.close();
        }
    }

    @Test
    void rootIsGivenUpBeforeAnythingIsAnswered() throws Exception {
        var dropped = new AtomicBoolean();
        Program.RunningProgram running = start(wires, () -> {
            assertThat(installation.run("lookup").resolve("lookup")).doesNotExist();
            dropped.set(true);
        });
        running.stop(Duration.ofSeconds(1));
        assertThat(dropped).isTrue();
        assertThatThrownBy(() -> start(wires, () -> {
                    throw new IOException("no");
                }))
                .hasMessage("no");
        assertThat(installation.run("lookup").resolve("lookup")).doesNotExist();
    }

    @Test
    void aReloadChangesEverythingAtOnceAndABadOneNothing() throws Exception {
        assign("=joe:joe:" + OWN_UID + ":78:" + folder + ":::\n.\n");
        Program.RunningProgram running = start();
        try {
            Files.writeString(installation.control("locals"), "new.example\n");
            assertThat(ask("joe@new.example")).isEqualTo("remote");
            running.reload();
            assertThat(ask("joe@new.example")).startsWith("joe:");
            Files.writeString(installation.control("locals"), "newer.example\n");
            Files.writeString(installation.control("lookupsources"), "nis\n");
            assertThatThrownBy(running::reload).isInstanceOf(ControlException.class);
            assertThat(ask("joe@new.example")).startsWith("joe:");
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
    }

    @Test
    void aNewUsersCdbIsSeenWithoutAReload() throws Exception {
        assign("=joe:joe:" + OWN_UID + ":78:" + folder + ":::\n.\n");
        Program.RunningProgram running = start();
        try {
            assertThat(ask("joe@mail.example.org")).startsWith("joe:");
            assign("=joe:new:" + OWN_UID + ":78:" + folder + ":::\n.\n");
            long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
            while (!ask("joe@mail.example.org").startsWith("new:")) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
            }
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
    }

    @Test
    void manyAskAtOnceWhileItIsReloaded() throws Exception {
        assign("=joe:joe:" + OWN_UID + ":78:" + folder + ":::\n.\n");
        Program.RunningProgram running = start();
        var wrong = new AtomicBoolean();
        try {
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < 20; i++) {
                threads.add(Thread.ofVirtual().start(() -> {
                    for (int j = 0; j < 50; j++) {
                        try {
                            if (!ask("joe@mail.example.org").startsWith("joe:")) {
                                wrong.set(true);
                            }
                        } catch (IOException e) {
                            wrong.set(true);
                        }
                    }
                }));
            }
            for (int i = 0; i < 20; i++) {
                running.reload();
            }
            for (Thread thread : threads) {
                thread.join();
            }
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
        assertThat(wrong).isFalse();
    }

    @Test
    void carelessnessIsLogged() throws Exception {
        Files.writeString(installation.control("ldappassword"), "hush\n");
        Files.setPosixFilePermissions(
                installation.control("ldappassword"), PosixFilePermissions.fromString("rw-r--r--"));
        Files.writeString(installation.users().resolve("assign"), ".\n");
        Files.writeString(installation.users().resolve("passwd"), "ann:{SHA}secret\nno colon here\n");
        Files.setPosixFilePermissions(
                installation.users().resolve("passwd"), PosixFilePermissions.fromString("rw-r-----"));
        start().stop(Duration.ofSeconds(1));
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                .contains("warning: lookup: control/ldappassword can be read by others than its owner")
                .contains(
                        "warning: lookup: users/passwd can be read by others than its owner; chown qmailp it and chmod 600")
                .containsPattern("warning: lookup: .*users/passwd:2: ")
                .doesNotContain("secret")
                .contains("warning: lookup: users/assign has no effect without users/cdb; run qmail-newu")
                .doesNotContain("hush");
    }

    @Test
    void itDoesNotStartWithMistakes() throws Exception {
        Files.delete(installation.control("me"));
        assertThatThrownBy(this::start).isInstanceOf(ControlException.class).hasMessageContaining("control/me");
    }

    @Test
    void anAnswerOfTheLookupIsTheSameForBothQuestions() throws Exception {
        assign("=joe:joe:" + OWN_UID + ":78:" + folder + ":::\n.\n");
        Program.RunningProgram running = start();
        try {
            Lookup lookup = wires.lookup();
            assertThat(lookup.recipient(TestHome.receiving("joe")).verdict())
                    .isEqualTo(new AddressVerdict.KnownAddress());
            assertThat(lookup.account(
                            Lookup.LookupQuestion.delivering(new Address("joe@mail.example.org"), Address.NULL)))
                    .isInstanceOf(Lookup.Answer.Account.class);
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
    }

    @Test
    void aReloadTellsAnewWhatIsWrong() throws Exception {
        Files.writeString(installation.control("ldapserver"), "127.0.0.1:" + Slapd.freePort() + "\n");
        Program.RunningProgram running = start();
        try {
            assertThat(ask("joe@mail.example.org")).isEqualTo("notnow 4.4.3");
            assertThat(ask("joe@mail.example.org")).isEqualTo("notnow 4.4.3");
            running.reload();
            assertThat(ask("joe@mail.example.org")).isEqualTo("notnow 4.4.3");
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1)
                        .lines()
                        .filter(line -> line.contains("is not used for")))
                .hasSize(2);
    }

    @Test
    void aBlankAtTheEndOfThePasswordIsTold() throws Exception {
        Files.writeString(installation.control("ldapserver"), "127.0.0.1:9\n");
        Files.writeString(installation.control("ldaplogin"), "cn=reader\n");
        Files.writeString(installation.control("ldappassword"), "hush \n");
        start().stop(Duration.ofSeconds(1));
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                .contains("warning: lookup: control/ldappassword ends with a blank")
                .doesNotContain("hush");
    }

    @Test
    @Covers("qmail:C03")
    void withoutLocalsAndMeItDoesNotStart() throws Exception {
        Files.delete(installation.control("me"));
        assertThatThrownBy(this::start)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/me: is missing, and so is control/locals");
    }

    @Test
    void sendsRereadChangesLocalsAndVirtualdomainsAloneOrNothing() throws Exception {
        Files.writeString(installation.control("locals"), "old.example\n");
        Files.writeString(installation.control("envnoathost"), "old.example\n");
        Program.RunningProgram running = start();
        try {
            Routing routing = wires.routing();
            Files.writeString(installation.control("locals"), "new.example\n");
            Files.writeString(installation.control("virtualdomains"), "virt.example:joe\n");
            Files.writeString(installation.control("envnoathost"), "new.example\n");
            Files.writeString(installation.control("percenthack"), "new.example\n");
            List<Address> asked = List.of(
                    new Address("a@new.example"),
                    new Address("b"),
                    new Address("c%x@new.example"),
                    new Address("d@virt.example"));
            assertThat(routing.routes(asked))
                    .extracting(route -> route.recipient().octets())
                    .containsExactly("a@new.example", "b@old.example", "c%x@new.example", "d@virt.example");
            routing.reread();
            List<Route> routes = routing.routes(asked);
            assertThat(routes)
                    .extracting(route -> route.recipient().octets())
                    .containsExactly("a@new.example", "b@old.example", "c%x@new.example", "joe-d@virt.example");
            assertThat(routes).extracting(Route.ToLocal.class::isInstance).containsExactly(true, false, true, true);
            assertThat(wires.lookup()
                            .recipient(TestHome.receiving("d@virt.example"))
                            .ours())
                    .as("smtpd hears the same")
                    .isTrue();

            Files.delete(installation.control("locals"));
            routing.reread();
            Files.delete(installation.control("virtualdomains"));
            Files.createDirectory(installation.control("virtualdomains")); // unreadable for root too
            Files.writeString(installation.control("locals"), "elsewhere.example\n");
            assertThatThrownBy(routing::reread)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/virtualdomains: cannot be read");
            assertThat(routing.routes(List.of(new Address("a@mail.example.org"), new Address("d@virt.example"))))
                    .hasOnlyElementsOfType(Route.ToLocal.class);

            Files.delete(installation.control("virtualdomains"));
            running.reload();
            assertThat(routing.routes(List.of(new Address("b"), new Address("a@elsewhere.example"))))
                    .extracting(route -> route.recipient().octets())
                    .containsExactly("b@new.example", "a@elsewhere.example");
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1)
                        .lines()
                        .filter(line ->
                                line.equals("warning: control/locals is missing: the only local domain is that of"
                                        + " control/me")))
                .hasSize(1);
    }

    @Test
    void whoseADomainIsDoesNotFollowFromALineForAllOthers() throws Exception {
        Files.writeString(installation.control("virtualdomains"), ":joe-gateway\nvirt.example:joe\nexc.example:\n");
        Program.RunningProgram running = start();
        try {
            for (String ours : List.of("a@mail.example.org", "a@virt.example")) {
                assertThat(wires.lookup().recipient(TestHome.receiving(ours)).ours())
                        .as(ours)
                        .isTrue();
            }
            Lookup.LookupQuestion foreigner = TestHome.receiving("a@far.example");
            assertThat(wires.lookup().recipient(foreigner).verdict())
                    .as("strangers cause no search")
                    .isEqualTo(new AddressVerdict.GatewayAddress());
            assertThat(running.status()).contains(" alias=2 unknown=2 ");
            assertThat(wires.lookup().recipient(foreigner.relaying()).verdict())
                    .isNotEqualTo(new AddressVerdict.GatewayAddress());
            for (String foreign : List.of("a@far.example", "a@exc.example", "a@")) {
                assertThat(wires.lookup().recipient(TestHome.receiving(foreign)).ours())
                        .as(foreign)
                        .isFalse();
            }
        } finally {
            running.stop(Duration.ofSeconds(1));
        }
    }
}

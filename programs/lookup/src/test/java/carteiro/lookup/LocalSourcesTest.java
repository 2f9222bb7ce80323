package carteiro.lookup;

import static carteiro.lookup.TestHome.USER_UID;
import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.Verdict;
import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** users/cdb, the system's accounts and the alias account, in qmail's order. */
final class LocalSourcesTest {
    @TempDir
    Path folder;

    private TestHome home;

    @BeforeEach
    void installation() throws Exception {
        home = new TestHome(folder);
    }

    @AfterEach
    void end() {
        home.close();
    }

    @Test
    @Covers("qmail:U01")
    void anExactAccountHasNeitherDashNorExtension() throws Exception {
        Path joe = home.user("joe");
        assertThat(brief(home.recipient("joe@example.org"))).isEqualTo("joe:" + USER_UID + ":100:" + joe + "::");
        assertThat(brief(home.recipient("JOE@EXAMPLE.org"))).isEqualTo("joe:" + USER_UID + ":100:" + joe + "::");
    }

    @Test
    @Covers("qmail:U02")
    void anExtensionKeepsItsCaseAndTheAccountIsFoundInLowerCase() throws Exception {
        Path joe = home.user("joe");
        Files.createFile(joe.resolve(".qmail-foo"));
        assertThat(brief(home.recipient("Joe-Foo@example.org")))
                .isEqualTo("joe:" + USER_UID + ":100:" + joe + ":-:Foo");
    }

    @Test
    @Covers("qmail:U03")
    void theLongestAccountWins() throws Exception {
        Files.createFile(home.user("a").resolve(".qmail-default"));
        Path longer = home.user("a-b");
        Files.createFile(longer.resolve(".qmail-default"));
        assertThat(brief(home.recipient("a-b-c@example.org"))).isEqualTo("a-b:" + USER_UID + ":100:" + longer + ":-:c");
    }

    @Test
    @Covers("qmail:U04")
    void aHomeThatIsNotTheUsersOwnMakesNoMailUser() throws Exception {
        Path joe = home.user("joe");
        home.accounts.put("joe", new SystemAccount("joe", USER_UID + 1, 100, joe.toString()));
        Files.createFile(home.installation.alias().resolve(".qmail-joe"));
        assertThat(brief(home.recipient("joe@example.org")))
                .isEqualTo("alias:" + USER_UID + ":2108:" + home.installation.alias() + ":-:joe");
    }

    @Test
    void aMissingHomeMakesNoMailUser() throws Exception {
        Files.delete(home.user("joe"));
        Files.createFile(home.installation.alias().resolve(".qmail-default"));
        assertThat(brief(home.recipient("joe@example.org"))).startsWith("alias:");
    }

    @Test
    @Covers("qmail:U05")
    void whatNobodyOwnsBelongsToAlias() throws Exception {
        Files.createFile(home.installation.alias().resolve(".qmail-info"));
        assertThat(brief(home.recipient("Info@example.org")))
                .isEqualTo("alias:" + USER_UID + ":2108:" + home.installation.alias() + ":-:Info");
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("unknown 5.1.1");
        Files.createFile(home.installation.alias().resolve(".qmail-default"));
        assertThat(brief(home.recipient("nobody@example.org"))).startsWith("alias:");
    }

    @Test
    @Covers("qmail:R08")
    void aVirtualDomainLeadsToHomeAliasWhateverPasswdSaysOfTheUserAlias() throws Exception {
        home.user("alias"); // a home of another installation
        Files.createFile(home.installation.alias().resolve(".qmail-catch-default"));
        Files.createFile(home.installation.alias().resolve(".qmail"));
        home.control("virtualdomains", "virtual.example:alias-catch\n:Alias-catch\n");
        String alias = "alias:" + USER_UID + ":100:" + home.installation.alias();
        assertThat(brief(home.recipient("Info@virtual.example"))).isEqualTo(alias + ":-:catch-Info");
        assertThat(brief(home.recipient("a-b@else.example"))).isEqualTo(alias + ":-:catch-a-b");
        assertThat(brief(home.recipient("alias@example.org"))).isEqualTo(alias + "::");
        assertThat(brief(home.recipient("alias-x@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("aliases@example.org"))).isEqualTo("unknown 5.1.1");
        Files.createFile(home.user("alias-long").resolve(".qmail-default")); // a longer name goes first, as ever
        assertThat(brief(home.recipient("alias-long-x@example.org"))).startsWith("alias-long:");
    }

    @Test
    void withoutAnAliasUserWhatAFileNamesWaitsAndTheRestIsUnknown() throws Exception {
        home.accounts.remove("alias");
        Files.createFile(home.installation.alias().resolve(".qmail-postmaster"));
        Files.createFile(home.installation.alias().resolve(".qmail-list-default"));
        for (String named : List.of("postmaster@example.org", "list-join@example.org")) {
            assertThat(home.recipient(named))
                    .isInstanceOfSatisfying(
                            Answer.NotNow.class,
                            notNow -> assertThat(notNow.reason()).contains("no user alias"));
        }
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    void checkTellsThatTheAliasUserIsMissingWhereItIsNeeded() throws Exception {
        home.accounts.remove("alias");
        List<SourceName> sources = List.of(SourceName.ASSIGN, SourceName.PASSWD, SourceName.ALIAS);
        Path aliases = home.installation.alias();
        SystemUsers.Accounts accounts = name -> Optional.ofNullable(home.accounts.get(name));
        AliasSource.check(home.installation, sources, accounts); // no files
        Files.createFile(aliases.resolve(".qmail-postmaster"));
        if (TestHome.OWN_UID == 0) {
            assertThatThrownBy(() -> AliasSource.check(home.installation, sources, accounts))
                    .isInstanceOf(ControlException.class)
                    .hasMessageContainingAll("the system has no user alias", aliases + "/.qmail-*", "--create-users");
        } else { // it is that user's own
            AliasSource.check(home.installation, sources, accounts);
        }
        home.assign("+:joe:4711:100:/home/joe:-::\n.\n");
        AliasSource.check(home.installation, sources, accounts);
    }

    @Test
    void withoutTheAliasFolderNothingIsUnknown() throws Exception {
        Files.delete(home.installation.alias());
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("notnow 4.3.5");
    }

    @Test
    @Covers("qmail:U06")
    void uidZeroIsNoMailUser() throws Exception {
        home.accounts.put("root", new SystemAccount("root", 0, 0, "/")); // which is root's own, as its home must be
        Files.createFile(home.installation.alias().resolve(".qmail-root"));
        assertThat(brief(home.recipient("root@example.org"))).startsWith("alias:");
    }

    @Test
    @Covers("qmail:U07")
    void namesOfMoreThan31OctetsAreNotLookedUp() throws Exception {
        String most = "a".repeat(31);
        home.user(most);
        home.user(most + "a");
        assertThat(brief(home.recipient(most + "@example.org"))).startsWith(most + ":");
        assertThat(brief(home.recipient(most + "a@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    void theNameServiceInTroubleIsNeverUnknown() throws Exception {
        home.breakNameService("the network is down");
        assertThat(home.recipient("joe@example.org"))
                .isEqualTo(new Answer.NotNow(new Status(4, 3, 0), "the network is down"));
        assertThat(home.log())
                .contains("warning: lookup: passwd cannot tell now what <joe@example.org> is: the network");
    }

    @Test
    void aHyphenAtTheEndIsAnEmptyExtension() throws Exception {
        Path joe = home.user("joe");
        assertThat(brief(home.recipient("joe-@example.org"))).isEqualTo("unknown 5.1.1");
        Files.createFile(joe.resolve(".qmail-"));
        assertThat(brief(home.recipient("joe-@example.org"))).isEqualTo("joe:" + USER_UID + ":100:" + joe + ":-:");
    }

    @Test
    void anExtensionWithoutAFileIsUnknownAndDoesNotFallThroughToAlias() throws Exception {
        home.user("joe");
        Files.createFile(home.installation.alias().resolve(".qmail-default"));
        assertThat(brief(home.recipient("joe-x@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    void whatStandsInPlaceOfAFileButIsNoneDoesNotCount() throws Exception {
        Path joe = home.user("joe");
        Files.createDirectory(joe.resolve(".qmail-dir"));
        Files.createSymbolicLink(joe.resolve(".qmail-gone"), joe.resolve("nothing"));
        assertThat(brief(home.recipient("joe-dir@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("joe-gone@example.org"))).isEqualTo("unknown 5.1.1");
        Files.createFile(joe.resolve("nothing"));
        assertThat(brief(home.recipient("joe-gone@example.org"))).startsWith("joe:");
    }

    @Test
    void extensionsThatNoFileCanBeNamedByAreUnknown() throws Exception {
        home.user("joe");
        assertThat(brief(home.recipient("joe-" + "x".repeat(900) + "@example.org")))
                .isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("joe" + "-".repeat(900) + "@example.org")))
                .isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("joe-../../../etc/passwd@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("joe-a/b@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    @NeedsOrdinaryUser("root can see every home")
    void ahomeThatCannotBeSeenIsNotAReasonToRefuse() throws Exception {
        Path joe = home.user("joe");
        Files.setPosixFilePermissions(joe, PosixFilePermissions.fromString("---------"));
        try {
            assertThat(brief(home.recipient("joe-x@example.org"))).startsWith("joe:");
        } finally {
            Files.setPosixFilePermissions(joe, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    @Covers("qmail:R12")
    void anEmptyLocalPartIsTrash() throws Exception {
        assertThat(home.recipient("@example.org")).isEqualTo(new Answer.Trash());
        assertThat(home.account(new Address("@anything"))).isEqualTo(new Answer.Trash());
    }

    @Test
    void routingComesFirst() throws Exception {
        home.control("virtualdomains", "virt.org:joe-v\nuser@virt2.org:joe\n").control("percenthack", "pct.org\n");
        Path joe = home.user("joe");
        Files.createFile(joe.resolve(".qmail-v-default"));
        assertThat(home.recipient("somebody@elsewhere.example")).isEqualTo(new Answer.Remote());
        assertThat(brief(home.recipient("u@virt.org"))).endsWith("joe:-:v-u");
        assertThat(brief(home.recipient("u%virt.org@pct.org"))).endsWith("joe:-:v-u");
        assertThat(brief(home.recipient("user@virt2.org"))).isEqualTo("unknown 5.1.1");
        assertThat(brief(home.recipient("joe"))).endsWith("joe::");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        joe          | joe:503:78:/home/joe::
        Joe          | joe:503:78:/home/joe::
        joe-X        | joe:503:78:/home/joe:-:X
        joe.shmoe    | joe:503:78:/home/joe::
        list         | joe:503:78:/home/joe:-:lists-main
        LIST         | joe:503:78:/home/joe:-:lists-main
        a            | one:11:1:/one:-:pre
        ab-c         | two:12:1:/two:-:c
        AB-C         | two:12:1:/two:-:C
        abx          | one:11:1:/one:-:prebx
        twice        | first:21:1:/first::
        other        | all:7790:2108:/all:-:other
        -            | all:7790:2108:/all:-:-
        """)
    @Covers({"qmail:U08", "qmail:U09", "qmail:U10", "qmail:U13", "qmail:U16"})
    void assignments(String local, String account) throws Exception {
        home.assign("""
                =joe:joe:503:78:/home/joe:::
                +joe-:joe:503:78:/home/joe:-::
                =joe.shmoe:joe:503:78:/home/joe:::
                =list:joe:503:78:/home/joe:-:lists-main:
                +a:one:11:1:/one:-:pre:
                +ab-:two:12:1:/two:-::
                =twice:first:21:1:/first:::
                =twice:second:22:1:/second:::
                +:all:7790:2108:/all:-::
                .
                """);
        home.breakNameService("getpw is never asked");
        assertThat(brief(home.account(new Address(local + "@host.example.org"))))
                .isEqualTo(account);
    }

    @Test
    @Covers("qmail:U11")
    void whatIsNotAssignedIsLookedUpInTheSystem() throws Exception {
        home.assign("=ann:ann:503:78:/home/ann:::\n.\n");
        home.user("joe");
        assertThat(brief(home.recipient("joe@example.org"))).startsWith("joe:");
        assertThat(brief(home.recipient("ann@example.org"))).startsWith("ann:503:");
    }

    @Test
    @Covers("qmail:A08")
    void anAssignmentToUidZeroIsDeferred() throws Exception {
        home.assign("=root:root:0:0:/root:::\n.\n");
        assertThat(home.recipient("root@example.org")).isInstanceOfSatisfying(Answer.NotNow.class, notNow -> {
            assertThat(notNow.status()).hasToString("4.3.5");
            assertThat(notNow.reason()).contains("never delivered as root");
        });
    }

    @ParameterizedTest
    @CsvSource({"=x:x:12a:1:/x:::", "=x:x:1:-1:/x:::", "=x:x:1:1:x:::", "=x:x:99999999999:1:/x:::"})
    void anAssignmentThatMakesNoSenseIsDeferredAndLogged(String line) throws Exception {
        home.assign(line + "\n.\n");
        assertThat(brief(home.recipient("x@example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(brief(home.recipient("X@host.example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(home.log())
                .contains("alert: lookup: entry of assign of <x@example.org>: gives ")
                .contains("alert: lookup: entry of assign of <X@host.example.org>: gives ")
                .contains("correct it and run qmail-newu");
    }

    @Test
    void aDamagedUsersCdbIsDeferred() throws Exception {
        Files.write(home.installation.users().resolve("cdb"), new byte[3000]);
        assertThat(brief(home.recipient("x@example.org"))).as("no records").isEqualTo("unknown 5.1.1");
        home.close();
        var other = new TestHome(folder.resolve("other"));
        try (other) {
            Files.write(other.installation.users().resolve("cdb"), new byte[30]);
            assertThat(brief(other.recipient("x@example.org"))).isEqualTo("notnow 4.3.0");
        }
    }

    @Test
    void theOrderOfTheSourcesCanBeSet() throws Exception {
        home.control("lookupsources", "# first of all\nalias\npasswd\n");
        home.user("joe");
        assertThat(brief(home.recipient("joe@example.org"))).isEqualTo("unknown 5.1.1");
        Files.createFile(home.installation.alias().resolve(".qmail-joe"));
        assertThat(brief(home.recipient("joe@example.org"))).startsWith("alias:");
    }

    @Test
    void questionsAreCounted() throws Exception {
        home.user("joe");
        home.recipient("joe@example.org");
        home.recipient("nobody@example.org");
        home.recipient("x@elsewhere.example");
        assertThat(home.lookup().status()).isEqualTo("remote=1 assign=0 passwd=1 alias=1 unknown=1 notnow=0");
    }

    @Test
    void anExtensionInAHomeThatCannotBeLookedIntoIsAnsweredByLocal() throws Exception {
        home.assign("+joe-:joe:4711:100:" + folder + "/missing:-::\n=joe:joe:4711:100:" + folder + "/missing:::\n.\n");
        var asked = new java.util.concurrent.CopyOnWriteArrayList<Homes.Extension>();
        home.looks = extension -> {
            asked.add(extension);
            return Homes.Presence.valueOf(extension.extension());
        };
        assertThat(home.lookup().recipient(new Address("joe-YES@example.org"))).isEqualTo(new Verdict.Known());
        assertThat(asked).containsExactly(new Homes.Extension(4711, 100, folder + "/missing", "-", "YES"));
        assertThat(home.lookup().recipient(new Address("joe-NO@example.org")))
                .isEqualTo(new Verdict.Unknown(new Status(5, 1, 1), "Sorry, no mailbox here by that name."));
        assertThat(home.lookup().recipient(new Address("joe-NOT_NOW@example.org")))
                .isInstanceOf(Verdict.NotNow.class);
        assertThat(asked).hasSize(3);
        assertThat(home.lookup().recipient(new Address("joe@example.org")))
                .as("an account is one whatever its files are")
                .isEqualTo(new Verdict.Known());
        assertThat(brief(home.account(new Address("joe-NO@example.org"))))
                .as("local asks, and looks itself")
                .startsWith("joe:");
        assertThat(asked).hasSize(3);
        home.looks = _ -> {
            throw new java.io.IOException("local is not running");
        };
        assertThat(home.lookup().recipient(new Address("joe-YES@example.org")))
                .isInstanceOfSatisfying(
                        Verdict.NotNow.class,
                        notNow -> assertThat(notNow.reason()).contains("/missing", "local is not running"));
    }

    @Test
    void questionsToLocalAreBoundedInNumber() throws Exception {
        home.assign("+joe-:joe:4711:100:" + folder + "/missing:-::\n.\n");
        var all = new java.util.concurrent.CountDownLatch(AddressLookup.MOST_ASKING_LOCAL);
        var release = new java.util.concurrent.CountDownLatch(1);
        home.looks = _ -> {
            all.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new java.io.IOException(e);
            }
            return Homes.Presence.YES;
        };
        AddressLookup lookup = home.lookup();
        var answers = new java.util.concurrent.CopyOnWriteArrayList<Verdict>();
        var threads = new java.util.ArrayList<Thread>();
        for (int i = 0; i < AddressLookup.MOST_ASKING_LOCAL; i++) {
            threads.add(
                    Thread.ofVirtual().start(() -> answers.add(lookup.recipient(new Address("joe-x@example.org")))));
        }
        assertThat(all.await(20, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
        assertThat(lookup.recipient(new Address("joe-x@example.org"))).isInstanceOf(Verdict.NotNow.class);
        release.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(answers).containsOnly(new Verdict.Known()).hasSize(AddressLookup.MOST_ASKING_LOCAL);
    }

    @Test
    void aHomeThatHangsHoldsFewThreads() throws Exception {
        var release = new java.util.concurrent.CountDownLatch(1);
        try (var calls = new SlowCalls(java.time.Duration.ofSeconds(20))) {
            var begun = new java.util.concurrent.CountDownLatch(SlowCalls.MOST_OF_ONE);
            var threads = new java.util.ArrayList<Thread>();
            for (int i = 0; i < 2 * SlowCalls.THREADS; i++) {
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        calls.ask("/hangs", () -> {
                            begun.countDown();
                            return release.await(30, java.util.concurrent.TimeUnit.SECONDS);
                        });
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }));
            }
            assertThat(begun.await(20, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
            assertThat(calls.ask("/well", () -> "answered")).isEqualTo("answered");
            release.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @Test
    @org.junit.jupiter.api.Timeout(
            value = 20,
            threadMode =
                    org.junit.jupiter.api.Timeout.ThreadMode
                            .SEPARATE_THREAD) // the opening of a pipe cannot be interrupted
    void aPipeInPlaceOfUsersCdbIsNotWaitedFor() throws Exception {
        carteiro.posix.Fifo.make(home.installation.users().resolve("cdb"));
        assertThat(home.recipient("joe@example.org"))
                .isInstanceOfSatisfying(
                        Answer.NotNow.class,
                        notNow -> assertThat(notNow.reason()).contains("users/cdb is no regular file"));
    }

    @Test
    void anExtensionThatNothingInTheDirectoryOrTheHomeIsForIsUnknown() {
        var nothing = new carteiro.protocol.Lookup.Recipe.Directory(
                "",
                carteiro.protocol.Lookup.Mailbox.NONE,
                List.of(),
                List.of(),
                carteiro.protocol.Lookup.DotFiles.APPENDED);
        var mailbox = new carteiro.protocol.Lookup.Recipe.Directory(
                "",
                carteiro.protocol.Lookup.Mailbox.KEEP,
                List.of(),
                List.of(),
                carteiro.protocol.Lookup.DotFiles.APPENDED);
        for (var recipe : List.of(nothing, mailbox)) {
            var account = new Answer.Account("joe", USER_UID, 100, folder.toString(), "-", "x", recipe);
            Source directory = new Source() {
                @Override
                public SourceName name() {
                    return SourceName.LDAP;
                }

                @Override
                public Optional<Answer> ask(Address recipient, Trail trail) {
                    return Optional.of(account);
                }
            };
            try (var log = new carteiro.log.EventLog(
                            java.io.OutputStream.nullOutputStream(),
                            carteiro.log.EventLog.Form.PLAIN,
                            java.time.Clock.systemUTC());
                    var lookup = new AddressLookup(
                            carteiro.control.Routing.of(
                                    List.of("example.org"), java.util.Map.of(), List.of(), "example.org"),
                            List.of(directory),
                            new Alarms(log),
                            home.users(),
                            home.looks)) {
                assertThat(lookup.recipient(new Address("joe-x@example.org")))
                        .isInstanceOf(recipe.equals(nothing) ? Verdict.Unknown.class : Verdict.Known.class);
            }
        }
    }

    @Test
    void anAccountThatNobodyHereCanDeliverForIsNoMailUser() throws Exception {
        int self = carteiro.posix.SystemAccount.effectiveUid();
        int uid = self == 0 ? 41_000 : self;
        java.nio.file.Path own = java.nio.file.Files.createTempDirectory("ct");
        java.nio.file.Files.setAttribute(own, "unix:uid", uid);
        var ann = new carteiro.posix.SystemAccount("ann", uid, uid, own.toString());
        try (var all = new SystemUsers(_ -> java.util.Optional.of(ann), deliverable -> deliverable == uid);
                var others = new SystemUsers(_ -> java.util.Optional.of(ann), deliverable -> deliverable != uid)) {
            assertThat(all.user("ann")).isPresent();
            assertThat(others.user("ann")).isEmpty();
            assertThat(others.named("ann")).isPresent();
        } finally {
            java.nio.file.Files.delete(own);
        }
    }
}

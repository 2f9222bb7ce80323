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
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
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
                            Answer.Unresolved.class,
                            notNow -> assertThat(notNow.reason()).contains("no user alias"));
        }
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("unknown 5.1.1");
    }

    @Test
    void checkTellsThatTheAliasUserIsMissingWhereItIsNeeded() throws Exception {
        home.accounts.remove("alias");
        List<SourceName> sources = List.of(SourceName.ASSIGN, SourceName.PASSWD, SourceName.ALIAS);
        Path aliases = home.installation.alias();
        MailUsers.Accounts accounts = name -> Optional.ofNullable(home.accounts.get(name));
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
                .isEqualTo(new Answer.Unresolved(new Status(4, 3, 0), "the network is down"));
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
        assertThat(home.recipient("somebody@elsewhere.example")).isEqualTo(new Answer.OtherHost());
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
        assertThat(home.recipient("root@example.org")).isInstanceOfSatisfying(Answer.Unresolved.class, notNow -> {
            assertThat(notNow.status()).hasToString("4.3.5");
            assertThat(notNow.reason()).contains("never delivered as root");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "=x:x:12a:1:/x:::",
        "=x:x:1:-1:/x:::",
        "=x:x:1:1:x:::",
        "=x:x:4294967295:1:/x:::",
        "=x:x:1:4294967295:/x:::",
        "=x:x:99999999999:1:/x:::"
    })
    void anAssignmentThatMakesNoSenseIsDeferredAndLogged(String line) throws Exception {
        home.assign(line + "\n.\n");
        assertThat(brief(home.recipient("x@example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(brief(home.recipient("X@host.example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(home.log())
                .as("once, however many addresses lead to it")
                .containsOnlyOnce("alert: lookup: entry of assign of <x@example.org>: gives ")
                .doesNotContain("X@host")
                .contains("correct =x in users/assign and run qmail-newu");
    }

    @Test
    void anAccountOfTheSystemWhoseGroupIsNoIdIsDeferred() throws Exception {
        Path joe = home.user("joe");
        home.accounts.put("joe", new SystemAccount("joe", USER_UID, -1, joe.toString()));
        assertThat(home.recipient("joe@example.org")).isInstanceOfSatisfying(Answer.Unresolved.class, notNow -> {
            assertThat(notNow.status()).hasToString("4.3.5");
            assertThat(notNow.reason()).contains("gid 4294967295", "never delivered");
        });
    }

    @Test
    void idsFromTwoToThe31stOnAreIds() throws Exception {
        home.assign("=x:x:2147483648:4294967294:/x:::\n.\n");
        assertThat(brief(home.recipient("x@example.org"))).isEqualTo("x:2147483648:4294967294:/x::");
    }

    @Test
    void oneTimeIsSetForAllSourcesOfAQuestion() throws Exception {
        var deadlines = new java.util.concurrent.CopyOnWriteArrayList<Deadline>();
        AddressSource nothing = new AddressSource() {
            @Override
            public SourceName name() {
                return SourceName.LDAP;
            }

            @Override
            public Optional<Answer> ask(Lookup.LookupQuestion question, Deadline deadline, LookupTrace trace) {
                deadlines.add(deadline);
                return Optional.empty();
            }
        };
        try (AddressLookup lookup = lookup(home.users(), nothing, nothing)) {
            lookup.recipient(TestHome.receiving("joe@example.org"));
            assertThat(deadlines).hasSize(2);
            assertThat(deadlines.get(0)).isSameAs(deadlines.get(1));
        }
    }

    private AddressLookup lookup(MailUsers users, AddressSource... sources) {
        var log = new carteiro.log.EventLog(
                java.io.OutputStream.nullOutputStream(),
                carteiro.log.EventLog.LogFormat.PLAIN,
                java.time.Clock.systemUTC());
        return new AddressLookup(
                RoutingTables.of(List.of("example.org"), java.util.Map.of(), List.of(), "example.org"),
                List.of(sources),
                new FaultLogLimiter(log),
                users,
                home.looks);
    }

    @Test
    void anAccountThatNobodyHereCanDeliverForIsRefusedWhateverTheSource() throws Exception {
        home.assign("=joe:joe:4711:100:" + folder + ":::\n=ann:ann:4712:100:" + folder + ":::\n.\n");
        try (var users = new MailUsers(_ -> Optional.empty(), uid -> uid == 4712);
                AddressLookup lookup = lookup(users, new AssignSource(home.installation))) {
            assertThat(lookup.recipient(TestHome.receiving("joe@example.org")).verdict())
                    .isInstanceOf(AddressVerdict.UnknownAddress.class);
            assertThat(lookup.recipient(TestHome.receiving("ann@example.org")).verdict())
                    .isEqualTo(new AddressVerdict.KnownAddress());
        }
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
        var asked = new java.util.concurrent.CopyOnWriteArrayList<Homes.AccountExtension>();
        home.looks = extension -> {
            asked.add(extension);
            return Homes.Presence.valueOf(extension.extension());
        };
        assertThat(home.lookup()
                        .recipient(TestHome.receiving("joe-YES@example.org"))
                        .verdict())
                .isEqualTo(new AddressVerdict.KnownAddress());
        assertThat(asked).containsExactly(new Homes.AccountExtension(4711, 100, folder + "/missing", "-", "YES"));
        assertThat(home.lookup()
                        .recipient(TestHome.receiving("joe-NO@example.org"))
                        .verdict())
                .isEqualTo(
                        new AddressVerdict.UnknownAddress(new Status(5, 1, 1), "Sorry, no mailbox here by that name."));
        assertThat(home.lookup()
                        .recipient(TestHome.receiving("joe-NOT_NOW@example.org"))
                        .verdict())
                .isInstanceOf(AddressVerdict.Undecided.class);
        assertThat(asked).hasSize(3);
        assertThat(home.lookup()
                        .recipient(TestHome.receiving("joe@example.org"))
                        .verdict())
                .as("an account is one whatever its files are")
                .isEqualTo(new AddressVerdict.KnownAddress());
        assertThat(brief(home.account(new Address("joe-NO@example.org"))))
                .as("local asks, and looks itself")
                .startsWith("joe:");
        assertThat(asked).hasSize(3);
        home.looks = _ -> {
            throw new java.io.IOException("local is not running");
        };
        assertThat(home.lookup()
                        .recipient(TestHome.receiving("joe-YES@example.org"))
                        .verdict())
                .isInstanceOfSatisfying(
                        AddressVerdict.Undecided.class,
                        notNow -> assertThat(notNow.reason()).contains("/missing", "local is not running"));
    }

    @Test
    void questionsToLocalAreBoundedInNumberAndForEachUser() throws Exception {
        int users = AddressLookup.MOST_ASKING_LOCAL / AddressLookup.MOST_ASKING_OF_ONE;
        var assign = new StringBuilder();
        for (int user = 0; user <= users; user++) {
            assign.append("+u").append(user).append("-:joe:").append(4711 + user);
            assign.append(":100:").append(folder).append("/missing:-::\n");
        }
        home.assign(assign + ".\n");
        var asked = new java.util.concurrent.atomic.AtomicInteger();
        var release = new java.util.concurrent.CountDownLatch(1);
        var each = new java.util.concurrent.ConcurrentHashMap<Integer, Integer>();
        home.looks = extension -> {
            if (each.merge(extension.uid(), 1, Integer::sum) > AddressLookup.MOST_ASKING_OF_ONE
                    || asked.incrementAndGet() > AddressLookup.MOST_ASKING_LOCAL) {
                return Homes.Presence.NO; // it should not have been asked
            }
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new java.io.IOException(e);
            }
            return Homes.Presence.YES;
        };
        AddressLookup lookup = home.lookup();
        var answers = new java.util.concurrent.CopyOnWriteArrayList<AddressVerdict>();
        var threads = new java.util.ArrayList<Thread>();
        for (int user = 0; user < users; user++) {
            Lookup.LookupQuestion address = TestHome.receiving("u" + user + "-x@example.org");
            for (int i = 0; i < AddressLookup.MOST_ASKING_OF_ONE; i++) {
                threads.add(Thread.ofVirtual()
                        .start(() -> answers.add(lookup.recipient(address).verdict())));
            }
            int all = threads.size();
            awaitTrue(() -> asked.get() == all);
            assertThat(lookup.recipient(address).verdict())
                    .as("one more of the same user")
                    .isInstanceOf(AddressVerdict.Undecided.class);
        }
        assertThat(lookup.recipient(TestHome.receiving("u" + users + "-x@example.org"))
                        .verdict())
                .as("one more in all")
                .isInstanceOf(AddressVerdict.Undecided.class);
        release.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(answers).containsOnly(new AddressVerdict.KnownAddress()).hasSize(AddressLookup.MOST_ASKING_LOCAL);
        home.looks = _ -> Homes.Presence.YES;
        assertThat(lookup.recipient(TestHome.receiving("u0-x@example.org")).verdict())
                .as("once these have their answer, others are asked")
                .isEqualTo(new AddressVerdict.KnownAddress());
    }

    private static void awaitTrue(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + java.time.Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"/hangs, /also-hangs", "one server, another server"})
    void aHomeOrServerThatHangsHoldsSomeThreads(String one, String other) throws Exception {
        boolean server = !one.startsWith("/");
        int most = server ? BlockingCalls.MOST_AT_ONE_SERVER : BlockingCalls.MOST_OF_ONE;
        var release = new java.util.concurrent.CountDownLatch(1);
        try (var calls = new BlockingCalls(java.time.Duration.ofSeconds(20))) {
            var begun = new java.util.concurrent.atomic.AtomicInteger();
            var threads = new java.util.ArrayList<Thread>();
            for (int i = 0; i < 2 * BlockingCalls.THREADS; i++) {
                String home = server ? "/home/" + i : one;
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        calls.ask(server ? one : "here", home, Deadline.in(Deadline.QUESTION), () -> {
                            begun.incrementAndGet();
                            return release.await(30, java.util.concurrent.TimeUnit.SECONDS);
                        });
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }));
            }
            awaitTrue(() -> threads.stream().allMatch(each -> each.getState() == Thread.State.TIMED_WAITING));
            assertThat(calls.ask(
                            server ? other : "here",
                            server ? "/home/0" : other,
                            Deadline.in(Deadline.QUESTION),
                            () -> "answered"))
                    .isEqualTo("answered");
            assertThat(begun).hasValue(most);
            release.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/home/joe, nfs.example",
        "/home, nfs.example",
        "/home/other/x, [2001:db8::1]",
        "/homestead, /",
        "/srv/a b/joe, /srv/a b",
        "/windows/joe, files",
        "/tmp/x, /tmp",
        "relative, /"
    })
    void theServerOfAHomeIsKnownWithoutTouchingIt(String path, String server) {
        String table = """
                21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
                22 21 0:40 / /home rw,relatime shared:2 - ext4 /dev/sdb1 rw
                23 21 0:41 / /home rw shared:3 - nfs4 nfs.example:/export/home rw,vers=4.2
                24 23 0:42 / /home/other rw - nfs [2001:db8::1]:/x rw
                25 21 0:43 / /srv/a\\040b rw - xfs /dev/sdc1 rw
                26 21 0:44 / /windows rw master:1 - cifs //files/share rw
                27 21 0:45 / /tmp rw - tmpfs tmpfs rw
                damaged line
                """;
        assertThat(MountTable.server(table, path)).isEqualTo(server);
        assertThat(new MountTable().server("/")).isNotEmpty();
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
                        Answer.Unresolved.class,
                        notNow -> assertThat(notNow.reason()).contains("users/cdb is no regular file"));
    }

    @Test
    void anExtensionThatNothingInTheDirectoryOrTheHomeIsForIsUnknown() {
        var nothing = new carteiro.protocol.Lookup.DeliveryInstructions.DirectoryInstructions(
                "",
                carteiro.protocol.Lookup.Mailbox.NONE,
                List.of(),
                List.of(),
                carteiro.protocol.Lookup.DotFiles.APPENDED);
        var mailbox = new carteiro.protocol.Lookup.DeliveryInstructions.DirectoryInstructions(
                "",
                carteiro.protocol.Lookup.Mailbox.KEEP,
                List.of(),
                List.of(),
                carteiro.protocol.Lookup.DotFiles.APPENDED);
        for (var instructions : List.of(nothing, mailbox)) {
            var account = new Answer.Account(
                    new AccountIdentity("joe", USER_UID, 100),
                    new AccountHome(folder.toString(), "-", "x"),
                    instructions);
            AddressSource directory = new AddressSource() {
                @Override
                public SourceName name() {
                    return SourceName.LDAP;
                }

                @Override
                public Optional<Answer> ask(Lookup.LookupQuestion question, Deadline deadline, LookupTrace trace) {
                    return Optional.of(account);
                }
            };
            try (AddressLookup lookup = lookup(home.users(), directory)) {
                assertThat(lookup.recipient(TestHome.receiving("joe-x@example.org"))
                                .verdict())
                        .isInstanceOf(
                                instructions.equals(nothing)
                                        ? AddressVerdict.UnknownAddress.class
                                        : AddressVerdict.KnownAddress.class);
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
        try (var all = new MailUsers(_ -> java.util.Optional.of(ann), deliverable -> deliverable == uid);
                var others = new MailUsers(_ -> java.util.Optional.of(ann), deliverable -> deliverable != uid)) {
            assertThat(all.user("ann", Deadline.in(Deadline.QUESTION))).isPresent();
            assertThat(others.user("ann", Deadline.in(Deadline.QUESTION))).isEmpty();
            assertThat(others.named("ann", Deadline.in(Deadline.QUESTION))).isPresent();
        } finally {
            java.nio.file.Files.delete(own);
        }
    }
}

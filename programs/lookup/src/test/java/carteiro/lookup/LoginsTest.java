package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.password.ChannelBinding;
import carteiro.password.PasswordFile;
import carteiro.password.RewrittenFile;
import carteiro.password.ScramClient;
import carteiro.password.ScramHash;
import carteiro.password.ScramSalts;
import carteiro.password.ScramStep;
import carteiro.password.StoredPassword;
import carteiro.protocol.BearerTokens;
import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.protocol.LoginRecords.AccountLogins;
import carteiro.protocol.LoginRecords.BlockedOrigin;
import carteiro.protocol.MailboxTickets.TicketAnswer;
import carteiro.protocol.PasswordChecker;
import carteiro.protocol.PasswordChecker.CheckerAnswer;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.LoginService;
import carteiro.protocol.Passwords.LoginVerdict;
import carteiro.protocol.Passwords.Ownership;
import carteiro.protocol.Passwords.ScramReply;
import carteiro.protocol.Passwords.ScramRequest;
import carteiro.protocol.Passwords.SendingVerdict;
import carteiro.protocol.Passwords.TlsBinding;
import carteiro.testkit.Covers;
import com.unboundid.ldap.sdk.LDAPConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who logs in, by users/passwd and by the directory of example.ldif in a real slapd. */
class LoginsTest {
    private static final String SECRET = "segredo1";
    private static final String AUTH = "cn=carteiro-auth,ou=services,dc=example,dc=org";

    @TempDir
    static Path shared;

    private static Slapd slapd;

    @TempDir
    Path folder;

    private TestHome home;
    private final PasswordHashing hashing = new PasswordHashing();
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final AtomicLong now = new AtomicLong();
    private final LoginLimiter limiter = new LoginLimiter(now::get);
    private final AccountBook book = new AccountBook(InstantSource.system(), log::log);

    private final List<String> looked = new ArrayList<>();
    private BearerTokens tokens = _ -> {
        throw new IOException("tokens is not running");
    };

    @BeforeAll
    static void directory() throws Exception {
        slapd = Slapd.withExample(shared.resolve("slapd"), Slapd.ACCESS);
    }

    @AfterAll
    static void endOfDirectory() throws Exception {
        if (slapd != null) {
            slapd.close();
        }
    }

    @BeforeEach
    void installation() throws Exception {
        home = LdapExampleTest.example(folder, "127.0.0.1:" + slapd.port + "\n")
                .control("ldapcachettl", "0\n")
                .control("ldapcachenegativettl", "0\n")
                .control("ldaplogin", AUTH + "\n")
                .control("ldappassword", "servico1\n");
    }

    @AfterEach
    void end() {
        hashing.close();
        home.close();
        log.close();
    }

    private Optional<PasswordChecker> checker = Optional.empty();

    private Logins logins() throws Exception {
        AddressLookup lookup = home.fresh();
        return new Logins(
                lookup.passwordSources(
                        new PasswordFile(
                                home.installation.users().resolve("passwd"), Duration.ZERO, StoredPassword::parse),
                        hashing,
                        checker),
                new AppPasswords(home.installation.users().resolve("apppasswords"), Duration.ZERO),
                new LoginTickets(),
                token -> {
                    looked.add(new String(token, StandardCharsets.US_ASCII));
                    return tokens.look(token);
                },
                LookupSettings.read(home.installation).maildir(),
                limiter,
                book,
                new FaultLogLimiter(log),
                _ -> {},
                LookupSettings.read(home.installation).senders(),
                LookupSettings.read(home.installation).limits(),
                new ScramSalts("0123456789abcdef".getBytes(StandardCharsets.US_ASCII), 4096),
                address -> lookup.routes(List.of(address)).getFirst());
    }

    private static LoginVerdict login(Logins logins, String name, String password) {
        return from(logins, "192.0.2.7", name, password);
    }

    private static LoginVerdict from(Logins logins, String client, String name, String password) {
        return logins.check(
                new LoginAttempt(LoginService.SMTP, client), name, password.getBytes(StandardCharsets.UTF_8));
    }

    private static LoginVerdict in(String account) {
        return new LoginVerdict.LoggedIn(account);
    }

    private static void assertWrong(LoginVerdict verdict) {
        assertThat(verdict).isInstanceOf(LoginVerdict.WrongPassword.class);
    }

    // ---- an administrator's word

    @Test
    void anAccountThatIsStoppedDoesNotLogIn() throws Exception {
        Logins logins = logins();
        assertThat(login(logins, "joao", SECRET)).isEqualTo(in("joao"));
        book.stop("joao", true);
        assertWrong(login(logins, "joao", SECRET));
        assertThat(logins.sending("joao", 1)).isEqualTo(new SendingVerdict.AccountStopped());
        book.stop("joao", false);
        assertThat(login(logins, "joao", SECRET)).isEqualTo(in("joao"));
        assertThat(logins.sending("joao", 1)).isEqualTo(new SendingVerdict.SendingAllowed());
        log.close();
        assertThat(logged.toString(StandardCharsets.UTF_8)).contains("an administrator has stopped it");
    }

    @Test
    void blocksAreShownAndLifted() throws Exception {
        Logins logins = logins();
        for (int i = 0; i < LoginLimiter.MOST_OF_ADDRESS; i++) {
            assertWrong(from(logins, "2001:db8:1:2::" + i, "nobody" + i, "x"));
        }
        for (int i = 0; i < LoginLimiter.MOST_OF_ACCOUNT; i++) {
            assertWrong(from(logins, "192.0.2." + i, "Joao", "x"));
        }
        assertThat(limiter.blocked(10))
                .extracting(BlockedOrigin::origin)
                .containsExactlyInAnyOrder("2001:db8:1:2:0:0:0:0/64", "joao");
        assertThat(limiter.lift("2001:db8:1:2::77")).isTrue();
        assertThat(limiter.lift("2001:db8:1:2::77")).isFalse();
        assertThat(limiter.lift("JOAO")).isTrue();
        assertThat(limiter.blocked(10)).isEmpty();
        assertThat(login(logins, "joao", SECRET)).isEqualTo(in("joao"));
    }

    // ---- programs of the checkpassword interface

    @Test
    void aCheckpasswordProgramIsAskedForNamesThatNobodyElseHas() throws Exception {
        var asked = new ArrayList<String>();
        checker = Optional.of((attempt, name, password) -> {
            asked.add(attempt.client() + " " + name);
            return switch (new String(password, StandardCharsets.UTF_8)) {
                case "right" -> new CheckerAnswer.PasswordAccepted(-5, 7, "/home/vera");
                case "later" -> new CheckerAnswer.CheckerUndecided("it ended with code 111");
                default -> new CheckerAnswer.PasswordRefused();
            };
        });
        Logins logins = logins();
        assertWrong(login(logins, "joao", "right"));
        assertThat(asked).as("users/passwd has that name").isEmpty();
        assertThat(login(logins, "Vera@mail.example.org", "right")).isEqualTo(in("vera@mail.example.org"));
        assertWrong(login(logins, "vera@mail.example.org", "wrong"));
        assertThat(login(logins, "vera@mail.example.org", "later"))
                .isEqualTo(new LoginVerdict.LoginUndecided("checkpassword: it ended with code 111"));
        assertThat(asked).hasSize(3).allMatch(each -> each.startsWith("192.0.2.7 "));
        LoginVerdict pop = logins.check(
                new LoginAttempt(LoginService.POP3, "192.0.2.7"), "vera", "right".getBytes(StandardCharsets.US_ASCII));
        assertThat(pop)
                .isInstanceOfSatisfying(
                        LoginVerdict.LoggedIn.class,
                        verdict -> assertThat(logins.redeem(verdict.ticket()))
                                .isEqualTo(new TicketAnswer.MailboxOfAccount("vera", -5, 7, "/home/vera/Maildir/")));
        book.stop("vera", true);
        assertWrong(login(logins, "vera", "right"));
    }

    @Test
    void anAppPasswordServesAnAccountOfACheckpasswordProgramToo() throws Exception {
        checker = Optional.of((_, _, _) -> new CheckerAnswer.PasswordRefused());
        Files.writeString(home.installation.users().resolve("passwd"), "");
        String phone = app("joao", LoginService.SMTP, Instant.MAX);
        assertThat(login(logins(), "joao", phone)).isEqualTo(in("joao"));
        assertWrong(login(logins(), "nobody-here", phone));
    }

    // ---- app passwords

    private String app(String account, LoginService service, Instant until) throws Exception {
        AppPassword.FreshAppPassword made =
                AppPassword.make(account, EnumSet.of(service), Instant.EPOCH, until, "phone", new SecureRandom());
        AppPasswords.add(RewrittenFile.keepingOwner(home.installation.users().resolve("apppasswords")), made.kept());
        return new String(made.shown(), StandardCharsets.US_ASCII);
    }

    @Test
    void anAppPasswordLogsInToItsAccountForWhatItIsMade() throws Exception {
        String phone = app("joao", LoginService.SMTP, Instant.MAX);
        String old = app("joao", LoginService.SMTP, Instant.now().minusSeconds(1));
        String pop = app("joao", LoginService.POP3, Instant.MAX);
        Logins logins = logins();
        assertThat(login(logins, "joao", phone)).isEqualTo(in("joao"));
        assertThat(login(logins, "Joao", phone.replace("-", ""))).isEqualTo(in("joao"));
        assertThat(login(logins, "joao", SECRET)).as("its own goes on").isEqualTo(in("joao"));
        assertWrong(login(logins, "maria", phone));
        assertWrong(login(logins, "nobody", phone));
        assertWrong(login(logins, "joao", old));
        assertWrong(from(logins, "192.0.2.8", "joao", pop));
        assertThat(logins.check(
                        new LoginAttempt(LoginService.POP3, "192.0.2.7"),
                        "joao",
                        pop.getBytes(StandardCharsets.US_ASCII)))
                .isInstanceOfSatisfying(LoginVerdict.LoggedIn.class, verdict -> {
                    assertThat(verdict.account()).isEqualTo("joao");
                    assertThat(verdict.ticket()).matches("[0-9a-f]{32}");
                    assertThat(logins.redeem(verdict.ticket()))
                            .isInstanceOfSatisfying(
                                    TicketAnswer.MailboxOfAccount.class,
                                    mailbox -> assertThat(mailbox.folder())
                                            .startsWith("/")
                                            .endsWith("/"));
                    assertThat(logins.redeem(verdict.ticket())).as("once").isEqualTo(new TicketAnswer.NoSuchTicket());
                });
        AccountLogins known = book.account("joao", _ -> Duration.ZERO);
        assertThat(known.logins().getFirst().label()).isEqualTo("phone");
        assertThat(known.uses()).hasSize(2);
        book.stop("joao", true);
        assertWrong(login(logins, "joao", phone));
        log.close();
        assertThat(logged.toString(StandardCharsets.UTF_8))
                .contains("wrong password: an app password of another account")
                .contains("its app password \"phone\" has expired")
                .contains("its app password \"phone\" is not for SMTP")
                .doesNotContain(phone, old, pop);
    }

    @ParameterizedTest
    @ValueSource(strings = {"soentrega", "suspenso", "removido"})
    void anAppPasswordIsNoWayIntoAnAccountThatMayNotLogIn(String account) throws Exception {
        assertWrong(login(logins(), account, app(account, LoginService.SMTP, Instant.MAX)));
    }

    @Test
    void whileTheFileCannotBeReadNobodyIsAskedForANewPassword() throws Exception {
        String phone = app("joao", LoginService.SMTP, Instant.MAX);
        Path file = home.installation.users().resolve("apppasswords");
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(login(logins(), "joao", phone)).isInstanceOf(LoginVerdict.LoginUndecided.class);
        assertThat(login(logins(), "joao", SECRET)).isEqualTo(in("joao"));
    }

    // ---- tokens

    private static final TokenFault FAULT = new TokenFault("insufficient_scope", "mail", "https://id.example/x");

    private static LoginVerdict byToken(Logins logins, String name) {
        return logins.token(
                        new LoginAttempt(LoginService.SMTP, "192.0.2.7"),
                        name,
                        "t0ken".getBytes(StandardCharsets.US_ASCII))
                .verdict();
    }

    @Test
    void aTokenLogsInToTheAccountThatItNames() throws Exception {
        home.control("ldaploginattributes", "uid\nmail\n");
        tokens = _ -> new TokenAnswer.TokenAccepted("joao@example.org");
        Logins logins = logins();
        assertThat(byToken(logins, "")).isEqualTo(in("joao"));
        assertThat(byToken(logins, "joao@example.org")).isEqualTo(in("joao"));
        assertThat(byToken(logins, "Joao"))
                .as("another name of the same account")
                .isEqualTo(in("joao"));
        assertWrong(byToken(logins, "maria"));
        assertWrong(byToken(logins, "nobody"));
        assertWrong(byToken(logins, "joao)(uid=*"));
        assertThat(book.account("joao", _ -> Duration.ZERO).logins()).isNotEmpty();
        assertThat(logins.token(
                                new LoginAttempt(LoginService.POP3, "192.0.2.7"),
                                "",
                                "t0ken".getBytes(StandardCharsets.US_ASCII))
                        .verdict())
                .isInstanceOfSatisfying(
                        LoginVerdict.LoggedIn.class,
                        verdict -> assertThat(logins.redeem(verdict.ticket()))
                                .isInstanceOf(TicketAnswer.MailboxOfAccount.class));
        book.stop("joao", true);
        assertWrong(byToken(logins, ""));
        log.close();
        assertThat(logged.toString(StandardCharsets.UTF_8))
                .contains("its token is for another account, joao@example.org")
                .contains("an administrator has stopped it")
                .doesNotContain("t0ken");
    }

    @ParameterizedTest
    @ValueSource(strings = {"soentrega", "suspenso", "removido", "nobody", "", "a\nb"})
    void aGoodTokenIsNoWayIntoAnAccountThatMayNotLogInOrIsNone(String account) throws Exception {
        tokens = _ -> new TokenAnswer.TokenAccepted(account);
        assertWrong(byToken(logins(), ""));
    }

    @Test
    void aNameOfUsersPasswdIsAnAccountToo() throws Exception {
        Files.writeString(home.installation.users().resolve("passwd"), "porteiro:{SSHA}x\n");
        tokens = _ -> new TokenAnswer.TokenAccepted("porteiro");
        assertThat(byToken(logins(), "")).isEqualTo(in("porteiro"));
    }

    @Test
    void whatIsSaidOfATokenReachesTheClientAndWhoKeepsTryingIsSlowedDown() throws Exception {
        tokens = _ -> new TokenAnswer.TokenRefused("it has expired", FAULT);
        Logins logins = logins();
        var attempt = new LoginAttempt(LoginService.SMTP, "192.0.2.7");
        for (int i = 0; i < LoginLimiter.MOST_OF_ADDRESS; i++) {
            var reply = logins.token(attempt, "", "t0ken".getBytes(StandardCharsets.US_ASCII));
            assertWrong(reply.verdict());
            assertThat(reply.fault()).isEqualTo(FAULT);
        }
        looked.clear();
        assertThat(byToken(logins, "")).isInstanceOf(LoginVerdict.TooManyFailures.class);
        assertThat(looked).isEmpty();
        tokens = _ -> new TokenAnswer.TokenAccepted("joao");
        assertThat(logins.token(
                                new LoginAttempt(LoginService.SMTP, "198.51.100.7"),
                                "",
                                "t0ken".getBytes(StandardCharsets.US_ASCII))
                        .verdict())
                .as("tokens that name nobody keep nobody else out")
                .isEqualTo(in("joao"));
    }

    @Test
    void whatCannotBeToldIsNoRefusal() throws Exception {
        Logins logins = logins();
        for (int i = 0; i < LoginLimiter.MOST_OF_ADDRESS; i++) {
            assertThat(byToken(logins, "")).isInstanceOf(LoginVerdict.LoginUndecided.class);
        }
        tokens = _ -> new TokenAnswer.TokenUndecided("no answer");
        assertThat(byToken(logins, "joao")).isInstanceOf(LoginVerdict.LoginUndecided.class);
        tokens = _ -> new TokenAnswer.TokenAccepted("joao");
        assertThat(byToken(logins, "joao")).as("and none is counted").isEqualTo(in("joao"));
    }

    // ---- the directory

    @ParameterizedTest
    @Covers("ldap:QL-087")
    @ValueSource(
            strings = {
                "pw-ssha",
                "pw-smd5",
                "pw-md5",
                "pw-sha",
                "pw-md4",
                "pw-rmd160",
                "pw-nsmta",
                "pw-cryptdes",
                "pw-cryptmd5",
                "pw-crypt6",
                "pw-bcrypt",
                "pw-rawcrypt",
                "pw-argon2",
                "joao"
            })
    void everySchemeIsComparedHere(String name) throws Exception {
        Logins logins = logins();
        assertThat(login(logins, name, SECRET)).isEqualTo(in(name));
        assertWrong(login(logins, name, "segredo2"));
        assertWrong(login(logins, name, ""));
    }

    @Test
    @Covers("ldap:QL-087")
    void clearTextIsAPasswordOnlyWhereThatIsAllowed() throws Exception {
        assertWrong(login(logins(), "pw-clear", SECRET));
        home.control("ldapcleartext", "1\n");
        assertThat(login(logins(), "pw-clear", SECRET)).isEqualTo(in("pw-clear"));
    }

    @ParameterizedTest
    @Covers("ldap:QL-088")
    @ValueSource(
            strings = {"pw-ssha", "pw-smd5", "pw-md5", "pw-sha", "pw-md4", "pw-rmd160", "pw-crypt6", "pw-rawcrypt"})
    void withRebindTheDirectoryDecides(String name) throws Exception {
        home.control("ldaplogin", Slapd.READER + "\n").control("ldappassword", "servico1\n");
        home.control("ldaprebind", "1\n");
        boolean right = binds("uid=" + name + ",ou=people,dc=example,dc=org", SECRET);
        LoginVerdict verdict = login(logins(), name, SECRET);
        assertThat(verdict.equals(in(name))).as(name + " " + verdict).isEqualTo(right);
        assertWrong(login(logins(), name, "segredo2"));
        assertWrong(login(logins(), name, ""));
    }

    /** What ldapwhoami would say. */
    private static boolean binds(String dn, String password) {
        try (var _ = new LDAPConnection("127.0.0.1", slapd.port, dn, password)) {
            return true;
        } catch (com.unboundid.ldap.sdk.LDAPException e) {
            return false;
        }
    }

    @Test
    void withRebindAReaderWhoSeesNoPasswordIsEnough() throws Exception {
        home.control("ldaplogin", Slapd.READER + "\n").control("ldappassword", "servico1\n");
        assertWrong(login(logins(), "joao", SECRET));
        home.control("ldaprebind", "1\n");
        assertThat(login(logins(), "joao", SECRET)).isEqualTo(in("joao"));
    }

    @Test
    @Covers("ldap:QL-091")
    void theNameIsLookedForInTheAttributesThatAreSet() throws Exception {
        assertWrong(login(logins(), "joao@example.org", SECRET));
        home.control("ldaploginattributes", "uid\nmail\nmailAlternateAddress\n");
        assertThat(login(logins(), "joao@example.org", SECRET)).isEqualTo(in("joao"));
        assertThat(login(logins(), "joao", SECRET)).isEqualTo(in("joao"));
    }

    @Test
    void whoMayNotLogInCannot() throws Exception {
        for (String status : List.of("disabled", "noaccess", "nopop", "deleted", "DISABLED")) {
            try (LDAPConnection root = slapd.asRoot()) {
                String dn = "uid=joao,ou=people,dc=example,dc=org";
                root.modify(new com.unboundid.ldap.sdk.ModifyRequest(
                        dn,
                        new com.unboundid.ldap.sdk.Modification(
                                com.unboundid.ldap.sdk.ModificationType.REPLACE, "accountStatus", status)));
                try {
                    assertWrong(login(logins(), "joao", SECRET));
                } finally {
                    root.modify(new com.unboundid.ldap.sdk.ModifyRequest(
                            dn,
                            new com.unboundid.ldap.sdk.Modification(
                                    com.unboundid.ldap.sdk.ModificationType.REPLACE, "accountStatus", "active")));
                }
            }
        }
    }

    @Test
    void aNameIsNoFilter() throws Exception {
        Logins logins = logins();
        assertWrong(login(logins, "*", SECRET));
        assertWrong(login(logins, "joao)(uid=*", SECRET));
        assertWrong(login(logins, "joa\0o", SECRET));
        assertWrong(login(logins, "", SECRET));
    }

    @Test
    void whileTheDirectoryIsAwayNothingIsKnown() throws Exception {
        home.control("ldapserver", "127.0.0.1:" + Slapd.freePort() + "\n");
        assertThat(login(logins(), "joao", SECRET)).isInstanceOf(LoginVerdict.LoginUndecided.class);
        home.control("ldaprebind", "1\n");
        assertThat(login(logins(), "joao", SECRET)).isInstanceOf(LoginVerdict.LoginUndecided.class);
    }

    @Test
    void theAddressesOfAnEntryAreItsOwn() throws Exception {
        assertThat(logins().ownership(
                                "joao",
                                List.of(
                                        new Address("joao@example.org"),
                                        new Address("JOAO@Example.org"),
                                        new Address("pw-ssha@example.org"),
                                        new Address("nobody@example.org"),
                                        new Address("joao@elsewhere.example"))))
                .containsExactly(Ownership.OWN, Ownership.OWN, Ownership.FOREIGN, Ownership.FOREIGN, Ownership.FOREIGN);
        home.control("loginsenders", "Joao:@elsewhere.example\njoao:pw-ssha@example.org\n");
        assertThat(logins().ownership(
                                "joao",
                                List.of(
                                        new Address("any@Elsewhere.example"),
                                        new Address("pw-ssha@example.org"),
                                        new Address("pw-smd5@example.org"))))
                .containsExactly(Ownership.OWN, Ownership.OWN, Ownership.FOREIGN);
    }

    // ---- users/passwd

    private void file(String lines) throws Exception {
        Files.writeString(home.installation.users().resolve("passwd"), lines);
    }

    private static String hash(String password) {
        return StoredPassword.create(password.getBytes(StandardCharsets.UTF_8), new SecureRandom())
                .octets();
    }

    private void withoutDirectory() throws Exception {
        for (String file : List.of("ldapserver", "ldaplogin", "ldappassword")) {
            Files.deleteIfExists(home.installation.control(file));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "none | Maildir/",
                "./Mailbox | Maildir/",
                "./Maildir/ | Maildir/",
                "# mail\\nfilter\\n./mail/in/\\n./Maildir/ | mail/in/"
            })
    void aTicketOpensTheMaildirThatMailComesTo(@Nullable String delivery, String maildir) throws Exception {
        withoutDirectory();
        Path ann = home.user("ann");
        file("ann:" + hash("one") + "\n");
        if (delivery != null) {
            home.control("defaultdelivery", delivery.replace("\\n", "\n") + "\n");
        }
        Logins logins = logins();
        var verdict = logins.check(
                new LoginAttempt(LoginService.POP3, "192.0.2.7"), "ann", "one".getBytes(StandardCharsets.US_ASCII));
        String ticket = ((LoginVerdict.LoggedIn) verdict).ticket();
        assertThat(logins.redeem(ticket))
                .isEqualTo(new TicketAnswer.MailboxOfAccount("ann", TestHome.USER_UID, 100, ann + "/" + maildir));
    }

    @Test
    void aLineOfTheFileLogsIn() throws Exception {
        withoutDirectory();
        file("# people\nann:" + hash("one") + "\nsales@shop.example:" + hash("two") + "\n");
        Logins logins = logins();
        assertThat(login(logins, "ann", "one")).isEqualTo(in("ann"));
        assertThat(login(logins, "Ann", "one")).isEqualTo(in("ann"));
        assertThat(login(logins, "Sales@Shop.example", "two")).isEqualTo(in("sales@shop.example"));
        assertWrong(login(logins, "ann", "two"));
        assertWrong(login(logins, "bob", "one"));
    }

    @Test
    void theSourceThatHasTheNameFirstDecides() throws Exception {
        file("joao:" + hash("another") + "\nann:" + hash("one") + "\n");
        Logins logins = logins();
        assertWrong(login(logins, "joao", "another"));
        assertThat(login(logins, "joao", SECRET)).isEqualTo(in("joao"));
        assertThat(login(logins, "ann", "one")).isEqualTo(in("ann"));
        home.control("lookupsources", "passwd\nldap\n");
        assertThat(login(logins(), "joao", "another")).isEqualTo(in("joao"));
    }

    @Test
    void anAccountOfTheFileHasTheAddressesThatMailReachesItBy() throws Exception {
        withoutDirectory();
        Path ann = home.user("ann");
        home.user("bob");
        home.user("shop");
        Files.writeString(ann.resolve(".qmail-lists"), "./Maildir/\n");
        Files.writeString(home.homes.resolve("shop").resolve(".qmail-default"), "./Maildir/\n");
        home.control("virtualdomains", "shop.example:shop\n");
        file("ann:" + hash("one") + "\nsales@shop.example:" + hash("two") + "\nghost:" + hash("three") + "\n");
        assertThat(logins().ownership(
                                "ann",
                                List.of(
                                        new Address("ann@example.org"),
                                        new Address("Ann@example.net"),
                                        new Address("ann-lists@example.org"),
                                        new Address("ann-other@example.org"),
                                        new Address("bob@example.org"),
                                        new Address("ann@elsewhere.example"))))
                .containsExactly(
                        Ownership.OWN,
                        Ownership.OWN,
                        Ownership.OWN,
                        Ownership.FOREIGN,
                        Ownership.FOREIGN,
                        Ownership.FOREIGN);
        assertThat(logins().ownership(
                                "sales@shop.example",
                                List.of(
                                        new Address("sales@shop.example"),
                                        new Address("sales-x@shop.example"),
                                        new Address("salesman@shop.example"),
                                        new Address("other@shop.example"))))
                .containsExactly(Ownership.OWN, Ownership.OWN, Ownership.FOREIGN, Ownership.FOREIGN);
        assertThat(logins().ownership("ghost", List.of(new Address("ghost@example.org"))))
                .containsExactly(Ownership.FOREIGN);
        home.breakNameService("asleep");
        assertThat(logins().ownership("ann", List.of(new Address("carl@example.org"))))
                .containsExactly(Ownership.NOT_NOW);
    }

    // ---- SCRAM

    private static final LoginAttempt ATTEMPT = new LoginAttempt(LoginService.SMTP, "192.0.2.7");
    private static final TlsBinding BINDING = new TlsBinding("tls-exporter", "0123456789abcdef0123456789abcdef");

    private static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ScramReply scram(Logins logins, ScramClient client, List<TlsBinding> bindings) {
        ScramReply first = logins.begin(ATTEMPT, new ScramRequest(client.mechanism(), bindings, client.first()));
        if (!(first instanceof ScramReply.ScramChallenge(var exchange, var challenge))) {
            return first;
        }
        ScramStep step = client.answer(octets(challenge));
        assertThat(step).isInstanceOf(ScramStep.ScramContinues.class);
        ScramReply last = logins.finish(ATTEMPT, exchange, ((ScramStep.ScramContinues) step).message());
        if (last instanceof ScramReply.ScramProven(var message, var _, var _)) {
            assertThat(client.finish(octets(message))).isInstanceOf(ScramStep.ScramSucceeds.class);
        }
        return last;
    }

    private static ScramReply scram(Logins logins, String name, String password) {
        return scram(
                logins, ScramClient.unbound(ScramHash.SHA_256, name, octets(password), new SecureRandom()), List.of());
    }

    private static String proven(ScramReply reply) {
        assertThat(reply).isInstanceOf(ScramReply.ScramProven.class);
        return ((ScramReply.ScramProven) reply).account();
    }

    private static void assertDenied(ScramReply reply) {
        assertThat(reply).isInstanceOf(ScramReply.ScramDenied.class);
        assertWrong(((ScramReply.ScramDenied) reply).verdict());
    }

    private static String scramHash(String password) {
        return StoredPassword.createScram(octets(password), 4096, new SecureRandom())
                .octets();
    }

    @Test
    @Covers("ldap:QL-090")
    void aPasswordIsProvedWithoutBeingSaid() throws Exception {
        withoutDirectory();
        file("ann:" + scramHash("one") + "\nbob:" + hash("two") + "\n");
        Logins logins = logins();
        assertThat(proven(scram(logins, "Ann", "one"))).isEqualTo("ann");
        assertDenied(scram(logins, "ann", "two"));
        assertDenied(scram(logins, "nobody", "one"));
        assertDenied(scram(logins, "bob", "two"));
        assertThat(login(logins, "ann", "one")).as("by the same hash").isEqualTo(in("ann"));
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                .contains("bob: its password is not stored for SCRAM-SHA-256; carteiro passwd --scram does")
                .contains("no login for \"nobody\" from 192.0.2.7: no account has that name");
    }

    @Test
    @Covers("ldap:QL-090")
    void keysOfTheDirectoryAreEnough() throws Exception {
        String dn = "uid=joao,ou=people,dc=example,dc=org";
        try (LDAPConnection root = slapd.asRoot()) {
            String before = java.util.Objects.requireNonNull(
                    java.util.Objects.requireNonNull(root.getEntry(dn)).getAttributeValue("userPassword"));
            root.modify(new com.unboundid.ldap.sdk.ModifyRequest(
                    dn,
                    new com.unboundid.ldap.sdk.Modification(
                            com.unboundid.ldap.sdk.ModificationType.REPLACE, "userPassword", scramHash(SECRET))));
            try {
                assertThat(proven(scram(logins(), "joao", SECRET))).isEqualTo("joao");
                home.control("ldaprebind", "1\n");
                assertDenied(scram(logins(), "joao", SECRET));
            } finally {
                root.modify(new com.unboundid.ldap.sdk.ModifyRequest(
                        dn,
                        new com.unboundid.ldap.sdk.Modification(
                                com.unboundid.ldap.sdk.ModificationType.REPLACE, "userPassword", before)));
            }
        }
    }

    @Test
    void aLoginIsBoundToItsConnection() throws Exception {
        withoutDirectory();
        file("ann:" + scramHash("one") + "\n");
        Logins logins = logins();
        var mine = new ChannelBinding(BINDING.type(), octets(BINDING.octets()));
        var another = new ChannelBinding(BINDING.type(), new byte[32]);
        var random = new SecureRandom();
        assertThat(proven(scram(
                        logins,
                        ScramClient.bound(ScramHash.SHA_256, mine, "ann", octets("one"), random),
                        List.of(BINDING))))
                .isEqualTo("ann");
        assertDenied(scram(
                logins, ScramClient.bound(ScramHash.SHA_256, another, "ann", octets("one"), random), List.of(BINDING)));
        assertDenied(scram(
                logins, ScramClient.ableToBind(ScramHash.SHA_256, "ann", octets("one"), random), List.of(BINDING)));
        assertThat(scram(logins, ScramClient.bound(ScramHash.SHA_256, mine, "ann", octets("one"), random), List.of()))
                .isInstanceOf(ScramReply.ScramDenied.class);
    }

    @Test
    void aNameThatNobodyHasAlwaysHasTheSameSalt() throws Exception {
        withoutDirectory();
        file("ann:" + scramHash("one") + "\n");
        assertThat(salt(logins(), "nobody")).isEqualTo(salt(logins(), "nobody")).isNotEqualTo(salt(logins(), "no"));
    }

    private static String salt(Logins logins, String name) {
        ScramReply first =
                logins.begin(ATTEMPT, new ScramRequest("SCRAM-SHA-256", List.of(), "n,,n=" + name + ",r=abc"));
        return ((ScramReply.ScramChallenge) first).message().replaceAll(".*,s=([^,]*),.*", "$1");
    }

    @Test
    void anExchangeHasOneAnswerAndNoOther() throws Exception {
        withoutDirectory();
        file("ann:" + scramHash("one") + "\n");
        Logins logins = logins();
        var first = (ScramReply.ScramChallenge)
                logins.begin(ATTEMPT, new ScramRequest("SCRAM-SHA-256", List.of(), "n,,n=ann,r=abc"));
        assertDenied(logins.finish(ATTEMPT, first.exchange(), "c=biws,r=abc,p=AAAA"));
        assertThat(((ScramReply.ScramDenied) logins.finish(ATTEMPT, first.exchange(), "c=biws")).verdict())
                .isInstanceOf(LoginVerdict.LoginUndecided.class);
        assertDenied(logins.begin(ATTEMPT, new ScramRequest("SCRAM-SHA-256", List.of(), "n,,m=x,n=a,r=b")));
        assertThat(logins.begin(ATTEMPT, new ScramRequest("SCRAM-SHA-9", List.of(), "n,,n=a,r=b")))
                .isInstanceOf(ScramReply.ScramDenied.class);
    }

    @Test
    void guessesByScramCountToo() throws Exception {
        withoutDirectory();
        file("ann:" + scramHash("one") + "\n");
        Logins logins = logins();
        for (int i = 0; i < LoginLimiter.MOST_OF_ACCOUNT; i++) {
            assertDenied(scram(logins, "ann", "guess" + i));
        }
        assertThat(((ScramReply.ScramDenied) scram(logins, "ann", "one")).verdict())
                .isInstanceOf(LoginVerdict.TooManyFailures.class);
        assertThat(login(logins, "ann", "one")).isInstanceOf(LoginVerdict.TooManyFailures.class);
    }

    @Test
    void exchangesThatWereBegunBeforeAreNoGuessesMore() throws Exception {
        withoutDirectory();
        file("ann:" + scramHash("one") + "\n");
        Logins logins = logins();
        var begun = new java.util.ArrayList<String>();
        for (int i = 0; i <= LoginLimiter.MOST_OF_ACCOUNT; i++) {
            begun.add(((ScramReply.ScramChallenge)
                            logins.begin(ATTEMPT, new ScramRequest("SCRAM-SHA-256", List.of(), "n,,n=ann,r=abc")))
                    .exchange());
        }
        for (String exchange : begun.subList(0, LoginLimiter.MOST_OF_ACCOUNT)) {
            assertDenied(logins.finish(ATTEMPT, exchange, "c=biws,r=abc,p=AAAA"));
        }
        assertThat(((ScramReply.ScramDenied) logins.finish(ATTEMPT, begun.getLast(), "c=biws,r=abc,p=AAAA")).verdict())
                .isInstanceOf(LoginVerdict.TooManyFailures.class);
    }

    @Test
    void aPipeInPlaceOfTheSecretKeepsNobodyWaiting() throws Exception {
        Path file = home.installation.users().resolve("saltsecret");
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                .isZero();
        org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(new SaltSecret(home.installation, log).salts()).isNotNull());
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1)).contains("it is no regular file; remove it");
    }

    @Test
    void theSecretOfTheSaltsIsKept() throws Exception {
        Path file = home.installation.users().resolve("saltsecret");
        var first = new SaltSecret(home.installation, log).salts();
        byte[] secret = Files.readAllBytes(file);
        assertThat(secret).hasSize(32);
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
        var second = new SaltSecret(home.installation, log).salts();
        assertThat(Files.readAllBytes(file)).isEqualTo(secret);
        assertThat(first).isNotNull();
        assertThat(second).isNotNull();
        Files.writeString(file, "short");
        assertThat(new SaltSecret(home.installation, log).salts()).isNotNull();
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1)).contains("users/saltsecret can be neither read nor");
    }

    // ---- guessing

    @Test
    void noPasswordIsLookedAtAfterManyWrongOnesOfAnAccount() throws Exception {
        withoutDirectory();
        file("ann:{SHA}" + sha("one") + "\n");
        Logins logins = logins();
        for (int i = 0; i < LoginLimiter.MOST_OF_ACCOUNT; i++) {
            assertWrong(from(logins, "198.51." + i + ".1", "ann", "guess" + i));
        }
        assertThat(from(logins, "192.0.2.1", "ann", "one")).isInstanceOf(LoginVerdict.TooManyFailures.class);
        assertThat(from(logins, "192.0.2.1", "ANN", "one")).isInstanceOf(LoginVerdict.TooManyFailures.class);
        now.addAndGet(LoginLimiter.WINDOW.toNanos());
        assertThat(from(logins, "192.0.2.1", "ann", "one")).isEqualTo(in("ann"));
        log.close();
        assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                .contains("lookup: no password is looked at for 900 s: \"ann\" from 192.0.2.1 had too many wrong ones")
                .contains("lookup: no login for \"ann\" from 198.51.1.1: users/passwd: ann: wrong password")
                .doesNotContain("guess");
    }

    @Test
    void nobodyIsLockedOutOfAPlaceWhereTheyHaveBeenBefore() throws Exception {
        withoutDirectory();
        file("ann:{SHA}" + sha("one") + "\n");
        Logins logins = logins();
        assertThat(from(logins, "192.0.2.1", "ann", "one")).isEqualTo(in("ann"));
        for (int i = 0; i < 2 * LoginLimiter.MOST_OF_ACCOUNT; i++) {
            from(logins, "198.51." + i + ".1", "ann", "guess" + i);
        }
        assertThat(from(logins, "203.0.113.1", "ann", "one")).isInstanceOf(LoginVerdict.TooManyFailures.class);
        assertThat(from(logins, "192.0.2.99", "ann", "one")).isEqualTo(in("ann"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"198.51.100.7 198.51.100.7", "2001:db8:0:1::1 2001:db8:0:1:ffff::2"})
    void noPasswordIsLookedAtAfterManyWrongOnesOfAnAddress(String clients) throws Exception {
        withoutDirectory();
        file("ann:{SHA}" + sha("one") + "\n");
        Logins logins = logins();
        String first = clients.split(" ")[0];
        for (int i = 0; i < LoginLimiter.MOST_OF_ADDRESS; i++) {
            assertWrong(from(logins, first, "someone" + i, "guess"));
        }
        assertThat(from(logins, clients.split(" ")[1], "ann", "one")).isInstanceOf(LoginVerdict.TooManyFailures.class);
        assertThat(from(logins, "192.0.2.1", "ann", "one")).isEqualTo(in("ann"));
    }

    @Test
    void aNetworkIsBlockedAfterMore() throws Exception {
        withoutDirectory();
        file("ann:{SHA}" + sha("one") + "\n");
        Logins logins = logins();
        for (int i = 0; i < LoginLimiter.MOST_OF_NETWORK; i++) {
            assertWrong(from(logins, "198.51.100." + i, "someone" + i, "guess"));
        }
        assertThat(from(logins, "198.51.100.250", "ann", "one")).isInstanceOf(LoginVerdict.TooManyFailures.class);
        assertThat(from(logins, "198.51.101.250", "ann", "one")).isEqualTo(in("ann"));
    }

    @Test
    void manyWhoGuessAtOnceHaveNoMoreGuessesThanOneAfterAnother() throws Exception {
        withoutDirectory();
        file("ann:" + hash("one") + "\n");
        Logins logins = logins();
        var verdicts = new java.util.concurrent.ConcurrentLinkedQueue<LoginVerdict>();
        var threads = new java.util.ArrayList<Thread>();
        for (int i = 0; i < 5 * LoginLimiter.MOST_OF_ACCOUNT; i++) {
            int guess = i;
            threads.add(Thread.ofVirtual()
                    .start(() -> verdicts.add(from(logins, "198.51." + guess + ".1", "ann", "guess" + guess))));
        }
        for (Thread thread : threads) {
            assertThat(thread.join(Duration.ofSeconds(60))).isTrue();
        }
        assertThat(verdicts).hasSize(5 * LoginLimiter.MOST_OF_ACCOUNT);
        assertThat(verdicts)
                .filteredOn(verdict -> verdict instanceof LoginVerdict.WrongPassword)
                .hasSize(LoginLimiter.MOST_OF_ACCOUNT);
    }

    @Test
    void whoIsNotKnownWaitsLongerWhileVeryManyGuess() {
        var home = new LoginAttempt(LoginService.SMTP, "192.0.2.1");
        limiter.succeeded(home, "ann");
        for (int i = 0; i <= LoginLimiter.MANY_IN_ALL; i++) {
            limiter.failed(new LoginAttempt(LoginService.SMTP, "198." + i / 200 + "." + i % 200 + ".1"), "name" + i);
        }
        var elsewhere = new LoginAttempt(LoginService.SMTP, "203.0.113.1");
        assertThat(limiter.failed(elsewhere, "new")).isGreaterThan(LoginLimiter.FIRST_PAUSE);
        assertThat(limiter.failed(home, "ann")).isEqualTo(LoginLimiter.FIRST_PAUSE);
    }

    @Test
    void longNamesAreToldApart() {
        String name = "a".repeat(500);
        for (int i = 0; i < LoginLimiter.MOST_OF_ACCOUNT; i++) {
            limiter.failed(new LoginAttempt(LoginService.SMTP, "198.51." + i + ".1"), name + "b");
        }
        var elsewhere = new LoginAttempt(LoginService.SMTP, "192.0.2.1");
        assertThat(limiter.blocked(elsewhere, name + "B")).isPresent();
        assertThat(limiter.blocked(elsewhere, name + "c")).isEmpty();
    }

    @Test
    void theAnswerWaitsLongerFromOneToTheNext() {
        assertThat(List.of(1, 3, 4, 5, 6, 7, 1_000_000))
                .extracting(count -> LoginLimiter.pause(count).toSeconds())
                .containsExactly(2L, 2L, 4L, 8L, 16L, 16L, 16L);
    }

    private static String sha(String password) throws Exception {
        return java.util.Base64.getEncoder()
                .encodeToString(java.security.MessageDigest.getInstance("SHA-1")
                        .digest(password.getBytes(StandardCharsets.UTF_8)));
    }
}

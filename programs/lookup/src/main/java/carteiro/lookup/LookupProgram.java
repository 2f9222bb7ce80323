package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.password.PasswordFile;
import carteiro.password.ScramSalts;
import carteiro.password.StoredPassword;
import carteiro.posix.SystemAccount;
import carteiro.protocol.ForeignDomains;
import carteiro.protocol.Homes;
import carteiro.protocol.LoginRecords;
import carteiro.protocol.Lookup;
import carteiro.protocol.Passwords;
import carteiro.protocol.Program;
import carteiro.protocol.ReloadScope;
import carteiro.protocol.Route;
import carteiro.protocol.Routing;
import carteiro.protocol.StopStage;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/** Answers what an address is; see docs/programs/lookup.md. */
public final class LookupProgram implements Program {
    static final String NAME = "lookup";
    static final String USER = "qmailp";

    /** A changed users/passwd is seen at the latest after this. */
    private static final Duration PASSWORDS_TRUST = Duration.ofSeconds(1);

    /** For {@link java.util.ServiceLoader}. */
    public LookupProgram() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String user() {
        return USER;
    }

    /** HUP to send has it read qmail's two files. */
    @Override
    public ReloadScope reloadScope() {
        return new ReloadScope(
                new ReloadScope.OwnSettings.All(), Map.of("send", Set.of(Settings.LOCALS, Settings.VIRTUALDOMAINS)));
    }

    @Override
    public StopStage stopStage() {
        return StopStage.ASKED;
    }

    @Override
    public void check(Installation installation) throws ControlException {
        LookupSettings settings = LookupSettings.read(installation);
        LdapSettings ldap = settings.ldap();
        if (ldap != null) {
            LdapSource.check(ldap);
        }
        if (settings.sources().contains(SourceName.ALIAS)) {
            try {
                AliasSource.check(installation, settings.sources(), SystemAccount::named);
            } catch (IOException e) {
                throw new ControlException(List.of("alias: cannot be checked: " + LogText.reason(e)));
            }
        }
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        Installation installation = context.installation();
        LookupSettings settings = LookupSettings.read(installation); // before root is given up: secrets may be root's
        int uid = SystemAccount.effectiveUid();
        MailUsers users = users(installation, uid);
        ScramSalts salts = new SaltSecret(installation, context.log()).salts();
        var book = new AccountBookKeeper(installation, context.log());
        context.dropPrivileges();
        try {
            var running = new RunningLookup(context, users, AliasSource.owner(users, uid, USER), settings, salts, book);
            running.open();
            return running;
        } catch (IOException | ControlException | RuntimeException e) {
            users.close();
            book.close();
            throw e;
        }
    }

    /**
     * The system's users. An installation of an ordinary user, started by that user, delivers for nobody else: mail for the others
     * is refused at once rather than kept for a week.
     *
     * @param uid the effective uid lookup was started with
     */
    static MailUsers users(Installation installation, int uid) throws IOException {
        boolean ordinary = uid != 0 && Integer.valueOf(uid).equals(Files.getAttribute(installation.home(), "unix:uid"));
        return new MailUsers(SystemAccount::named, account -> !ordinary || account == uid);
    }

    /** The sources that the settings name. Only here, and only where it is configured, is LDAP touched. */
    static AddressLookup build(
            Installation installation,
            LookupSettings settings,
            MailUsers users,
            AliasSource.AliasOwner aliasOwner,
            FaultLogLimiter alarms,
            Watchdog watchdog,
            Homes homes)
            throws ControlException {
        var sources = new ArrayList<AddressSource>();
        LdapSettings ldap = settings.ldap();
        for (SourceName name : settings.sources()) {
            switch (name) {
                case ASSIGN -> sources.add(new AssignSource(installation));
                case PASSWD -> sources.add(new PasswdSource(users));
                case ALIAS -> sources.add(new AliasSource(installation, aliasOwner));
                case LDAP -> {
                    if (ldap != null) {
                        sources.add(new LdapSource(ldap, alarms, watchdog));
                    }
                }
            }
        }
        return new AddressLookup(settings.tables(), sources, alarms, users, homes);
    }

    /** The program at work: one set of settings at a time, replaced whole. */
    private static final class RunningLookup implements RunningProgram, Lookup, Routing, Passwords {
        private final ProgramContext context;
        private final MailUsers users;
        private final AliasSource.AliasOwner aliasOwner;
        private final Watchdog watchdog = new Watchdog(); // its thread starts with the first use, which is LDAP's
        private final AtomicBoolean stopped = new AtomicBoolean();
        private final PasswordHashing hashing = new PasswordHashing();
        private final LoginLimiter limiter = new LoginLimiter(System::nanoTime);
        private final AccountBookKeeper book;
        private final ScramSalts salts;
        private final PasswordFile passwordFile;
        private final AppPasswords appPasswords;
        private final LoginTickets tickets = new LoginTickets();
        private final ExecutorService sender = Executors.newVirtualThreadPerTaskExecutor();
        private final PostmasterNotices notices;
        private volatile AddressLookup current;
        private volatile Logins logins;
        private final List<Closeable> endpoints = new ArrayList<>();

        RunningLookup(
                ProgramContext context,
                MailUsers users,
                AliasSource.AliasOwner aliasOwner,
                LookupSettings settings,
                ScramSalts salts,
                AccountBookKeeper book)
                throws ControlException {
            this.salts = salts;
            this.book = book;
            this.context = context;
            this.notices = new PostmasterNotices(
                    context.wires().enqueue(),
                    context.log(),
                    InstantSource.system(),
                    sender,
                    SystemAccount.effectiveUid(),
                    settings.notices());
            book.begin(limiter, notices::tell);
            this.passwordFile = new PasswordFile(passwd(), PASSWORDS_TRUST, StoredPassword::parse);
            this.appPasswords = new AppPasswords(users("apppasswords"), PASSWORDS_TRUST);
            this.users = users;
            this.aliasOwner = aliasOwner;
            this.current = built(settings);
            this.logins = logins(settings, current);
        }

        private Logins logins(LookupSettings settings, AddressLookup lookup) {
            return new Logins(
                    lookup.passwordSources(
                            passwordFile,
                            hashing,
                            settings.checker() ? Optional.of(context.wires().passwordChecker()) : Optional.empty()),
                    appPasswords,
                    tickets,
                    context.wires().tokens(),
                    settings.maildir(),
                    limiter,
                    book.book(),
                    new FaultLogLimiter(context.log()),
                    notices::tell,
                    settings.senders(),
                    settings.limits(),
                    salts,
                    address -> lookup.routes(List.of(address)).getFirst());
        }

        /** With alarms of its own: what is wrong with new settings is told at once. */
        private AddressLookup built(LookupSettings settings) throws ControlException {
            LdapSettings ldap = settings.ldap();
            if (ldap != null && LdapSettings.endsUnseen(ldap.password())) {
                context.log()
                        .warning(
                                NAME,
                                "control/ldappassword ends with a blank or another octet that cannot be seen; it is taken"
                                        + " as part of the password; remove it if it is not");
            }
            return build(
                    context.installation(),
                    settings,
                    users,
                    aliasOwner,
                    new FaultLogLimiter(context.log()),
                    watchdog,
                    context.wires().homes());
        }

        void open() throws IOException {
            warnOfOpenSecret();
            warnOfUncompiledAssignments();
            endpoints.add(context.wires().offer((Lookup) this));
            endpoints.add(context.wires().offerRouting(this));
            endpoints.add(context.wires().offer((Passwords) this));
            endpoints.add(context.wires().offer((LoginRecords) book));
            endpoints.add(context.wires().offerTickets(ticket -> logins.redeem(ticket)));
        }

        @Override
        public RecipientAnswer recipient(LookupQuestion question) {
            return current.recipient(question);
        }

        @Override
        public boolean isForeign(Address envelopeRecipient) {
            return current.isForeign(envelopeRecipient);
        }

        @Override
        public Answer account(LookupQuestion question) {
            return current.account(question);
        }

        @Override
        public ScramReply begin(LoginAttempt attempt, ScramRequest request) {
            return logins.begin(attempt, request);
        }

        @Override
        public ScramReply finish(LoginAttempt attempt, String exchange, String message) {
            return logins.finish(attempt, exchange, message);
        }

        @Override
        public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) {
            return logins.check(attempt, name, password);
        }

        @Override
        public LoginVerdict certified(LoginAttempt attempt, String account) {
            return logins.certified(attempt, account);
        }

        @Override
        public TokenReply token(LoginAttempt attempt, String name, byte[] token) {
            return logins.token(attempt, name, token);
        }

        @Override
        public SendingVerdict sending(String account, int recipients) {
            return logins.sending(account, recipients);
        }

        @Override
        public List<Ownership> ownership(String account, List<Address> addresses) {
            return logins.ownership(account, addresses);
        }

        @Override
        public List<Route> routes(List<Address> envelopeRecipients) {
            return current.routes(envelopeRecipients);
        }

        /** HUP to send: as qmail-send, without percenthack and envnoathost. */
        @Override
        public synchronized void reread() throws ControlException {
            var files = new ControlFiles(context.installation());
            RoutingTables tables = RoutingTables.read(files);
            files.check();
            current.use(tables);
            tellOfChange();
            if (!files.isThere(Settings.LOCALS)) {
                context.log().log(new LookupEvent.LocalsFromMe());
            }
        }

        @Override
        public synchronized void reload() throws ControlException {
            LookupSettings settings = LookupSettings.read(context.installation());
            AddressLookup old = current;
            AddressLookup now = built(settings);
            logins = logins(settings, now);
            notices.use(settings.notices());
            current = now;
            tellOfChange();
            old.close();
            warnOfOpenSecret();
            warnOfUncompiledAssignments();
        }

        private void tellOfChange() {
            try {
                ForeignDomains.forget(context.installation());
            } catch (IOException e) {
                context.log()
                        .warning(
                                NAME,
                                "smtpd and send notice what was read anew a second late (" + LogText.reason(e) + ")");
            }
        }

        @Override
        public String status() {
            return current.status();
        }

        @Override
        public void stop(Duration patience) {
            if (!stopped.compareAndSet(false, true)) {
                return;
            }
            for (Closeable endpoint : endpoints) {
                try {
                    endpoint.close();
                } catch (IOException e) {
                    context.log().warning(NAME, "closing its socket: " + e.getMessage());
                }
            }
            current.close();
            sender.shutdownNow();
            hashing.close();
            book.close();
            users.close();
            watchdog.close();
        }

        private void warnOfOpenSecret() {
            warnOfOpen(context.installation().control(Settings.LDAPPASSWORD), "control/ldappassword", 400);
            warnOfOpen(passwd(), "users/passwd", 600);
            warnOfOpen(users("apppasswords"), "users/apppasswords", 600);
            warnOfProblems("users/passwd", passwordFile::problems);
            warnOfProblems("users/apppasswords", appPasswords::problems);
        }

        private void warnOfProblems(String name, FileProblems problems) {
            try {
                problems.read().forEach(problem -> context.log().warning(NAME, problem));
            } catch (IOException e) {
                context.log().warning(NAME, name + " cannot be read: " + LogText.reason(e));
            }
        }

        /** Reads a file, and says what in it does not count. */
        private interface FileProblems {
            List<String> read() throws IOException;
        }

        private void warnOfOpen(Path file, String name, int wanted) {
            try {
                Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
                if (mode.contains(PosixFilePermission.OTHERS_READ) || mode.contains(PosixFilePermission.GROUP_READ)) {
                    context.log()
                            .warning(
                                    NAME,
                                    name + " can be read by others than its owner; chown " + USER + " it and chmod "
                                            + wanted + " it");
                }
            } catch (IOException e) {
                // no such file, or not ours to look at: then the settings have said so already
            }
        }

        private Path passwd() {
            return users("passwd");
        }

        private Path users(String name) {
            return context.installation().users().resolve(name);
        }

        private void warnOfUncompiledAssignments() {
            Path folder = context.installation().users();
            Path assign = folder.resolve("assign");
            Path cdb = folder.resolve("cdb");
            try {
                if (Files.exists(assign) && Files.notExists(cdb)) {
                    context.log().warning(NAME, "users/assign has no effect without users/cdb; run qmail-newu");
                } else if (Files.exists(assign)
                        && Files.getLastModifiedTime(assign).compareTo(Files.getLastModifiedTime(cdb)) > 0) {
                    context.log().warning(NAME, "users/assign is newer than users/cdb; run qmail-newu");
                }
            } catch (IOException e) {
                // they are being replaced: then all is well
            }
        }
    }
}

package carteiro.lookup;

import carteiro.log.LogText;
import carteiro.lookup.LoginTickets.TicketHolder;
import carteiro.lookup.PasswordSource.PasswordAnswer;
import carteiro.lookup.PasswordSource.ScramAnswer;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.password.ChannelBinding;
import carteiro.password.ScramHash;
import carteiro.password.ScramKeys;
import carteiro.password.ScramSalts;
import carteiro.password.ScramServer;
import carteiro.password.ScramStep;
import carteiro.protocol.BearerTokens;
import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.MailboxTickets.TicketAnswer;
import carteiro.protocol.Passwords;
import carteiro.protocol.Route;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Tells who logs in: the sources of passwords in order, the first that has the name decides. Safe for any number of threads. */
final class Logins implements Passwords {
    private static final String STOPPED =
            ": an administrator has stopped it (carteiro logins --resume lets it log in again)";

    private final List<PasswordSource> sources;
    private final LoginLimiter limiter;
    private final AccountBook book;
    private final AppPasswords apps;
    private final LoginTickets tickets;
    private final BearerTokens tokens;
    private final String maildir;
    private final InstantSource clock = InstantSource.system();
    private final AccountLimits limits;
    private final FaultLogLimiter alarms;
    private final Consumer<LookupEvent> notices;
    private final LoginSenders senders;
    private final Function<Address, Route> routing;
    private final ScramExchanges exchanges;
    private final ScramSalts salts;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param tokens tells whose a token is
     * @param maildir where mail comes to in a home, where nothing else is said
     * @param notices gets which account is over its limit, besides the log
     * @param salts for names that nobody has
     * @param routing which way out mail for an address takes
     */
    Logins(
            List<PasswordSource> sources,
            AppPasswords apps,
            LoginTickets tickets,
            BearerTokens tokens,
            String maildir,
            LoginLimiter limiter,
            AccountBook book,
            FaultLogLimiter alarms,
            Consumer<LookupEvent> notices,
            LoginSenders senders,
            AccountLimits limits,
            ScramSalts salts,
            Function<Address, Route> routing) {
        this.sources = List.copyOf(sources);
        this.apps = apps;
        this.tickets = tickets;
        this.tokens = tokens;
        this.maildir = maildir;
        this.limiter = limiter;
        this.book = book;
        this.limits = limits;
        this.alarms = alarms;
        this.notices = notices;
        this.senders = senders;
        this.routing = routing;
        this.salts = salts;
        this.exchanges = new ScramExchanges(random);
    }

    @Override
    public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) {
        var deadline = Deadline.in(Deadline.QUESTION);
        try {
            Optional<LoginVerdict> blocked = told(limiter.begin(attempt, name, deadline), attempt, name);
            if (blocked.isPresent()) {
                return blocked.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new LoginVerdict.LoginUndecided("interrupted");
        }
        try {
            return checkNow(attempt, name, password, deadline);
        } finally {
            limiter.end(name);
        }
    }

    private LoginVerdict checkNow(LoginAttempt attempt, String name, byte[] password, Deadline deadline) {
        if (name.isEmpty() || password.length == 0 || !isPlain(name)) {
            return new LoginVerdict.WrongPassword(limiter.failed(attempt, name));
        }
        Optional<AppPassword> app;
        try {
            app = apps.typed(password);
        } catch (IOException e) {
            return undecided("users/apppasswords", name, LogText.reason(e));
        }
        for (PasswordSource source : sources) {
            try {
                PasswordAnswer answer = app.isPresent()
                        ? source.named(name, deadline)
                        : source.check(attempt, name, password, deadline);
                switch (answer) {
                    case PasswordAnswer.UnknownName() -> {}
                    case PasswordAnswer.RightPassword(var account) -> {
                        return accepted(attempt, name, new TicketHolder(account, Optional.empty()), source, app);
                    }
                    case PasswordAnswer.RightPasswordAt(var account, var uid, var gid, var home) -> {
                        var mailbox = new TicketAnswer.MailboxOfAccount(account, uid, gid, inHome(home, maildir));
                        return accepted(attempt, name, new TicketHolder(account, Optional.of(mailbox)), source, app);
                    }
                    case PasswordAnswer.NoLogin(var account, var why) -> {
                        book.failed(account, attempt);
                        return failed(attempt, name, source.sourceName() + ": " + account + ": " + why);
                    }
                }
            } catch (IOException e) {
                return undecided(source.sourceName(), name, LogText.reason(e));
            } catch (RuntimeException e) {
                alarms.bug(e);
                return new LoginVerdict.LoginUndecided("a mistake in lookup itself; see its log (" + e + ")");
            }
        }
        return failed(attempt, name, "no account has that name");
    }

    @Override
    public LoginVerdict certified(LoginAttempt attempt, String account) {
        if (attempt.service() != LoginService.SMTP || account.isEmpty() || !isPlain(account)) {
            return new LoginVerdict.WrongPassword(LoginLimiter.FIRST_PAUSE); // a mailbox opens for a password alone
        }
        var deadline = Deadline.in(Deadline.QUESTION);
        for (PasswordSource source : sources) {
            try {
                switch (source.named(account, deadline)) {
                    case PasswordAnswer.UnknownName() -> {}
                    case PasswordAnswer.RightPassword(var found) -> {
                        return certified(attempt, account, found, source);
                    }
                    case PasswordAnswer.RightPasswordAt(var found, var _, var _, var _) -> {
                        return certified(attempt, account, found, source);
                    }
                    case PasswordAnswer.NoLogin(var found, var why) -> {
                        return uncertified(attempt, account, source.sourceName() + ": " + found + ": " + why);
                    }
                }
            } catch (IOException e) {
                return undecided(source.sourceName(), account, LogText.reason(e));
            } catch (RuntimeException e) {
                alarms.bug(e);
                return new LoginVerdict.LoginUndecided("a mistake in lookup itself; see its log (" + e + ")");
            }
        }
        return uncertified(attempt, account, "no account has that name");
    }

    private LoginVerdict certified(LoginAttempt attempt, String name, String account, PasswordSource source) {
        if (book.isStopped(account)) {
            return uncertified(attempt, name, source.sourceName() + ": " + account + STOPPED);
        }
        book.loggedIn(account, attempt, "certificate");
        return new LoginVerdict.LoggedIn(account);
    }

    /** There is nothing to guess: it counts for no limit. */
    private LoginVerdict uncertified(LoginAttempt attempt, String name, String why) {
        alarms.raise(
                "login " + name + " " + attempt.client(), new LookupEvent.LoginFailed(name, attempt.client(), why));
        return new LoginVerdict.WrongPassword(LoginLimiter.FIRST_PAUSE);
    }

    /** What is in the way of a right password, else a login. */
    private LoginVerdict accepted(
            LoginAttempt attempt, String name, TicketHolder holder, PasswordSource source, Optional<AppPassword> app) {
        String account = holder.account();
        Optional<String> wrong = app.flatMap(each -> whyNot(each, account, attempt.service()));
        if (wrong.isPresent()) {
            book.failed(account, attempt);
            return failed(attempt, name, source.sourceName() + ": " + account + ": " + wrong.get());
        }
        if (book.isStopped(account)) {
            return failed(attempt, name, source.sourceName() + ": " + account + STOPPED);
        }
        limiter.succeeded(attempt, name);
        book.loggedIn(account, attempt, app.map(AppPassword::label).orElse(""));
        app.ifPresent(each -> book.used(account, each.id()));
        return new LoginVerdict.LoggedIn(account, ticket(holder, attempt));
    }

    private String ticket(TicketHolder holder, LoginAttempt attempt) {
        return attempt.service() == LoginService.POP3 ? tickets.give(holder) : "";
    }

    /** Why an app password is not one of that account for that service now; empty if it is. */
    private Optional<String> whyNot(AppPassword app, String account, LoginService service) {
        if (!app.account().equals(Octets.lowerCase(account))) {
            return Optional.of("wrong password: an app password of another account");
        }
        if (!app.services().contains(service)) {
            return Optional.of("its app password \"" + app.label() + "\" is not for " + service);
        }
        return clock.instant().isBefore(app.until())
                ? Optional.empty()
                : Optional.of("its app password \"" + app.label() + "\" has expired");
    }

    private Optional<LoginVerdict> blocked(LoginAttempt attempt, String name) {
        return told(limiter.blocked(attempt, name), attempt, name);
    }

    private Optional<LoginVerdict> told(Optional<Duration> left, LoginAttempt attempt, String name) {
        left.ifPresent(time -> alarms.raise(
                "blocked " + attempt.client() + " " + name,
                new LookupEvent.LoginsBlocked(name, attempt.client(), time.toSeconds())));
        return left.map(LoginVerdict.TooManyFailures::new);
    }

    // ---- tokens

    /** Whose a name is. */
    private record NamedAccount(PasswordSource source, String account, String why) {
        boolean isSame(NamedAccount other) {
            return source.sourceName().equals(other.source.sourceName())
                    && Octets.lowerCase(account).equals(Octets.lowerCase(other.account));
        }
    }

    @Override
    public TokenReply token(LoginAttempt attempt, String name, byte[] token) {
        var deadline = Deadline.in(Deadline.QUESTION);
        try {
            Optional<LoginVerdict> blocked = told(limiter.begin(attempt, name, deadline), attempt, name);
            if (blocked.isPresent()) {
                return new TokenReply(blocked.get(), TokenFault.INVALID);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new TokenReply(new LoginVerdict.LoginUndecided("interrupted"), TokenFault.INVALID);
        }
        try {
            return switch (tokens.look(token)) {
                case TokenAnswer.TokenAccepted(var claimed) ->
                    new TokenReply(claimed(attempt, name, claimed, deadline), TokenFault.INVALID);
                case TokenAnswer.TokenRefused(var reason, var fault) ->
                    new TokenReply(failed(attempt, name, "its token: " + reason), fault);
                case TokenAnswer.TokenUndecided(var reason) ->
                    new TokenReply(undecided("tokens", name, reason), TokenFault.INVALID);
            };
        } catch (IOException e) {
            return new TokenReply(undecided("tokens", name, LogText.reason(e)), TokenFault.INVALID);
        } finally {
            limiter.end(name);
        }
    }

    /** @param claimed whose the token is, as it says; if the client names somebody too, that must be the same account */
    private LoginVerdict claimed(LoginAttempt attempt, String name, String claimed, Deadline deadline) {
        String shown = name.isEmpty() ? claimed : name;
        try {
            Optional<NamedAccount> owner = named(claimed, deadline);
            if (owner.isEmpty()) {
                return failed(attempt, shown, "no account has the name that its token is for, " + claimed);
            }
            Optional<NamedAccount> wanted = name.isEmpty() || name.equals(claimed) ? owner : named(name, deadline);
            if (wanted.isEmpty() || !wanted.get().isSame(owner.get())) {
                return failed(attempt, shown, "its token is for another account, " + claimed);
            }
            String account = owner.get().account();
            if (!owner.get().why().isEmpty()) {
                book.failed(account, attempt);
                return failed(
                        attempt,
                        shown,
                        owner.get().source().sourceName() + ": " + account + ": "
                                + owner.get().why());
            }
            if (book.isStopped(account)) {
                return failed(attempt, shown, owner.get().source().sourceName() + ": " + account + STOPPED);
            }
            limiter.succeeded(attempt, shown);
            book.loggedIn(account, attempt, "");
            return new LoginVerdict.LoggedIn(account, ticket(new TicketHolder(account, Optional.empty()), attempt));
        } catch (IOException e) {
            return undecided("a source of accounts", shown, LogText.reason(e));
        } catch (RuntimeException e) {
            alarms.bug(e);
            return new LoginVerdict.LoginUndecided("a mistake in lookup itself; see its log (" + e + ")");
        }
    }

    private Optional<NamedAccount> named(String name, Deadline deadline) throws IOException {
        if (name.isEmpty() || name.length() > LONGEST_NAME || !isPlain(name)) {
            return Optional.empty();
        }
        for (PasswordSource source : sources) {
            switch (source.named(name, deadline)) {
                case PasswordAnswer.UnknownName() -> {}
                case PasswordAnswer.RightPassword(var account) -> {
                    return Optional.of(new NamedAccount(source, account, ""));
                }
                case PasswordAnswer.RightPasswordAt(var account, var _, var _, var _) -> {
                    return Optional.of(new NamedAccount(source, account, ""));
                }
                case PasswordAnswer.NoLogin(var account, var why) -> {
                    return Optional.of(new NamedAccount(source, account, why));
                }
            }
        }
        return Optional.empty();
    }

    // ---- SCRAM

    /** Whose keys an exchange has, and what is in the way. */
    private static final class ScramFinding {
        private String name = "";
        private String account = "";
        private String why = "no account has that name";
        private Optional<LoginVerdict> verdict = Optional.empty();
    }

    @Override
    public ScramReply begin(LoginAttempt attempt, ScramRequest request) {
        var finding = new ScramFinding();
        var deadline = Deadline.in(Deadline.QUESTION);
        ScramServer server;
        ScramStep step;
        try {
            server = new ScramServer(
                    request.mechanism(),
                    request.bindings().stream()
                            .map(binding -> new ChannelBinding(binding.type(), Octets.bytes(binding.octets())))
                            .toList(),
                    (name, hash) -> keys(attempt, name, hash, deadline, finding),
                    salts,
                    random);
            step = server.first(Octets.bytes(request.message()));
        } catch (IllegalArgumentException e) {
            return denied(new LoginVerdict.LoginUndecided(String.valueOf(e.getMessage())), "");
        } catch (IOException e) {
            return denied(undecided("scram", finding.name, LogText.reason(e)), "");
        } catch (RuntimeException e) {
            alarms.bug(e);
            return denied(new LoginVerdict.LoginUndecided("a mistake in lookup itself; see its log (" + e + ")"), "");
        }
        if (finding.verdict.isPresent()) {
            return denied(finding.verdict.get(), "");
        }
        return switch (step) {
            case ScramStep.ScramContinues(var message) ->
                new ScramReply.ScramChallenge(
                        exchanges.put(
                                new ScramExchanges.OpenExchange(server, finding.name, finding.account, finding.why)),
                        message);
            case ScramStep.ScramFails(var _, var reason) -> denied(failed(attempt, finding.name, reason), reason);
            case ScramStep.ScramSucceeds _ -> throw new IllegalStateException("a login by a first message");
        };
    }

    private static ScramReply denied(LoginVerdict verdict, String why) {
        return new ScramReply.ScramDenied(verdict, why);
    }

    private Optional<ScramKeys> keys(
            LoginAttempt attempt, String prepared, ScramHash hash, Deadline deadline, ScramFinding finding)
            throws IOException {
        String name = Octets.text(prepared.getBytes(StandardCharsets.UTF_8));
        finding.name = name;
        finding.verdict = blocked(attempt, name);
        if (finding.verdict.isPresent() || name.length() > LONGEST_NAME || !isPlain(name)) {
            return Optional.empty();
        }
        for (PasswordSource source : sources) {
            switch (source.scram(name, hash, salts, deadline)) {
                case ScramAnswer.UnknownScramName() -> {}
                case ScramAnswer.ScramAccount(var account, var keys) -> {
                    finding.account = account;
                    finding.why = "";
                    return Optional.of(keys);
                }
                case ScramAnswer.NoScram(var account, var why) -> {
                    finding.why = source.sourceName() + ": " + account + ": " + why;
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public ScramReply finish(LoginAttempt attempt, String exchange, String message) {
        Optional<ScramExchanges.OpenExchange> open = exchanges.take(exchange);
        if (open.isEmpty()) {
            return denied(
                    new LoginVerdict.LoginUndecided("the exchange is over a minute old, or lookup was reloaded"), "");
        }
        String name = open.get().name();
        Optional<LoginVerdict> blocked = blocked(attempt, name); // many exchanges may have been begun before
        if (blocked.isPresent()) {
            return denied(blocked.get(), "");
        }
        return switch (open.get().server().last(Octets.bytes(message))) {
            case ScramStep.ScramSucceeds(var last, var _) -> {
                String account = open.get().account();
                if (book.isStopped(account)) {
                    yield denied(failed(attempt, name, account + STOPPED), "");
                }
                limiter.succeeded(attempt, name);
                book.loggedIn(account, attempt, "");
                yield new ScramReply.ScramProven(
                        last, account, ticket(new TicketHolder(account, Optional.empty()), attempt));
            }
            case ScramStep.ScramFails(var _, var reason) -> {
                book.failed(open.get().account(), attempt);
                String why = open.get().why().isEmpty() ? reason : open.get().why();
                yield denied(failed(attempt, name, why), "");
            }
            case ScramStep.ScramContinues _ -> throw new IllegalStateException("a challenge to a last message");
        };
    }

    /** A name of no control octets: it goes into filters, files and logs. */
    private static boolean isPlain(String name) {
        return name.chars().noneMatch(c -> c < ' ' || c == 127);
    }

    private LoginVerdict failed(LoginAttempt attempt, String name, String why) {
        alarms.raise(
                "login " + name + " " + attempt.client(), new LookupEvent.LoginFailed(name, attempt.client(), why));
        return new LoginVerdict.WrongPassword(limiter.failed(attempt, name));
    }

    private LoginVerdict undecided(String source, String name, String reason) {
        alarms.raise("login " + source + " " + reason, new LookupEvent.LoginUndecidable(source, name, reason));
        return new LoginVerdict.LoginUndecided(source + ": " + reason);
    }

    // ---- mailboxes

    /** See {@link carteiro.protocol.MailboxTickets#redeem}. */
    TicketAnswer redeem(String ticket) {
        Optional<TicketHolder> holder = tickets.take(ticket);
        if (holder.isEmpty()) {
            return new TicketAnswer.NoSuchTicket();
        }
        if (holder.get().mailbox().isPresent()) {
            return holder.get().mailbox().get();
        }
        String account = holder.get().account();
        var deadline = Deadline.in(Deadline.QUESTION);
        for (PasswordSource source : sources) {
            try {
                Optional<Answer> answer = source.mailbox(account, deadline);
                if (answer.isPresent()) {
                    return mailbox(account, answer.get());
                }
            } catch (IOException e) {
                alarms.raise(
                        "mailbox " + source.sourceName(),
                        new LookupEvent.LoginUndecidable(source.sourceName(), account, LogText.reason(e)));
                return new TicketAnswer.MailboxUndecided(source.sourceName() + ": " + LogText.reason(e));
            } catch (RuntimeException e) {
                alarms.bug(e);
                return new TicketAnswer.MailboxUndecided("a mistake in lookup itself; see its log");
            }
        }
        return new TicketAnswer.NoMailbox("no account has that name any more");
    }

    /** The Maildir of an account: what its entry names, else that of mail without other instructions. */
    private TicketAnswer mailbox(String account, Answer answer) {
        return switch (answer) {
            case Answer.Account(var identity, var home, var instructions) -> {
                String named = instructions instanceof DeliveryInstructions.DirectoryInstructions directory
                        ? directory.delivery()
                        : "";
                if (!named.isEmpty() && !named.endsWith("/")) {
                    yield new TicketAnswer.NoMailbox("its mailbox is no Maildir: its path does not end in a slash");
                }
                String chosen = named.isEmpty() ? maildir : named;
                yield identity.uid() == 0
                        ? new TicketAnswer.NoMailbox("it is root's: nobody's mail is read as root")
                        : new TicketAnswer.MailboxOfAccount(
                                account, identity.uid(), identity.gid(), inHome(home.folder(), chosen));
            }
            case Answer.Unresolved _ -> new TicketAnswer.MailboxUndecided("where its mailbox is cannot be told now");
            default -> new TicketAnswer.NoMailbox("mail for it reaches no mailbox; see carteiro explain");
        };
    }

    private static String inHome(String home, String chosen) {
        String path = chosen.startsWith("./") ? chosen.substring(2) : chosen;
        return path.startsWith("/") ? path : home + "/" + path;
    }

    @Override
    public SendingVerdict sending(String account, int recipients) {
        SendingVerdict verdict = book.sending(account, recipients, limits);
        if (verdict instanceof SendingVerdict.OverLimit(var limit, var left)) {
            var event = new LookupEvent.AccountOverLimit(account, limit, left.toSeconds());
            alarms.raise("limit " + account, event);
            notices.accept(event);
        }
        return verdict;
    }

    @Override
    public List<Ownership> ownership(String account, List<Address> addresses) {
        var deadline = Deadline.in(Deadline.QUESTION);
        var each = new ArrayList<Ownership>(addresses.size());
        for (Address address : addresses) {
            each.add(ownership(account, address, deadline));
        }
        return each;
    }

    private Ownership ownership(String account, Address address, Deadline deadline) {
        if (senders.allow(account, address)) {
            return Ownership.OWN;
        }
        if (!(routing.apply(address) instanceof Route.ToLocal(var recipient, var _))) {
            return Ownership.FOREIGN;
        }
        for (PasswordSource source : sources) {
            try {
                Optional<Ownership> said = source.ownership(account, recipient, deadline);
                if (said.isPresent()) {
                    return said.get();
                }
            } catch (IOException e) {
                alarms.raise(
                        "ownership " + source.sourceName(),
                        new LookupEvent.LoginUndecidable(source.sourceName(), account, LogText.reason(e)));
                return Ownership.NOT_NOW;
            } catch (RuntimeException e) {
                alarms.bug(e);
                return Ownership.NOT_NOW;
            }
        }
        return Ownership.FOREIGN;
    }
}

package carteiro.lookup;

import carteiro.log.LogText;
import carteiro.lookup.DotQmailProbe.DotQmailPresence;
import carteiro.lookup.RoutingTables.RoutedRecipient;
import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.password.PasswordFile;
import carteiro.posix.UnixId;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup;
import carteiro.protocol.PasswordChecker;
import carteiro.protocol.Route;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/** Answers with one set of settings: routing first, then the sources in order. Safe for any number of threads. */
final class AddressLookup implements Lookup, AutoCloseable {
    private static final Status NO_SUCH_ADDRESS = new Status(5, 1, 1);

    /** Questions to local at once, in all and about homes of one user; further ones are answered with "not now". */
    static final int MOST_ASKING_LOCAL = 256;

    static final int MOST_ASKING_OF_ONE = 32;

    /** What must be left of a question's time to ask local: as long as its answer may take (docs/protocols/homes.md). */
    private static final Duration LOCAL_MAY_TAKE = Duration.ofSeconds(30);

    /** No source has the address, or no file names it. */
    static final Answer NOBODY = new Answer.NoSuchAddress(NO_SUCH_ADDRESS, "Sorry, no mailbox here by that name.");

    private volatile RoutingTables tables;
    private final List<AddressSource> sources;
    private final FaultLogLimiter alarms;
    private final MailUsers users;
    private final Homes homes;
    private final Semaphore askingLocal = new Semaphore(MOST_ASKING_LOCAL);
    private final ConcurrentMap<Integer, Integer> askingOfOne = new ConcurrentHashMap<>(); // by uid
    private final Map<SourceName, LongAdder> answers = new EnumMap<>(SourceName.class);
    private final LongAdder remote = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder notNow = new LongAdder();

    AddressLookup(
            RoutingTables tables, List<AddressSource> sources, FaultLogLimiter alarms, MailUsers users, Homes homes) {
        this.users = users;
        this.homes = homes;
        this.tables = tables;
        this.sources = List.copyOf(sources);
        this.alarms = alarms;
        sources.forEach(source -> answers.put(source.name(), new LongAdder()));
    }

    /** Which way out addresses take. */
    List<Route> routes(List<Address> envelopeRecipients) {
        RoutingTables now = tables; // the same for all
        var routes = new ArrayList<Route>(envelopeRecipients.size());
        for (Address recipient : envelopeRecipients) {
            routes.add(now.route(recipient));
        }
        return routes;
    }

    @Override
    public boolean isForeign(Address envelopeRecipient) {
        return tables.isForeign(envelopeRecipient);
    }

    /** Other locals and virtualdomains from now on. */
    void use(RoutingTables others) {
        tables = tables.withTablesOf(others);
    }

    @Override
    public RecipientAnswer recipient(LookupQuestion question) {
        return recipient(question, LookupTrace.NONE);
    }

    /** The same, step by step. */
    RecipientAnswer recipient(LookupQuestion question, LookupTrace trace) {
        RoutedRecipient routed = tables.routed(question.recipient());
        if (!routed.ours() && routed.route() instanceof Route.ToLocal && question.purpose() == LookupPurpose.RECEIVE) {
            trace.step(() -> "route: local " + routed.route().recipient()
                    + " (by the line of virtualdomains for all other domains); not looked for yet");
            return new RecipientAnswer(routed.domain(), false, new AddressVerdict.GatewayAddress());
        }
        return new RecipientAnswer(routed.domain(), routed.ours(), verdict(answer(question, routed, trace)));
    }

    /** What of an answer whoever sends mail to the address may learn. */
    private static AddressVerdict verdict(Answer answer) {
        return switch (answer) {
            case Answer.Account _, Answer.ForwardOnly _, Answer.Trash _ -> new AddressVerdict.KnownAddress();
            case Answer.OtherHost _ -> new AddressVerdict.RemoteAddress();
            case Answer.NoSuchAddress(var status, var reason) -> new AddressVerdict.UnknownAddress(status, reason);
            case Answer.Unresolved(var status, var reason) -> new AddressVerdict.Undecided(status, reason);
        };
    }

    @Override
    public Answer account(LookupQuestion question) {
        return account(question, LookupTrace.NONE);
    }

    /** What becomes of a message for an envelope recipient, step by step. */
    Answer answer(LookupQuestion question, LookupTrace trace) {
        return answer(question, tables.routed(question.recipient()), trace);
    }

    private Answer answer(LookupQuestion question, RoutedRecipient routed, LookupTrace trace) {
        return switch (routed.route()) {
            case Route.ToRemote(var recipient) -> {
                trace.step(() -> "route: remote " + recipient + " (its domain is not in locals or virtualdomains)");
                remote.increment();
                yield new Answer.OtherHost();
            }
            case Route.ToLocal(var recipient, var visible) -> {
                trace.step(() -> recipient.equals(visible)
                        ? "route: local " + recipient + " (its domain is in locals)"
                        : "route: local " + recipient + " (" + visible + " is in virtualdomains)");
                yield account(new LookupQuestion(recipient, question.sender(), question.purpose()), trace);
            }
        };
    }

    private Answer account(LookupQuestion question, LookupTrace trace) {
        if (question.recipient().localPart().isEmpty()) {
            trace.step(() -> "the local part is empty: delivery succeeds and does nothing");
            return new Answer.Trash();
        }
        var deadline = Deadline.in(Deadline.QUESTION);
        for (AddressSource source : sources) {
            Optional<Answer> said = ask(source, question, deadline, trace);
            if (said.isPresent()) {
                answers.getOrDefault(source.name(), notNow).increment();
                return counted(checked(said.get(), question.purpose(), deadline, trace));
            }
        }
        return counted(NOBODY);
    }

    private Answer counted(Answer answer) {
        switch (answer) {
            case Answer.NoSuchAddress _ -> unknown.increment();
            case Answer.Unresolved _ -> notNow.increment();
            case Answer.Account _, Answer.ForwardOnly _, Answer.OtherHost _, Answer.Trash _ -> {}
        }
        return answer;
    }

    private Optional<Answer> ask(AddressSource source, LookupQuestion question, Deadline deadline, LookupTrace trace) {
        String recipient = question.recipient().octets();
        try {
            return source.ask(question, deadline, trace);
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            trace.step(() -> source.name().word() + ": cannot tell now: " + reason);
            alarms.raise(
                    source.name() + " " + e.getClass(),
                    new LookupEvent.CannotTell(source.name().word(), recipient, reason));
            return Optional.of(new Answer.Unresolved(new Status(4, 3, 0), reason));
        } catch (EntryFaultException e) {
            String word = source.name().word();
            trace.step(() -> word + ": its entry " + e.sentence());
            alarms.raise(
                    source.name() + " " + e.sentence(), // not the address: a stranger may think of many
                    new LookupEvent.EntryFault("of " + word, recipient, e.sentence()));
            return Optional.of(new Answer.Unresolved(new Status(4, 3, 5), "its entry of " + word + " " + e.sentence()));
        } catch (RuntimeException e) {
            alarms.bug(e);
            return Optional.of(
                    new Answer.Unresolved(new Status(4, 3, 0), "a mistake in lookup itself; see its log (" + e + ")"));
        }
    }

    /**
     * What holds for every source: never root, nobody for whom nothing can be delivered here, and no address for an extension
     * that no {@code .qmail} file names.
     */
    private Answer checked(Answer answer, LookupPurpose purpose, Deadline deadline, LookupTrace trace) {
        return switch (answer) {
            case Answer.Account account
            when account.identity().uid() == 0
                    || !UnixId.isId(account.identity().uid())
                    || !UnixId.isId(account.identity().gid()) ->
                new Answer.Unresolved(
                        new Status(4, 3, 5),
                        "the account " + account.identity().user() + " has uid "
                                + UnixId.number(account.identity().uid()) + " and gid "
                                + UnixId.number(account.identity().gid())
                                + "; mail is never delivered as root, nor with the id 4294967295");
            case Answer.Account account
            when !users.isDeliverable(account.identity().uid()) -> {
                trace.step(
                        () -> "account: uid " + UnixId.number(account.identity().uid())
                                + " is not the user of this installation, which can deliver for nobody else");
                yield NOBODY;
            }
            case Answer.Account account when decidedByFiles(account) -> seen(account, purpose, deadline, trace);
            case Answer.Account _,
                    Answer.ForwardOnly _,
                    Answer.OtherHost _,
                    Answer.Trash _,
                    Answer.NoSuchAddress _,
                    Answer.Unresolved _ -> answer;
        };
    }

    /** Whether there is no address without a file for its extension. */
    private static boolean decidedByFiles(Answer.Account account) {
        return switch (account.instructions()) {
            case DeliveryInstructions.DotQmailInstructions() -> true;
            case DeliveryInstructions.DirectoryInstructions directory ->
                switch (directory.dotFiles()) {
                    case ALONE -> true;
                    case IGNORED -> false;
                    case APPENDED ->
                        directory.mailbox() == Mailbox.NONE
                                && directory.programs().isEmpty()
                                && directory.forwards().isEmpty();
                };
        };
    }

    private Answer seen(Answer.Account account, LookupPurpose purpose, Deadline deadline, LookupTrace trace) {
        if (account.home().dash().isEmpty() && trace.equals(LookupTrace.NONE)) {
            return account; // with no file the default delivery decides: nothing to find out
        }
        switch (sight(account, deadline)) {
            case DotQmailPresence.Present(var file) ->
                trace.step(() -> "file: " + account.home().folder() + "/" + file + " decides");
            case DotQmailPresence.Undetermined(var why)
            when account.home().dash().isEmpty() || !isReceiving(purpose) -> // local, which has asked, looks itself
                trace.step(() -> "file: cannot be seen from here (" + why + ")");
            case DotQmailPresence.Undetermined(var why) -> {
                trace.step(() -> "file: cannot be seen from here (" + why + "): local has to look");
                return askLocal(account, deadline, why);
            }
            case DotQmailPresence.Absent()
            when account.home().dash().isEmpty() ->
                trace.step(
                        () -> "file: there is none in " + account.home().folder() + ": the default delivery decides");
            case DotQmailPresence.Absent() -> {
                trace.step(() -> "file: " + account.home().folder() + " has no .qmail file for it: no such address");
                return NOBODY;
            }
        }
        return account;
    }

    private static boolean isReceiving(LookupPurpose purpose) {
        return purpose == LookupPurpose.RECEIVE || purpose == LookupPurpose.RELAY;
    }

    private DotQmailPresence sight(Answer.Account account, Deadline deadline) {
        try {
            return users.ask(account.home().folder(), deadline, () -> DotQmailProbe.look(account));
        } catch (IOException e) {
            return new DotQmailPresence.Undetermined(LogText.reason(e));
        }
    }

    /** Has local look, as the account's user. What it cannot tell now is not unknown: the mail comes again. */
    private Answer askLocal(Answer.Account account, Deadline deadline, String why) {
        if (deadline.left().compareTo(LOCAL_MAY_TAKE) < 0) {
            return unseen(account, why, "there is no time left to ask local");
        }
        if (!beginAskingLocal(account.identity().uid())) {
            return unseen(account, why, "too many such questions wait for local");
        }
        try {
            var extension = new Homes.AccountExtension(
                    account.identity().uid(),
                    account.identity().gid(),
                    account.home().folder(),
                    account.home().dash(),
                    account.home().extension());
            return switch (homes.look(extension)) {
                case YES -> account;
                case NO -> NOBODY;
                case NOT_NOW -> unseen(account, why, "local cannot look now either; see its log");
            };
        } catch (IOException e) {
            return unseen(account, why, "local cannot be asked: " + LogText.reason(e));
        } finally {
            endAskingLocal(account.identity().uid());
        }
    }

    private boolean beginAskingLocal(int uid) {
        int ofThisOne = askingOfOne.merge(uid, 1, Integer::sum);
        if (ofThisOne <= MOST_ASKING_OF_ONE && askingLocal.tryAcquire()) {
            return true;
        }
        endAskingOfOne(uid);
        return false;
    }

    private void endAskingLocal(int uid) {
        askingLocal.release();
        endAskingOfOne(uid);
    }

    private void endAskingOfOne(int uid) {
        askingOfOne.computeIfPresent(uid, (_, now) -> now == 1 ? null : now - 1);
    }

    private static Answer unseen(Answer.Account account, String why, String whyNotLocal) {
        return new Answer.Unresolved(
                new Status(4, 3, 0),
                "whether " + account.home().folder() + " has a file for the extension \""
                        + account.home().extension() + "\" cannot be told: " + why + "; " + whyNotLocal);
    }

    /**
     * Where accounts have passwords, in the order of the sources: those of users/passwd stand where the first source is that has none
     * of its own.
     */
    List<PasswordSource> passwordSources(
            PasswordFile file, PasswordHashing hashing, Optional<PasswordChecker> checker) {
        var all = new ArrayList<PasswordSource>();
        var accounts = new OwnAccounts(new OwnAnswers());
        boolean withFile = false;
        for (AddressSource source : sources) {
            Optional<PasswordSource> own = source.passwords(hashing);
            if (own.isPresent()) {
                all.add(own.get());
            } else if (!withFile) {
                withFile = true;
                all.add(new FilePasswords(file, hashing, accounts));
            }
        }
        checker.ifPresent(each -> all.add(new CheckerPasswords(each, accounts)));
        return all;
    }

    private final class OwnAnswers implements OwnAccounts.AccountAnswers {
        @Override
        public Answer ofRecipient(LookupQuestion question) {
            return account(question);
        }

        @Override
        public Answer ofEnvelope(LookupQuestion question) {
            return answer(question, LookupTrace.NONE);
        }
    }

    /** Counts, for the status line. */
    String status() {
        var status = new StringBuilder("remote=" + remote.sum());
        answers.forEach((name, count) ->
                status.append(' ').append(name.word()).append('=').append(count.sum()));
        status.append(" unknown=").append(unknown.sum()).append(" notnow=").append(notNow.sum());
        for (AddressSource source : sources) {
            if (!source.status().isEmpty()) {
                status.append(' ').append(source.status());
            }
        }
        return status.toString();
    }

    @Override
    public void close() {
        sources.forEach(AddressSource::close);
    }
}

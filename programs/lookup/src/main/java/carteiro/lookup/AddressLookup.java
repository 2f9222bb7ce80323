package carteiro.lookup;

import carteiro.control.Routing;
import carteiro.control.Routing.Route;
import carteiro.log.LogText;
import carteiro.lookup.DotQmailProbe.DotQmailPresence;
import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.posix.UnixId;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup;
import java.io.IOException;
import java.time.Duration;
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

    private final Routing routing;
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

    /** What becomes of an extension in a home that this process may not look into. */
    private enum UnreadableHomePolicy {
        /** local is asked: whoever sends the mail waits for the answer. */
        ASK_LOCAL,
        /** The account is given: local, which has asked, looks itself. */
        LEAVE_TO_LOCAL
    }

    AddressLookup(Routing routing, List<AddressSource> sources, FaultLogLimiter alarms, MailUsers users, Homes homes) {
        this.users = users;
        this.homes = homes;
        this.routing = routing;
        this.sources = List.copyOf(sources);
        this.alarms = alarms;
        sources.forEach(source -> answers.put(source.name(), new LongAdder()));
    }

    @Override
    public AddressVerdict recipient(Address envelopeRecipient) {
        return recipient(envelopeRecipient, LookupTrace.NONE);
    }

    /** The same, step by step. */
    AddressVerdict recipient(Address envelopeRecipient, LookupTrace trace) {
        return verdict(answer(envelopeRecipient, trace, UnreadableHomePolicy.ASK_LOCAL));
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
    public Answer account(Address localRecipient) {
        return account(localRecipient, LookupTrace.NONE, UnreadableHomePolicy.LEAVE_TO_LOCAL);
    }

    /** What becomes of a message for an envelope recipient, step by step. */
    Answer answer(Address envelopeRecipient, LookupTrace trace) {
        return answer(envelopeRecipient, trace, UnreadableHomePolicy.LEAVE_TO_LOCAL);
    }

    private Answer answer(Address envelopeRecipient, LookupTrace trace, UnreadableHomePolicy unseen) {
        return switch (routing.route(envelopeRecipient)) {
            case Route.ToRemote(var recipient) -> {
                trace.step(() -> "route: remote " + recipient + " (its domain is not in locals or virtualdomains)");
                remote.increment();
                yield new Answer.OtherHost();
            }
            case Route.ToLocal(var recipient, var visible) -> {
                trace.step(() -> recipient.equals(visible)
                        ? "route: local " + recipient + " (its domain is in locals)"
                        : "route: local " + recipient + " (" + visible + " is in virtualdomains)");
                yield account(recipient, trace, unseen);
            }
        };
    }

    private Answer account(Address localRecipient, LookupTrace trace, UnreadableHomePolicy unseen) {
        if (localRecipient.localPart().isEmpty()) {
            trace.step(() -> "the local part is empty: delivery succeeds and does nothing");
            return new Answer.Trash();
        }
        var deadline = Deadline.in(Deadline.QUESTION);
        for (AddressSource source : sources) {
            Optional<Answer> said = ask(source, localRecipient, deadline, trace);
            if (said.isPresent()) {
                answers.getOrDefault(source.name(), notNow).increment();
                return counted(checked(said.get(), deadline, trace, unseen));
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

    private Optional<Answer> ask(AddressSource source, Address recipient, Deadline deadline, LookupTrace trace) {
        try {
            return source.ask(recipient, deadline, trace);
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            trace.step(() -> source.name().word() + ": cannot tell now: " + reason);
            alarms.raise(
                    source.name() + " " + e.getClass(),
                    new LookupEvent.CannotTell(source.name().word(), recipient.octets(), reason));
            return Optional.of(new Answer.Unresolved(new Status(4, 3, 0), reason));
        } catch (EntryFaultException e) {
            String word = source.name().word();
            trace.step(() -> word + ": its entry " + e.sentence());
            alarms.raise(
                    source.name() + " " + e.sentence(), // not the address: a stranger may think of many
                    new LookupEvent.EntryFault("of " + word, recipient.octets(), e.sentence()));
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
    private Answer checked(Answer answer, Deadline deadline, LookupTrace trace, UnreadableHomePolicy unseen) {
        return switch (answer) {
            case Answer.Account account
            when account.uid() == 0 || !UnixId.isId(account.uid()) || !UnixId.isId(account.gid()) ->
                new Answer.Unresolved(
                        new Status(4, 3, 5),
                        "the account " + account.user() + " has uid " + UnixId.number(account.uid()) + " and gid "
                                + UnixId.number(account.gid())
                                + "; mail is never delivered as root, nor with the id 4294967295");
            case Answer.Account account
            when !users.isDeliverable(account.uid()) -> {
                trace.step(() -> "account: uid " + UnixId.number(account.uid())
                        + " is not the user of this installation, which can deliver for nobody else");
                yield NOBODY;
            }
            case Answer.Account account when decidedByFiles(account) -> seen(account, deadline, trace, unseen);
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

    private Answer seen(Answer.Account account, Deadline deadline, LookupTrace trace, UnreadableHomePolicy unseen) {
        if (account.dash().isEmpty() && trace.equals(LookupTrace.NONE)) {
            return account; // with no file the default delivery decides: nothing to find out
        }
        switch (sight(account, deadline)) {
            case DotQmailPresence.Present(var file) ->
                trace.step(() -> "file: " + account.home() + "/" + file + " decides");
            case DotQmailPresence.Undetermined(var why)
            when account.dash().isEmpty() || unseen == UnreadableHomePolicy.LEAVE_TO_LOCAL ->
                trace.step(() -> "file: cannot be seen from here (" + why + ")");
            case DotQmailPresence.Undetermined(var why) -> {
                trace.step(() -> "file: cannot be seen from here (" + why + "): local has to look");
                return askLocal(account, deadline, why);
            }
            case DotQmailPresence.Absent()
            when account.dash().isEmpty() ->
                trace.step(() -> "file: there is none in " + account.home() + ": the default delivery decides");
            case DotQmailPresence.Absent() -> {
                trace.step(() -> "file: " + account.home() + " has no .qmail file for it: no such address");
                return NOBODY;
            }
        }
        return account;
    }

    private DotQmailPresence sight(Answer.Account account, Deadline deadline) {
        try {
            return users.ask(account.home(), deadline, () -> DotQmailProbe.look(account));
        } catch (IOException e) {
            return new DotQmailPresence.Undetermined(LogText.reason(e));
        }
    }

    /** Has local look, as the account's user. What it cannot tell now is not unknown: the mail comes again. */
    private Answer askLocal(Answer.Account account, Deadline deadline, String why) {
        if (deadline.left().compareTo(LOCAL_MAY_TAKE) < 0) {
            return unseen(account, why, "there is no time left to ask local");
        }
        if (!beginAskingLocal(account.uid())) {
            return unseen(account, why, "too many such questions wait for local");
        }
        try {
            var extension = new Homes.AccountExtension(
                    account.uid(), account.gid(), account.home(), account.dash(), account.extension());
            return switch (homes.look(extension)) {
                case YES -> account;
                case NO -> NOBODY;
                case NOT_NOW -> unseen(account, why, "local cannot look now either; see its log");
            };
        } catch (IOException e) {
            return unseen(account, why, "local cannot be asked: " + LogText.reason(e));
        } finally {
            endAskingLocal(account.uid());
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
                "whether " + account.home() + " has a file for the extension \"" + account.extension()
                        + "\" cannot be told: " + why + "; " + whyNotLocal);
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

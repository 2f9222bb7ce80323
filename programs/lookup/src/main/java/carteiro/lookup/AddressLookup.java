package carteiro.lookup;

import carteiro.control.Routing;
import carteiro.control.Routing.Route;
import carteiro.lookup.DotQmailSight.Sight;
import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.protocol.Lookup;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** Answers with one set of settings: routing first, then the sources in order. Safe for any number of threads. */
final class AddressLookup implements Lookup, AutoCloseable {
    private static final Status NO_SUCH_ADDRESS = new Status(5, 1, 1);

    /** No source has the address, or no file names it. */
    static final Answer NOBODY = new Answer.Unknown(NO_SUCH_ADDRESS, "Sorry, no mailbox here by that name.");

    private final Routing routing;
    private final List<Source> sources;
    private final Alarms alarms;
    private final Map<SourceName, LongAdder> answers = new EnumMap<>(SourceName.class);
    private final LongAdder remote = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder notNow = new LongAdder();

    AddressLookup(Routing routing, List<Source> sources, Alarms alarms) {
        this.routing = routing;
        this.sources = List.copyOf(sources);
        this.alarms = alarms;
        sources.forEach(source -> answers.put(source.name(), new LongAdder()));
    }

    @Override
    public Answer recipient(Address envelopeRecipient) {
        return recipient(envelopeRecipient, Trail.NONE);
    }

    @Override
    public Answer account(Address localRecipient) {
        return account(localRecipient, Trail.NONE);
    }

    Answer recipient(Address envelopeRecipient, Trail trail) {
        return switch (routing.route(envelopeRecipient)) {
            case Route.Remote(var recipient) -> {
                trail.step(() -> "route: remote " + recipient + " (its domain is not in locals or virtualdomains)");
                remote.increment();
                yield new Answer.Remote();
            }
            case Route.Local(var recipient, var visible) -> {
                trail.step(() -> recipient.equals(visible)
                        ? "route: local " + recipient + " (its domain is in locals)"
                        : "route: local " + recipient + " (" + visible + " is in virtualdomains)");
                yield account(recipient, trail);
            }
        };
    }

    Answer account(Address localRecipient, Trail trail) {
        if (localRecipient.localPart().isEmpty()) {
            trail.step(() -> "the local part is empty: delivery succeeds and does nothing");
            return new Answer.Trash();
        }
        for (Source source : sources) {
            Optional<Answer> said = ask(source, localRecipient, trail);
            if (said.isPresent()) {
                answers.getOrDefault(source.name(), notNow).increment();
                return checked(said.get(), trail);
            }
        }
        unknown.increment();
        return NOBODY;
    }

    private Optional<Answer> ask(Source source, Address recipient, Trail trail) {
        try {
            return source.ask(recipient, trail);
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            trail.step(() -> source.name().word() + ": cannot tell now: " + reason);
            alarms.raise(
                    source.name() + " " + e.getClass(),
                    new LookupEvent.CannotTell(source.name().word(), recipient.octets(), reason));
            return Optional.of(new Answer.NotNow(new Status(4, 3, 0), reason));
        } catch (RuntimeException e) {
            alarms.bug(e);
            return Optional.of(
                    new Answer.NotNow(new Status(4, 3, 0), "a mistake in lookup itself; see its log (" + e + ")"));
        }
    }

    /** What holds for every source: never root, and no address for an extension that no {@code .qmail} file names. */
    private Answer checked(Answer answer, Trail trail) {
        switch (answer) {
            case Answer.Account account
            when account.uid() <= 0 || account.gid() < 0 -> {
                notNow.increment();
                return new Answer.NotNow(
                        new Status(4, 3, 5),
                        "the account " + account.user() + " has uid " + Integer.toUnsignedString(account.uid())
                                + "; mail is never delivered as root, nor with ids above 2147483647");
            }
            case Answer.Account account
            when decidedByFiles(account) -> {
                return seen(account, trail);
            }
            case Answer.Unknown _ -> unknown.increment();
            case Answer.NotNow _ -> notNow.increment();
            case Answer.Account _, Answer.Forward _, Answer.Remote _, Answer.Trash _ -> {}
        }
        return answer;
    }

    private static boolean decidedByFiles(Answer.Account account) {
        return switch (account.recipe()) {
            case Recipe.DotQmail() -> true;
            case Recipe.Directory directory -> directory.dotFiles() == DotFiles.ALONE;
        };
    }

    private Answer seen(Answer.Account account, Trail trail) {
        if (account.dash().isEmpty() && trail.equals(Trail.NONE)) {
            return account; // with no file the default delivery decides: nothing to find out
        }
        switch (DotQmailSight.look(account)) {
            case Sight.There(var file) -> trail.step(() -> "file: " + account.home() + "/" + file + " decides");
            case Sight.Unseen(var why) -> trail.step(() -> "file: cannot be seen from here (" + why + ")");
            case Sight.Absent()
            when account.dash().isEmpty() ->
                trail.step(() -> "file: there is none in " + account.home() + ": the default delivery decides");
            case Sight.Absent() -> {
                trail.step(() -> "file: " + account.home() + " has no .qmail file for it: no such address");
                unknown.increment();
                return NOBODY;
            }
        }
        return account;
    }

    /** Counts, for the status line. */
    String status() {
        var status = new StringBuilder("remote=" + remote.sum());
        answers.forEach((name, count) ->
                status.append(' ').append(name.word()).append('=').append(count.sum()));
        status.append(" unknown=").append(unknown.sum()).append(" notnow=").append(notNow.sum());
        for (Source source : sources) {
            if (!source.status().isEmpty()) {
                status.append(' ').append(source.status());
            }
        }
        return status.toString();
    }

    @Override
    public void close() {
        sources.forEach(Source::close);
    }
}

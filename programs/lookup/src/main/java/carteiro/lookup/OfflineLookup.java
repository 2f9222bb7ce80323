package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.LookupExplanation;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** lookup's answers by the same code, but without lookup: as the caller's user, and without asking local. */
public final class OfflineLookup implements LookupExplanation {
    /** For {@link java.util.ServiceLoader}. */
    public OfflineLookup() {}

    /** Asks for answers. */
    @FunctionalInterface
    interface LookupUse<T> {
        T ask(AddressLookup lookup) throws IOException;
    }

    /** Has the sources there for one use. */
    static <T> T use(Installation installation, EventLog log, LookupUse<T> use) throws ControlException, IOException {
        LookupSettings settings = LookupSettings.read(installation);
        int uid = SystemAccount.effectiveUid();
        try (var users = LookupProgram.users(installation, uid);
                var watchdog = new Watchdog();
                var lookup = LookupProgram.build(
                        installation,
                        settings,
                        users,
                        AliasSource.owner(users, uid, LookupProgram.USER),
                        new FaultLogLimiter(log),
                        watchdog,
                        OfflineLookup::askNobody)) {
            return use.ask(lookup);
        }
    }

    /** What lookup would ask local. */
    private static Homes.Presence askNobody(Homes.AccountExtension extension) throws IOException {
        throw new IOException("lookup alone asks it");
    }

    @Override
    public RecipientAnswer recipient(
            Installation installation, LookupQuestion question, EventLog log, Consumer<String> steps)
            throws ControlException, IOException {
        return use(installation, log, lookup -> lookup.recipient(question, sentence -> steps.accept(sentence.get())));
    }

    @Override
    public RoutingView routing(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        RoutingTables tables = RoutingTables.read(files);
        files.check();
        return tables;
    }

    @Override
    public List<RoutingFinding> findings(Installation installation) {
        return new RoutingFindings(new ControlFiles(installation)).look();
    }
}

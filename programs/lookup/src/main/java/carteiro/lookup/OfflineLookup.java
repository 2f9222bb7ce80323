package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.LookupExplanation;
import carteiro.wire.Watchdog;
import java.io.IOException;
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
    public AddressVerdict recipient(
            Installation installation, Address envelopeRecipient, EventLog log, Consumer<String> steps)
            throws ControlException, IOException {
        return use(
                installation,
                log,
                lookup -> lookup.recipient(envelopeRecipient, sentence -> steps.accept(sentence.get())));
    }
}

package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * lookup's answers where lookup may not run, for commands of other programs that explain what these would do. Found by
 * {@link java.util.ServiceLoader}.
 */
public interface LookupExplanation {
    /**
     * Answers as {@link Lookup#recipient} would, with what the caller's user may see.
     *
     * @param log gets what lookup would log
     * @param steps is told how the answer comes about, a sentence a step
     * @throws ControlException if lookup would not start with these settings
     */
    Lookup.AddressVerdict recipient(
            Installation installation, Address envelopeRecipient, EventLog log, Consumer<String> steps)
            throws ControlException, IOException;
}

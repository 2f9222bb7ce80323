package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import java.io.IOException;
import java.util.List;
import java.util.Set;
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
    Lookup.RecipientAnswer recipient(
            Installation installation, Lookup.LookupQuestion question, EventLog log, Consumer<String> steps)
            throws ControlException, IOException;

    /**
     * Routing by the control files of now.
     *
     * @throws ControlException if these cannot be used
     */
    RoutingView routing(Installation installation) throws ControlException;

    /** Lines of the files of routing that do something else than they seem to. */
    List<RoutingFinding> findings(Installation installation);

    /** What the files of routing say. */
    interface RoutingView {
        /** Which way out an envelope recipient takes. */
        Route route(Address envelopeRecipient);

        /** Whether it is one of ours; see {@link Lookup.RecipientAnswer}. */
        boolean isOurs(Address envelopeRecipient);

        /**
         * All that is named: domains, suffixes of domains that begin with a dot, addresses, and the empty text for all others; in the
         * form in which they are compared.
         */
        Set<String> keys();
    }

    /**
     * What is found in one line.
     *
     * @param mistake whether nobody can have meant it
     * @param setting whose control file it is
     * @param line from 1 on
     */
    record RoutingFinding(boolean mistake, Setting<?> setting, int line, String sentence) {}
}

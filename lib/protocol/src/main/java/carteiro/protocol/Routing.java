package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.mail.Address;
import java.io.IOException;
import java.util.List;

/** Which way out do these addresses take? For send; lookup answers, without a directory. Any number of questions at once. */
public interface Routing {
    /**
     * The routes of envelope recipients as they were handed in, in their order.
     *
     * @throws IOException if lookup cannot be reached: then nothing is known of them
     */
    List<Route> routes(List<Address> envelopeRecipients) throws IOException;

    /**
     * Whether every address of this one's domain goes to remote as it is, so that one answer holds for all of them. No is never wrong.
     * Answered on lookup's side alone.
     */
    default boolean isForeign(Address envelopeRecipient) {
        return false;
    }

    /**
     * Has what qmail-send reads anew at HUP read anew: locals and virtualdomains. Both change at once, or nothing does.
     *
     * @throws ControlException naming every mistake; then nothing has changed
     * @throws IOException if lookup cannot be reached, or its answer got lost
     */
    void reread() throws ControlException, IOException;
}

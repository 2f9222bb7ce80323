package carteiro.lookup;

import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import java.io.IOException;
import java.util.Optional;

/** One of the places that know addresses. Safe for any number of threads. */
interface AddressSource extends AutoCloseable {
    /** As in control/lookupsources. */
    SourceName name();

    /**
     * What this source says of a local recipient; empty: it does not know the address, the next source may.
     *
     * @param question its recipient is one after routing, with a local part
     * @param deadline of the whole question
     * @throws IOException if it cannot tell now; the question then ends with "not now"
     * @throws EntryFaultException if what it has for the address cannot be used; that concerns this address alone
     */
    Optional<Answer> ask(LookupQuestion question, Deadline deadline, LookupTrace trace)
            throws IOException, EntryFaultException;

    /** The passwords of its accounts; empty if it has none of its own. */
    default Optional<PasswordSource> passwords(PasswordHashing hashing) {
        return Optional.empty();
    }

    /** More than the number of answers, for the status line; may be empty, else {@code name=value} pairs. */
    default String status() {
        return "";
    }

    /** Ends what the source keeps open. */
    @Override
    default void close() {}
}

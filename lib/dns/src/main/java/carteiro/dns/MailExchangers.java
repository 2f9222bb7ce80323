package carteiro.dns;

import java.util.List;

/** What the DNS says of a domain's mail exchangers. */
public sealed interface MailExchangers {
    /** At least one, in the order of the answer. */
    record Exchangers(List<MailExchanger> exchangers) implements MailExchangers {
        /** Copies the list. */
        public Exchangers {
            exchangers = List.copyOf(exchangers);
        }
    }

    /** The domain has no MX records: it is its own exchanger (RFC 5321 section 5.1). */
    record NoMx() implements MailExchangers {}

    /** The domain takes no mail and says so (RFC 7505). */
    record NullMx() implements MailExchangers {}

    /** The domain does not exist, or is no name a domain can have. */
    record NoSuchDomain() implements MailExchangers {}

    /** Nobody can tell now. */
    record MxLookupFailure(String reason) implements MailExchangers {}

    /**
     * One of them.
     *
     * @param preference lower is tried first
     * @param host its name without a final dot
     */
    record MailExchanger(int preference, String host) {}
}

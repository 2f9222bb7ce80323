package carteiro.dns;

/** Finds hosts. Any number of threads at once; each call blocks for at most about half a minute. */
public interface HostLookup {
    /** The MX records of a domain (RFC 5321 section 5.1). Octets; a name in UTF-8 is asked for in its ASCII form. */
    MailExchangers mailExchangers(String domain);

    /** The addresses of a host: IPv4 first, then IPv6, each in the order of the answer. */
    HostAddresses addresses(String host);
}

package carteiro.listen;

/** How conversations begin at a listener. */
public enum ListenerRole {
    /** In the clear; STARTTLS is offered where there is a key. */
    PLAIN,
    /** With TLS, before the greeting (RFC 8314 section 3.3). */
    TLS
}

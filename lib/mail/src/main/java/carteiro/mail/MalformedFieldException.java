package carteiro.mail;

/** A field, or an argument, that is no list of addresses. */
public final class MalformedFieldException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /** @param reason what is wrong, in a few words */
    public MalformedFieldException(String reason) {
        super(reason, null, false, false); // no stack trace: it is an answer
        this.reason = reason;
    }

    /** What is wrong, in a few words. */
    public String reason() {
        return reason;
    }
}

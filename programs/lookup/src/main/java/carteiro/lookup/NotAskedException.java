package carteiro.lookup;

/** A question that a server was not asked, or had no fair time to answer. That is no fault of the server's. */
final class NotAskedException extends Exception {
    private static final long serialVersionUID = 1L;

    NotAskedException(String reason) {
        super(reason);
    }

    /** Why. */
    String reason() {
        return String.valueOf(getMessage());
    }
}

package carteiro.lookup;

/** An entry that cannot be used: which attribute is wrong, and how to mend it. */
final class EntryFaultException extends Exception {
    private static final long serialVersionUID = 1L;

    EntryFaultException(String sentence) {
        super(sentence);
    }
}

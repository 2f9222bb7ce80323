package carteiro.lookup;

/**
 * An entry or assignment that cannot be used: what is wrong, and how to mend it. It concerns the addresses of that entry, and
 * no others.
 */
final class EntryFaultException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Blame blame;

    /** Whose fault it is. */
    enum Blame {
        /** The entry's: its owner must mend it; mail may come back (control/ldapfaults). */
        ENTRY,
        /** Ours: a limit, or something we cannot do yet. Mail waits in any case. */
        OURS
    }

    EntryFaultException(String sentence) {
        this(Blame.ENTRY, sentence);
    }

    EntryFaultException(Blame blame, String sentence) {
        super(sentence);
        this.blame = blame;
    }

    Blame blame() {
        return blame;
    }

    /** What is wrong. */
    String sentence() {
        return String.valueOf(getMessage());
    }
}

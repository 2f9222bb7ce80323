package carteiro.tools;

/** qmail's exit codes of programs in {@code .qmail}. */
final class Exit {
    /** Delivered; later instructions are skipped. */
    static final int STOP = 99;

    /** Never: the message bounces. */
    static final int PERMANENT = 100;

    /** Not now. */
    static final int TEMPORARY = 111;

    private Exit() {}
}

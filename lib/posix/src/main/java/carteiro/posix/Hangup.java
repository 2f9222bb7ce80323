package carteiro.posix;

/** SIGHUP. */
public final class Hangup {
    private static final int SIGHUP = 1;

    private Hangup() {}

    private static final long DEFAULT_ACTION = 0; // SIG_DFL

    private static final class SignalFunction {
        static final CFunction SIGNAL = CFunction.named("signal");
    }

    /**
     * Gives SIGHUP its default action, which is to end the process: to be called just before a handler is set. A process that
     * nohup(1) started ignores the signal, and Java sets no handler for one that was ignored when it began.
     */
    public static void restoreDefaultAction() {
        var _ = SignalFunction.SIGNAL.call(SIGHUP, DEFAULT_ACTION);
    }
}

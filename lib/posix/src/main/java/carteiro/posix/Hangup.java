package carteiro.posix;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** SIGHUP. */
public final class Hangup {
    private static final int SIGHUP = 1;

    private Hangup() {}

    private static final class SignalFunction {
        static final MethodHandle SIGNAL = CLibrary.plain(
                "signal", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    }

    /**
     * Gives SIGHUP its default action, which is to end the process: to be called just before a handler is set. A process that
     * nohup(1) started ignores the signal, and Java sets no handler for one that was ignored when it began.
     */
    public static void restoreDefaultAction() {
        try {
            var _ = (MemorySegment) SignalFunction.SIGNAL.invokeExact(SIGHUP, MemorySegment.NULL); // SIG_DFL is null
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}

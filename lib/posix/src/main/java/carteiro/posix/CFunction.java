package carteiro.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Optional;

/**
 * A function of the C library, or of another library of the system, whose arguments are integers and addresses, at most six, and whose result is one, or nothing. Linux.
 *
 * <p>Every function is called in one shape, six longs to a long. Java links each shape when it is first used, which takes some ten
 * milliseconds of every start and memory that is never given back. The calling conventions of Linux on all 64-bit machines that
 * Java runs on allow it: the first six such arguments are in registers, of which a function looks at those, and at those bits, that
 * it knows; that holds for functions with a variable number of arguments, too. Of a result that is an int the upper half means
 * nothing.
 */
@SuppressWarnings("restricted") // that is what this module is for
final class CFunction {
    private static final int ARGUMENTS = 6;
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle CALL = Linker.nativeLinker()
            .downcallHandle(
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG),
                    Linker.Option.captureCallState("errno"));

    private final MemorySegment address;

    private CFunction(MemorySegment address) {
        this.address = address;
    }

    /**
     * What a function answered.
     *
     * @param value its result, where that is as wide as a long
     * @param errno what it left in errno; means something only if the result says that the call failed
     */
    record CallResult(long value, int errno) {
        /** The result of a function that answers with an int, or with a length or -1. */
        int result() {
            return (int) value;
        }
    }

    /** The function of that name; programs find out when they start that the library lacks it. */
    static CFunction named(String name) {
        return new CFunction(Linker.nativeLinker().defaultLookup().findOrThrow(name));
    }

    /** The function of that name in another library; empty if that lacks it. */
    static Optional<CFunction> named(SymbolLookup library, String name) {
        return library.find(name).map(CFunction::new);
    }

    /**
     * Calls it.
     *
     * @param arguments ints and longs as they are, a segment by its address; whoever calls keeps the segment's arena open meanwhile
     */
    CallResult call(long... arguments) {
        long[] all = Arrays.copyOf(arguments, ARGUMENTS);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long value = (long) CALL.invokeExact(address, state, all[0], all[1], all[2], all[3], all[4], all[5]);
            return new CallResult(value, (int) ERRNO.get(state, 0L));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}

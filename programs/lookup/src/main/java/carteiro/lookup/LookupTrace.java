package carteiro.lookup;

import java.util.function.Supplier;

/** Hears how an answer comes about, step by step; {@code carteiro explain} prints it, everybody else uses {@link #NONE}. */
@FunctionalInterface
interface LookupTrace {
    /** Nobody listens; no sentence is made. */
    LookupTrace NONE = _ -> {};

    /** @param sentence made only if somebody listens */
    void step(Supplier<String> sentence);
}

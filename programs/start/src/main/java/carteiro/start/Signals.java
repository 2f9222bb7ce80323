package carteiro.start;

import carteiro.posix.Hangup;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Signals of the system: TERM and INT stop, HUP reloads, ALRM tries now, others are ignored. The JDK's only interface to them is
 * sun.misc.Signal of module jdk.unsupported; it is called by reflection, because the compiler lets nobody use it without
 * a warning.
 */
final class Signals {
    private Signals() {}

    /**
     * Handles a signal on a thread of its own, which waits for no carrier of virtual threads. One that the system keeps for itself
     * is left alone.
     */
    static void on(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        return switch (method.getName()) {
                            case "handle" -> {
                                Thread.ofPlatform()
                                        .daemon(true)
                                        .name("signal/" + name)
                                        .start(action);
                                yield null;
                            }
                            case "equals" -> false; // nobody compares them
                            case "hashCode" -> System.identityHashCode(proxy);
                            default -> "handler of " + name;
                        };
                    });
            if (name.equals("HUP")) {
                Hangup.restoreDefaultAction(); // nohup makes it ignored
            }
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
        } catch (InvocationTargetException | IllegalArgumentException e) {
            // the run time or the system keeps it (java -Xrs, another system): the control socket remains
        } catch (ReflectiveOperationException e) {
            // a run time without jdk.unsupported: the control socket remains
        }
    }

    /**
     * Ignores those that end a process by default and that nobody means for us: USR1 has opened the log anew elsewhere. USR2 is the
     * JVM's own, which ignores it, too, when it comes from elsewhere; without it no profiler can look at our threads.
     */
    static void ignoreTheRest() {
        for (String name : new String[] {"USR1", "PWR", "IO", "VTALRM", "PROF", "STKFLT"}) {
            ignore(name);
        }
    }

    /** Ignores a signal that is meant for our parent: a terminal sends it to everybody. */
    static void ignore(String name) {
        on(name, () -> {});
    }
}

package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.posix.Invocation;
import java.nio.file.Path;

/**
 * The installation a command means: {@code --home DIR} before all other arguments, else what the environment says.
 *
 * @param installation the installation
 * @param call the same call without {@code --home DIR}
 */
record HomeArgument(Installation installation, Invocation call) {
    static HomeArgument of(Invocation call) {
        if (call.arguments().size() >= 2 && call.arguments().getFirst().equals("--home")) {
            String home = call.arguments().get(1);
            int size = call.arguments().size();
            return new HomeArgument(
                    new Installation(Path.of(home)),
                    call.withArguments(call.arguments().subList(2, size)));
        }
        return new HomeArgument(Installation.ofEnvironment(call.environment()), call);
    }
}

package carteiro.lookup;

import carteiro.control.ChosenHome;
import carteiro.control.Installation;
import carteiro.posix.Invocation;

/**
 * The installation a command means; see {@link ChosenHome}.
 *
 * @param installation the installation
 * @param call the same call without {@code --home}
 */
record HomeArgument(Installation installation, Invocation call) {
    static HomeArgument of(Invocation call) {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        return chosen.problem().isEmpty()
                ? new HomeArgument(chosen.installation(), call.withArguments(chosen.rest()))
                : new HomeArgument(chosen.installation(), call); // the command does not know such an option
    }
}

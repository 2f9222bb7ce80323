package carteiro.control;

import carteiro.mail.Octets;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The installation that a command is asked about: {@code --home DIR} or {@code --home=DIR} wherever it stands among the
 * arguments, the last of several, else what {@link Installation#ofEnvironment} says. {@code --} ends the options.
 *
 * @param installation the one that is meant
 * @param rest the other arguments in their order, {@code --} among them
 * @param problem what is wrong with the option; empty if nothing is
 */
public record ChosenHome(Installation installation, List<String> rest, String problem) {
    private static final String NAME = "--home";

    /** Copies the list. */
    public ChosenHome {
        rest = List.copyOf(rest);
    }

    /** Reads a command's arguments. */
    public static ChosenHome of(List<String> arguments, Map<String, String> environment) {
        return of(arguments, environment, UnaryOperator.identity());
    }

    /** The same of arguments and variables of which each character is an octet; names of files are UTF-8. */
    public static ChosenHome ofOctets(List<String> arguments, Map<String, String> environment) {
        return of(arguments, environment, octets -> new String(Octets.bytes(octets), StandardCharsets.UTF_8));
    }

    private static ChosenHome of(
            List<String> arguments, Map<String, String> environment, UnaryOperator<String> decoded) {
        var variables = new HashMap<>(environment);
        variables.replaceAll((_, value) -> decoded.apply(value));
        Installation installation = Installation.ofEnvironment(variables);
        var rest = new ArrayList<String>();
        for (int i = 0; i < arguments.size(); i++) {
            String word = arguments.get(i);
            if (word.equals("--")) {
                rest.addAll(arguments.subList(i, arguments.size()));
                break;
            }
            String home;
            if (word.startsWith(NAME + "=")) {
                home = word.substring(NAME.length() + 1);
            } else if (!word.equals(NAME)) {
                rest.add(word);
                continue;
            } else if (i + 1 < arguments.size()) {
                home = arguments.get(++i);
            } else {
                return new ChosenHome(installation, rest, "--home wants a folder after it");
            }
            if (home.isEmpty() || home.indexOf('\0') >= 0) {
                return new ChosenHome(installation, rest, "--home is empty; name a folder after it");
            }
            installation = new Installation(Path.of(decoded.apply(home)));
        }
        return new ChosenHome(installation, rest, "");
    }
}

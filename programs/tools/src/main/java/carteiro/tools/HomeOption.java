package carteiro.tools;

import carteiro.control.ChosenHome;
import carteiro.control.Installation;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The installation that a command looks at. */
final class HomeOption {
    private HomeOption() {}

    /** From {@code --home DIR} or {@code --home=DIR}, the only option, or from the environment; empty if the arguments are others. */
    static Optional<Installation> of(Invocation call) {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        return chosen.problem().isEmpty() && chosen.rest().isEmpty()
                ? Optional.of(chosen.installation())
                : Optional.empty();
    }

    /** The names in a folder, in order; none if there is no such folder. */
    static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}

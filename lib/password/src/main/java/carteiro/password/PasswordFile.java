package carteiro.password;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * users/passwd: lines {@code name:{SCHEME}hash}, perhaps with further fields behind a second colon; comments begin with #. It may be
 * replaced at any time, and is kept in memory until then. Any number of threads.
 *
 * <p>Names are octets, a character for each, and those that differ only in the case of ASCII letters are the same. Of two lines of one
 * name the first counts.
 */
public final class PasswordFile {
    private static final int MOST_PROBLEMS = 100;

    private final WatchedFile<PasswordLines> file;
    private final Function<String, StoredPassword> parse;

    /** What the file has. */
    private record PasswordLines(Map<String, String> values, List<String> problems) {}

    /**
     * Reads nothing yet.
     *
     * @param trust how long the file is taken to be the same without looking; zero: look each time
     * @param parse {@link StoredPassword#parse} or {@link StoredPassword#parseWithClearText}
     */
    public PasswordFile(Path file, Duration trust, Function<String, StoredPassword> parse) {
        this.file = new WatchedFile<>(file, trust, content -> lines(content, file));
        this.parse = parse;
    }

    /**
     * What is stored for that name; empty if there is nothing, or no file.
     *
     * @throws IOException if the file cannot be read now: never to be taken for a missing name
     */
    public Optional<StoredPassword> of(String name) throws IOException {
        return Optional.ofNullable(file.now().values.get(PasswordLine.key(name)))
                .map(parse);
    }

    /**
     * Lines that do not count, with file, number and reason, the first hundred.
     *
     * @throws IOException if the file cannot be read now
     */
    public List<String> problems() throws IOException {
        return file.now().problems;
    }

    private static PasswordLines lines(String content, Path file) {
        var values = new HashMap<String, String>();
        var problems = new ArrayList<String>();
        int number = 0;
        for (String line : content.split("\n", -1)) {
            number++;
            Optional<String> problem = switch (PasswordLine.parse(line)) {
                case PasswordLine.PasswordComment _ -> Optional.empty();
                case PasswordLine.WrongEntry(var reason) -> Optional.of(reason);
                case PasswordLine.PasswordEntry entry ->
                    values.putIfAbsent(PasswordLine.key(entry.name()), entry.value()) == null
                            ? Optional.empty()
                            : Optional.of("its name stands in a line above, which counts");
            };
            if (problem.isPresent() && problems.size() < MOST_PROBLEMS) {
                problems.add(file + ":" + number + ": " + problem.get());
            }
        }
        return new PasswordLines(Map.copyOf(values), List.copyOf(problems));
    }
}

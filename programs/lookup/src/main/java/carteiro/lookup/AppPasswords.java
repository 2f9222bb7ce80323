package carteiro.lookup;

import carteiro.password.RewrittenFile;
import carteiro.password.WatchedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The app passwords of users/apppasswords. It may be replaced at any time. Any number of threads. */
final class AppPasswords {
    private static final int MOST_PROBLEMS = 100;

    private final WatchedFile<AppPasswordLines> file;

    /** By digest, and what is none. */
    private record AppPasswordLines(Map<String, AppPassword> byDigest, List<String> problems) {}

    /** @param trust as in {@link WatchedFile} */
    AppPasswords(Path file, Duration trust) {
        this.file = new WatchedFile<>(file, trust, content -> read(content, file));
    }

    /**
     * The one that somebody typed; empty if it is none. Whether it counts is not looked at.
     *
     * @throws IOException if the file cannot be read now: never to be taken for a wrong one
     */
    Optional<AppPassword> typed(byte[] password) throws IOException {
        Optional<String> digest = AppPassword.digest(password);
        return digest.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(file.now().byDigest.get(digest.get()));
    }

    /** Lines that are none, with file, number and reason, the first hundred. */
    List<String> problems() throws IOException {
        return file.now().problems;
    }

    private static AppPasswordLines read(String content, Path file) {
        var byDigest = new HashMap<String, AppPassword>();
        var problems = new ArrayList<String>();
        int number = 0;
        for (String line : content.split("\n", -1)) {
            number++;
            if (isEntry(line)) {
                Optional<AppPassword> entry = AppPassword.of(line);
                entry.ifPresent(password -> byDigest.putIfAbsent(password.digest(), password));
                if (entry.isEmpty() && problems.size() < MOST_PROBLEMS) {
                    problems.add(file + ":" + number + ": it is no app password; carteiro passwd --app makes them");
                }
            }
        }
        return new AppPasswordLines(Map.copyOf(byDigest), List.copyOf(problems));
    }

    private static boolean isEntry(String line) {
        return !line.isBlank() && !line.startsWith("#");
    }

    // ---- changing it, by a command

    /**
     * Adds one.
     *
     * @return false if the account has as many as one may have
     */
    static boolean add(RewrittenFile file, AppPassword made) throws IOException {
        return file.change(old -> {
            if (entries(old, made.account()).size() >= AppPassword.MOST) {
                return old;
            }
            return old + (old.isEmpty() || old.endsWith("\n") ? "" : "\n") + made.line() + "\n";
        });
    }

    /**
     * Removes those of an account that are meant.
     *
     * @return false if there are none
     */
    static boolean remove(RewrittenFile file, String account, Predicate<AppPassword> which) throws IOException {
        return file.change(old -> {
            var kept = new StringBuilder(old.length());
            for (String line : old.split("(?<=\n)")) {
                boolean meant = AppPassword.of(line.stripTrailing())
                        .filter(each -> each.account().equals(account) && which.test(each))
                        .isPresent();
                if (!meant) {
                    kept.append(line);
                }
            }
            return kept.toString();
        });
    }

    /** Those of an account in the content of the file, in their order. */
    static List<AppPassword> entries(String content, String account) {
        return content.lines()
                .filter(AppPasswords::isEntry)
                .flatMap(line -> AppPassword.of(line).stream())
                .filter(each -> each.account().equals(account))
                .toList();
    }
}

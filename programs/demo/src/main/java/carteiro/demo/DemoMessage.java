package carteiro.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One message of the demo: to whom, and what has to come of it.
 *
 * @param what in a word
 * @param sender its envelope sender, of no other message: the log is searched for it
 * @param places folders in each of which a file with {@code mark} has to appear; none: it is refused in the dialogue
 * @param mark a text that only that message, or the bounce of it, has
 */
record DemoMessage(String what, String sender, String recipient, String subject, List<Path> places, String mark) {
    private static final int LARGEST = 1 << 20;

    DemoMessage {
        places = List.copyOf(places);
    }

    boolean toBeRefused() {
        return places.isEmpty();
    }

    /** The file with the mark in that folder, if it is there. */
    Optional<Path> found(Path place) {
        try (Stream<Path> files = Files.list(place)) {
            return files.filter(this::isMarked).findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private boolean isMarked(Path file) {
        try {
            return Files.isRegularFile(file)
                    && Files.size(file) < LARGEST
                    && Files.readString(file, StandardCharsets.ISO_8859_1).contains(mark);
        } catch (NoSuchFileException e) {
            return false; // a mail reader moved it
        } catch (IOException e) {
            return false;
        }
    }

    boolean arrived() {
        return places.stream().allMatch(place -> found(place).isPresent());
    }
}

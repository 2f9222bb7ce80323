package carteiro.clean;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Unlinks files of the queue, by names that can be nothing else. */
final class FileRemover {
    private static final Pattern NAMES = Pattern.compile("segments/[0-9]{10}|large/[1-9][0-9]{0,17}");

    private final Path folder;
    private final EventLog log;
    private long octets;

    /** @param folder HOME/queue */
    FileRemover(Path folder, EventLog log) {
        this.folder = folder;
        this.log = log;
    }

    /** Unlinks the files; those that are gone now, whoever removed them. */
    List<String> remove(List<String> names) {
        var gone = new ArrayList<String>();
        long before = octets;
        for (String name : names) {
            if (!NAMES.matcher(name).matches()) {
                log.log(new CleanEvent.NameRefused(name));
                continue;
            }
            try {
                unlink(folder.resolve(name));
                gone.add(name);
            } catch (IOException e) {
                log.log(new CleanEvent.Stuck(name, LogText.reason(e)));
            }
        }
        if (!gone.isEmpty()) {
            log.log(new CleanEvent.Removed(gone.size(), octets - before));
        }
        return gone;
    }

    private void unlink(Path file) throws IOException {
        Path parent = file.getParent();
        if (parent == null || !Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(parent + " is no folder");
        }
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is no regular file");
        }
        long size = Files.size(file);
        Files.delete(file);
        octets += size;
    }

    /** Octets removed so far. */
    long octets() {
        return octets;
    }
}

package carteiro.clean;

import carteiro.log.EventLog;
import java.nio.file.Path;
import java.util.List;

/** Lets the proof have clean remove files without its thread and its pauses. */
public final class Sweeper {
    private final FileRemover remover;

    /** @param folder HOME/queue */
    public Sweeper(Path folder, EventLog log) {
        remover = new FileRemover(folder, log);
    }

    /** Unlinks the files; those that are gone now. */
    public List<String> sweep(List<String> names) {
        return remover.remove(names);
    }
}

package carteiro.start;

import carteiro.control.Installation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps a second instance out: a lock for the whole installation in run/start/lock, and one for each program in
 * run/start/PROGRAM.lock. The system frees them when the process ends, however it ends.
 */
final class HomeLock implements Closeable {
    private final FileChannel channel;

    private HomeLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the lock of the whole, and looks whether a program runs by itself.
     *
     * @throws IOException if another instance is at work here
     */
    static HomeLock whole(Installation installation, List<String> programs) throws IOException {
        HomeLock whole = take(installation, "lock", "another carteiro run");
        try {
            var busy = new ArrayList<String>();
            for (String program : programs) {
                try (HomeLock _ = program(installation, program)) {
                    // free
                } catch (IOException e) {
                    busy.add(program);
                }
            }
            if (!busy.isEmpty()) {
                throw new IOException(String.join(", ", busy) + " run here already, each by itself; stop them first");
            }
            return whole;
        } catch (IOException | RuntimeException e) {
            whole.close();
            throw e;
        }
    }

    /** Takes the lock of one program. */
    static HomeLock program(Installation installation, String program) throws IOException {
        return take(installation, program + ".lock", "another " + program);
    }

    private static HomeLock take(Installation installation, String name, String who) throws IOException {
        Path file = installation.run("start").resolve(name);
        Files.createDirectories(file.getParent());
        FileChannel channel;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new IOException(file + " cannot be opened (" + e + "); start as the user who started it before", e);
        }
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new HomeLock(channel);
            }
        } catch (OverlappingFileLockException e) {
            // held by this very process
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new IOException(
                who + " is at work in " + installation.home() + "; see carteiro status --home " + installation.home());
    }

    /** Frees it. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}

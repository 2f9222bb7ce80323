package carteiro.protocol;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;

/**
 * The folder HOME/spool, where messages of local users wait while queue cannot be reached (docs/protocols/spool.md): its names,
 * its mode, its limits.
 */
public final class Spool {
    /** The mode of the folder: anyone may add a file, which gets the folder's group; nobody but its owner may list it or take one away. */
    public static final int MODE = 03733;

    /** The mode where the system does not let files get the folder's group: for its owner alone. */
    public static final int MODE_OF_ONE = 0700;

    /** The most octets of a file. */
    public static final long LARGEST = 256L << 20;

    /** How long a command waits for queue before it uses the spool. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The variable with another number of seconds, 0 to {@link #MOST_PATIENCE}. */
    public static final String PATIENCE_VARIABLE = "QUEUEWAIT";

    /** In seconds. */
    static final int MOST_PATIENCE = 300;

    /** Of files that cannot be taken in, and are kept for somebody to look at. */
    public static final String SET_ASIDE = "damaged-";

    private static final String DRAFT = "new-";
    private static final int DIGITS = 32;

    private final Installation installation;
    private final Duration patience;

    /** @param patience how long to wait for queue */
    public Spool(Installation installation, Duration patience) {
        this.installation = installation;
        this.patience = patience;
    }

    /** The spool of an installation, for a command with this environment. */
    public static Spool of(Installation installation, Map<String, String> environment) {
        String seconds = environment.getOrDefault(PATIENCE_VARIABLE, "");
        boolean number = !seconds.isEmpty() && seconds.length() <= 3;
        for (int i = 0; i < seconds.length(); i++) {
            number &= seconds.charAt(i) >= '0' && seconds.charAt(i) <= '9';
        }
        return new Spool(
                installation,
                number ? Duration.ofSeconds(Math.min(Integer.parseInt(seconds), MOST_PATIENCE)) : PATIENCE);
    }

    /** The folder. */
    public static Path folder(Installation installation) {
        return installation.home().resolve("spool");
    }

    Path folder() {
        return folder(installation);
    }

    Duration patience() {
        return patience;
    }

    /** Whether a name is that of a message: 32 hexadecimal digits. */
    public static boolean isMessage(String name) {
        return isRandom(name, 0);
    }

    /** Whether a name is that of a message that is being written, or never was to its end. */
    public static boolean isDraft(String name) {
        return name.startsWith(DRAFT) && isRandom(name, DRAFT.length());
    }

    private static boolean isRandom(String name, int from) {
        if (name.length() != from + DIGITS) {
            return false;
        }
        for (int i = from; i < name.length(); i++) {
            char c = name.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    /** 32 hexadecimal digits that nobody can foretell. */
    public static String freshName() throws IOException {
        byte[] random;
        try (InputStream in = Files.newInputStream(Path.of("/dev/urandom"))) {
            random = in.readNBytes(DIGITS / 2);
        }
        return HexFormat.of().formatHex(random);
    }

    static String draftOf(String name) {
        return DRAFT + name;
    }

    /** Whether something may be written here without coming near the end of the disk. */
    boolean hasRoom() {
        long floor = new ControlFiles(installation).get(Settings.QUEUEDISKFLOOR);
        return folder().toFile().getUsableSpace() >= floor;
    }

    /**
     * Makes the folder as the calling user's, unless something is there.
     *
     * @throws IOException if it cannot be made
     */
    public static void make(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(folder);
            open(folder);
        }
    }

    /** Opens a folder that was just made, and that only we can have changed, to everybody. */
    public static void open(Path folder) throws IOException {
        try {
            Files.setAttribute(folder, "unix:mode", MODE, LinkOption.NOFOLLOW_LINKS);
        } catch (FileSystemException e) {
            // a sandbox that gives nobody the group's bit
        }
        if (mode(folder) != MODE) { // or a system that takes it from who is not in the group
            Files.setAttribute(folder, "unix:mode", MODE_OF_ONE, LinkOption.NOFOLLOW_LINKS);
        }
    }

    /** Its permission bits. */
    public static int mode(Path folder) throws IOException {
        return (int) Files.getAttribute(folder, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    /**
     * What lies in a spool.
     *
     * @param messages those that queue has not taken in yet
     * @param octets of their files
     * @param drafts being written, or never written to their end
     * @param setAside those that cannot be taken in
     */
    public record Content(long messages, long octets, long drafts, long setAside) {}

    /**
     * Looks into it, as its owner or root.
     *
     * @throws IOException if there is none, or it cannot be listed
     */
    public static Content look(Path folder) throws IOException {
        long messages = 0;
        long octets = 0;
        long drafts = 0;
        long setAside = 0;
        try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
            for (Path path : names) {
                String name = String.valueOf(path.getFileName());
                if (isMessage(name)) {
                    messages++;
                    octets += size(path);
                } else if (isDraft(name)) {
                    drafts++;
                } else if (name.startsWith(SET_ASIDE)) {
                    setAside++;
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return new Content(messages, octets, drafts, setAside);
    }

    private static long size(Path path) {
        try {
            return (long) Files.getAttribute(path, "size", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            return 0; // taken in meanwhile
        }
    }
}

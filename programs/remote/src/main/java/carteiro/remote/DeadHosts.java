package carteiro.remote;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.posix.RegularFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Remembers addresses that do not answer at all, so that connecting to them does not hold a delivery for a minute each
 * time (qmail's tcpto). The table is in a file, HOME/run/remote/tcpto, a line {@code address count second} each, which
 * qmail-tcpto shows and qmail-tcpok empties; trouble with the file means "not dead". Any thread.
 */
final class DeadHosts {
    /** The most addresses remembered. */
    static final int MOST = 1000;

    /** A timeout this soon after the one before is the same trouble, and does not count again. */
    private static final Duration SAME = Duration.ofMinutes(2);

    /** From this many timeouts on an address is dead; more than the second are counted no further. */
    private static final int DEAD = 2;

    private static final int MOST_COUNTED = 10;

    /** One address. */
    record DeadHost(InetAddress address, int count, Instant last) {
        /** From 64 to 97 minutes, by address, so that all do not come back to life at once. */
        Duration memory() {
            return Duration.ofSeconds((60 + (address.hashCode() & 31)) * 64L);
        }

        boolean isDead(Instant now) {
            return count >= DEAD && isRemembered(now);
        }

        /** Not for ever where the clock was ahead and is set back. */
        boolean isRemembered(Instant now) {
            return !now.isBefore(last) && now.isBefore(last.plus(memory()));
        }
    }

    /** Which table it is. The time alone does not tell: two tables may be written within a tick of the kernel's clock. */
    private record Version(
            FileTime time, long octets, @Nullable Object key) {
        static Version of(Path file) throws IOException {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        }
    }

    private final Path file;
    private final Clock clock;
    private final EventLog log;
    private final Map<InetAddress, DeadHost> entries = new HashMap<>();
    private @Nullable Version seen;
    private boolean troubled;

    private DeadHosts(Path file, Clock clock, EventLog log) {
        this.file = file;
        this.clock = clock;
        this.log = log;
    }

    /** The table in that file. */
    static DeadHosts open(Path file, Clock clock, EventLog log) {
        return new DeadHosts(file, clock, log);
    }

    /** An empty table in that file: what remote starts with. */
    static DeadHosts cleared(Path file, Clock clock, EventLog log) {
        var hosts = new DeadHosts(file, clock, log);
        try {
            clear(file);
        } catch (IOException e) {
            log.warning("remote", file + " cannot be emptied (" + LogText.reason(e) + "): hosts in it are not tried");
        }
        return hosts;
    }

    /** Whether the address is not to be tried now. */
    synchronized boolean isDead(InetAddress address) {
        read();
        DeadHost entry = entries.get(address);
        return entry != null && entry.isDead(clock.instant());
    }

    /** Connecting took too long. */
    synchronized void timedOut(InetAddress address) {
        read();
        Instant now = clock.instant();
        DeadHost before = entries.get(address);
        if (before != null && before.isRemembered(now) && now.isBefore(before.last.plus(SAME))) {
            return;
        }
        int count = before == null || !before.isRemembered(now) ? 1 : Math.min(before.count + 1, MOST_COUNTED);
        if (before == null && entries.size() >= MOST) {
            DeadHost least = entries.values().stream()
                    .min(Comparator.comparingLong(entry -> entry.last.getEpochSecond() + 1024L * entry.count))
                    .orElseThrow();
            entries.remove(least.address);
        }
        entries.put(address, new DeadHost(address, count, now));
        write();
        if (count == DEAD) {
            log.log(new RemoteEvent.HostDead(AddressLiteral.text(address)));
        }
    }

    /** It answered, if only to refuse. */
    synchronized void answered(InetAddress address) {
        read();
        if (entries.remove(address) != null) {
            write();
        }
    }

    private void read() {
        if (!Files.exists(file)) { // as on most hosts; to be told by an exception would be dear for each delivery
            missing();
            return;
        }
        try {
            Version now = Version.of(file);
            if (!now.equals(seen)) {
                entries.clear();
                for (DeadHost entry : list(file)) {
                    entries.put(entry.address, entry);
                }
                seen = now;
            }
        } catch (NoSuchFileException e) {
            missing();
        } catch (IOException e) {
            entries.clear();
        }
    }

    /** Emptied by hand; but while it cannot be written, what is in memory is all there is. */
    private void missing() {
        if (!troubled) {
            entries.clear();
        }
    }

    private void write() {
        var text = new StringBuilder();
        for (DeadHost entry : entries.values()) {
            text.append(entry.address.getHostAddress())
                    .append(' ')
                    .append(entry.count)
                    .append(' ')
                    .append(entry.last.getEpochSecond())
                    .append('\n');
        }
        try {
            replace(file, text.toString());
            seen = Version.of(file);
            troubled = false;
        } catch (IOException e) {
            if (!troubled) {
                log.warning(
                        "remote",
                        file + " cannot be written (" + LogText.reason(e) + "): dead hosts are in memory only");
            }
            troubled = true;
        }
    }

    /**
     * Empties a table by removing its file: remote takes a missing one for empty. Whatever stands there, a link too, is not
     * followed and not written to; the folder is qmailr's, and root may be who calls.
     */
    static void clear(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    private static void replace(Path file, String text) throws IOException {
        Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), "tcpto", ".new");
        try {
            Files.writeString(draft, text, StandardCharsets.ISO_8859_1);
            Files.setPosixFilePermissions(draft, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(draft);
            throw e;
        }
    }

    /** The entries of a table; lines that are none are left out. */
    static List<DeadHost> list(Path file) throws IOException {
        var entries = new ArrayList<DeadHost>();
        String text = new String(bounded(file), StandardCharsets.ISO_8859_1);
        for (String line : text.split("\n")) {
            String[] words = line.split(" ");
            if (words.length != 3 || !words[1].matches("[0-9]{1,2}") || !words[2].matches("[0-9]{1,12}")) {
                continue;
            }
            Optional<InetAddress> address = AddressLiteral.ofSetting(words[0]);
            if (address.isPresent() && entries.size() < MOST) {
                entries.add(new DeadHost(
                        address.get(), Integer.parseInt(words[1]), Instant.ofEpochSecond(Long.parseLong(words[2]))));
            }
        }
        return entries;
    }

    private static byte[] bounded(Path file) throws IOException {
        try (RegularFile table = RegularFile.open(file)
                .orElseThrow(() -> Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                        ? new IOException("it is no regular file")
                        : new NoSuchFileException(file.toString()))) {
            return table.read(MOST * 80);
        }
    }
}

package carteiro.pop3;

import carteiro.posix.FileStatus;
import carteiro.posix.UntrustedFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.UUID;

/**
 * The file {@code dovecot-uidlist} of a Maildir, in which Dovecot keeps a number for each message (version 3): a line of the mailbox,
 * then a line a message, in the order of their numbers.
 *
 * <pre>
 * 3 V1796126240 N4 Ge593130220b60e6b9771000083ecc375
 * 1 W20 :900.M1P1.host
 * </pre>
 *
 * <p>Dovecot may use it at the same time: what is new is appended while we have its lock, {@code dovecot-uidlist.lock}. One thread.
 */
final class DovecotUidList {
    static final String NAME = "dovecot-uidlist";
    private static final String LOCK = NAME + ".lock";

    /** The most octets of the file, which is in memory while a mailbox is opened. */
    static final long MOST_OCTETS = 32L << 20;

    /** What one message takes of memory, beside the file. */
    private static final int EACH = 200;

    /** How long somebody else may have the lock. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** After this, whoever had the lock has gone without it; Dovecot waits as long. */
    private static final Duration STALE = Duration.ofMinutes(2);

    private static final long PAUSE = 20;
    private static final long MOST_NUMBER = 0xffff_fffeL; // 32 bits, and the last of them is none
    private static final long NONE = -1;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private final Set<String> names;
    private final Map<String, ListedMessage> messages = new HashMap<>(); // of these names
    private long validity;
    private long next = 1;
    private boolean there;
    private boolean torn;

    /**
     * What it says of a message.
     *
     * @param number its own for ever
     * @param sentOctets its size as it is sent; negative if unknown
     * @param savedUid the name that UIDL has for it, from another server that it came from; may be empty
     * @param order its place among the others, from such a server; {@link Long#MAX_VALUE} if it has none
     */
    record ListedMessage(long number, long sentOctets, String savedUid, long order) {}

    private DovecotUidList(Set<String> names) {
        this.names = names;
    }

    /**
     * Reads it, and gives numbers to messages that have none.
     *
     * @param maildir the folder
     * @param names of messages, up to the colon, in the order in which they are to get numbers
     * @param memory what reading it may take
     * @throws IOException if it cannot be read or written, is none, or somebody else has the lock for too long
     */
    static DovecotUidList numbering(Path maildir, SequencedSet<String> names, VisitMemory memory) throws IOException {
        memory.takeWhole((long) EACH * names.size());
        DovecotUidList list = read(maildir, names, memory);
        if (list.unlisted().isEmpty()) {
            return list;
        }
        Path lock = maildir.resolve(LOCK);
        lock(lock);
        try {
            DovecotUidList now = read(maildir, names, memory); // somebody else may have given numbers meanwhile
            now.add(maildir, lock, now.unlisted());
            return now;
        } finally {
            Files.deleteIfExists(lock);
        }
    }

    long validity() {
        return validity;
    }

    /** @param name up to the colon */
    Optional<ListedMessage> of(String name) {
        return Optional.ofNullable(messages.get(name));
    }

    private List<String> unlisted() {
        return names.stream().filter(name -> !messages.containsKey(name)).toList();
    }

    // ---- Reading

    private static DovecotUidList read(Path maildir, Set<String> names, VisitMemory memory) throws IOException {
        var list = new DovecotUidList(names);
        UntrustedFile opened;
        try {
            opened = UntrustedFile.open(maildir.resolve(NAME));
        } catch (NoSuchFileException e) {
            return list;
        }
        try (opened) {
            FileStatus status = opened.status();
            if (status.kind() != FileStatus.FileKind.REGULAR || status.size() > MOST_OCTETS) {
                throw new IOException(NAME + " is no file, or over " + MOST_OCTETS + " octets");
            }
            memory.takeWhole(status.size());
            try (FileChannel channel = opened.channel();
                    InputStream in = Channels.newInputStream(channel)) {
                list.parse(in.readNBytes((int) status.size()));
            } finally {
                memory.giveBack(status.size());
            }
        }
        return list;
    }

    private void parse(byte[] octets) throws IOException {
        there = true;
        torn = octets.length > 0 && octets[octets.length - 1] != '\n';
        int at = 0;
        while (at < octets.length) {
            int end = at;
            while (end < octets.length && octets[end] != '\n') {
                end++;
            }
            String line = new String(octets, at, end - at, StandardCharsets.UTF_8);
            if (at == 0) {
                parseHead(line);
            } else if (end < octets.length) { // half a line is somebody's who is still writing, or has crashed
                parseMessage(line);
            }
            at = end + 1;
        }
        if (validity == 0) {
            throw new IOException(NAME + " has no first line that we know; Dovecot 2 makes a new one of version 3");
        }
    }

    private void parseHead(String line) {
        String[] words = line.split(" ", -1);
        if (!words[0].equals("3")) {
            return;
        }
        for (String word : words) {
            if (word.startsWith("V")) {
                validity = Math.max(0, number(word.substring(1)));
            } else if (word.startsWith("N")) {
                next = Math.max(next, number(word.substring(1)));
            }
        }
    }

    /** One that is not understood is passed over: its message gets a new number. */
    private void parseMessage(String line) {
        int colon = line.indexOf(" :");
        String[] words = colon < 0 ? new String[0] : line.substring(0, colon).split(" ", -1);
        long number = words.length == 0 ? NONE : number(words[0]);
        if (number <= 0 || number > MOST_NUMBER) {
            return;
        }
        long sent = NONE;
        long order = Long.MAX_VALUE;
        String saved = "";
        for (int i = 1; i < words.length; i++) {
            String value = words[i].isEmpty() ? "" : words[i].substring(1);
            switch (words[i].isEmpty() ? ' ' : words[i].charAt(0)) {
                case 'W' -> sent = number(value);
                case 'O' -> order = number(value) < 0 ? order : number(value);
                case 'P' -> saved = value;
                default -> {}
            }
        }
        next = Math.max(next, number + 1);
        String name = line.substring(colon + 2);
        int flags = name.indexOf(Pop3Message.FLAGS);
        String unique = flags < 0 ? name : name.substring(0, flags);
        if (names.contains(unique)) {
            messages.putIfAbsent(unique, new ListedMessage(number, sent, saved, order));
        }
    }

    /** Of digits alone; negative if it is none, or too large. */
    private static long number(String digits) {
        long number = digits.isEmpty() ? NONE : 0;
        for (int i = 0; i < digits.length() && number >= 0; i++) {
            char c = digits.charAt(i);
            number = c < '0' || c > '9' || number > Long.MAX_VALUE / 10 - 1 ? NONE : number * 10 + c - '0';
        }
        return number;
    }

    // ---- Writing

    private static void lock(Path lock) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                Files.createFile(lock, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
                return;
            } catch (FileAlreadyExistsException e) {
                removeStale(lock);
                if (System.nanoTime() - end > 0) {
                    throw new IOException(LOCK + " is there: somebody else gives numbers, and does not end", e);
                }
                pause();
            }
        }
    }

    private static void removeStale(Path lock) throws IOException {
        try {
            Instant made =
                    Files.getLastModifiedTime(lock, LinkOption.NOFOLLOW_LINKS).toInstant();
            if (made.isBefore(Instant.now().minus(STALE))) {
                Files.deleteIfExists(lock);
            }
        } catch (NoSuchFileException e) {
            // it is free
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + LOCK, e);
        }
    }

    /** A name that was told once must stay: it is on disk before anybody hears of it. */
    private void add(Path maildir, Path lock, List<String> unlisted) throws IOException {
        if (unlisted.isEmpty()) {
            return;
        }
        var lines = new ArrayList<String>(unlisted.size() + 1);
        if (!there) {
            validity = Instant.now().getEpochSecond();
            lines.add("3 V" + validity + " N" + (next + unlisted.size()) + " G"
                    + UUID.randomUUID().toString().replace("-", ""));
        } else if (torn) {
            lines.add(""); // ends the half of a line
        }
        for (String name : unlisted) {
            if (next > MOST_NUMBER) {
                throw new IOException(NAME + " has no numbers left");
            }
            messages.put(name, new ListedMessage(next, NONE, "", Long.MAX_VALUE));
            lines.add(next + " :" + name);
            next++;
        }
        byte[] octets = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        Path list = maildir.resolve(NAME);
        if (there) {
            write(list, octets);
        } else { // whole or not at all; the lock goes with it
            write(lock, octets);
            Files.move(lock, list, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** Whoever owns the folder may have put something else there meanwhile. */
    private static void write(Path file, byte[] octets) throws IOException {
        try (UntrustedFile opened = UntrustedFile.openToAppend(file);
                FileChannel out = opened.appending()) {
            for (ByteBuffer left = ByteBuffer.wrap(octets); left.hasRemaining(); ) {
                out.write(left);
            }
            out.force(true);
        }
    }
}

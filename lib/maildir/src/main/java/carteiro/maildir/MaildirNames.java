package carteiro.maildir;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Gives names to messages in Maildirs: {@code SECONDS.MmicrosPpidQcounter.HOST}, the form of the Maildir specification's
 * second edition. The counter makes any number of names in one microsecond differ, the process and the host those of
 * others. Safe for any number of threads; one for each process.
 */
public final class MaildirNames {
    /** The longest host part; qmail cuts there too, and readers append flags within 255 octets. */
    static final int HOST_LIMIT = 64;

    private final String host;
    private final long process;
    private final AtomicLong counter = new AtomicLong();

    /**
     * Names of this process.
     *
     * @param host what the system calls itself; {@code /} and {@code :} are written as octal escapes
     */
    public MaildirNames(String host, long process) {
        String cut = host.length() > HOST_LIMIT ? host.substring(0, HOST_LIMIT) : host;
        this.host = cut.isEmpty() ? "localhost" : cut.replace("/", "\\057").replace(":", "\\072");
        this.process = process;
    }

    /** Names of this process on this host. */
    public static MaildirNames ofThisHost() {
        return new MaildirNames(hostName(), ProcessHandle.current().pid());
    }

    private static String hostName() {
        try { // what gethostname tells, without asking DNS
            return Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.ISO_8859_1)
                    .strip();
        } catch (IOException e) {
            return InetAddress.getLoopbackAddress().getHostName();
        }
    }

    /** A name that was never given before. */
    public String next(Instant now) {
        return now.getEpochSecond() + ".M" + now.getNano() / 1000 + "P" + process + "Q" + counter.incrementAndGet()
                + "." + host;
    }
}

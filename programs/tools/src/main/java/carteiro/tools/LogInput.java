package carteiro.tools;

import carteiro.posix.RegularFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Reads logs line by line: a multilog folder, rotated files, compressed or not. */
final class LogInput {
    /** The longest line that is kept, in octets; ours have at most some thousand, as JSON some more. */
    static final int LINE = 64 * 1024;

    private static final int BUFFER = 64 * 1024;

    private final Consumer<String> sink;
    private final byte[] buffer = new byte[BUFFER];
    private final byte[] line = new byte[LINE];

    /** @param sink takes each line without its end, one character an octet, cut at {@link #LINE} */
    LogInput(Consumer<String> sink) {
        this.sink = sink;
    }

    /** The files of a folder from the eldest to the one that is being written; none if it holds no log. */
    static List<Path> filesOf(Path folder) throws IOException {
        var files = new ArrayList<Path>();
        try (Stream<Path> all = Files.list(folder)) {
            all.filter(Files::isRegularFile).filter(LogInput::mayBeLog).forEach(files::add);
        }
        boolean multilog = files.stream().anyMatch(file -> name(file).equals("current"));
        if (multilog) {
            files.removeIf(file -> !name(file).startsWith("@") && !name(file).equals("current"));
            files.sort(Comparator.comparing(LogInput::name)); // @ stands before letters
            return files;
        }
        var written = new HashMap<Path, FileTime>();
        for (Path file : files) {
            written.put(file, Files.getLastModifiedTime(file));
        }
        files.sort(Comparator.comparing((Path file) -> written.get(file)).thenComparing(LogInput::name));
        return files;
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** Not what multilog, svlogd and s6-log keep beside their logs. */
    private static boolean mayBeLog(Path file) {
        return switch (name(file)) {
            case "lock", "state", "newstate", "processed", "previous", "config" -> false;
            default -> !name(file).startsWith(".");
        };
    }

    /** Reads to its end what somebody names; a pipe is waited for. */
    void read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            read(in);
        }
    }

    /**
     * Reads a file of a folder to its end. Who owns the folder may put a named pipe in its place meanwhile, which is not
     * waited for.
     *
     * @throws IOException also if it is no file with octets in it
     */
    void readFound(Path file) throws IOException {
        try (RegularFile regular = RegularFile.open(file).orElseThrow(() -> new IOException("it is no regular file"))) {
            read(new InputStream() {
                @Override
                public int read() {
                    throw new UnsupportedOperationException("blocks alone are read");
                }

                @Override
                public int read(byte[] into, int from, int length) throws IOException {
                    byte[] octets = regular.read(length);
                    System.arraycopy(octets, 0, into, from, octets.length);
                    return octets.length == 0 ? -1 : octets.length;
                }
            });
        }
    }

    /** Reads a stream to its end; a compressed one (gzip, RFC 1952) is known by its first two octets. */
    void read(InputStream stream) throws IOException {
        var in = new BufferedInputStream(stream, BUFFER);
        in.mark(2);
        boolean compressed = in.read() == 0x1f && in.read() == 0x8b;
        in.reset();
        lines(compressed ? new GZIPInputStream(in, BUFFER) : in);
    }

    private void lines(InputStream in) throws IOException {
        int length = 0;
        boolean begun = false;
        for (int count; (count = in.read(buffer)) >= 0; ) {
            for (int i = 0; i < count; i++) {
                if (buffer[i] == '\n') {
                    give(length);
                    length = 0;
                    begun = false;
                } else {
                    begun = true;
                    if (length < LINE) {
                        line[length++] = buffer[i];
                    }
                }
            }
        }
        if (begun) {
            give(length);
        }
    }

    private void give(int length) {
        sink.accept(new String(line, 0, length, StandardCharsets.ISO_8859_1));
    }
}

package carteiro.tests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Postfix's smtp-sink on loopback, which keeps each message in a file. */
final class PostfixSink implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/smtp-sink");

    private final Path folder;
    private final Process process;
    private final int port;

    private PostfixSink(Path folder, Process process, int port) {
        this.folder = folder;
        this.process = process;
        this.port = port;
    }

    static PostfixSink start() throws Exception {
        assumeTrue(Files.isExecutable(PROGRAM), "SKIPPED: smtp-sink (Postfix) is not installed");
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "sink");
        var command = new ArrayList<>(List.of(PROGRAM.toString(), "-d", folder + "/m-"));
        if (CarteiroProcess.asRoot()) { // as root it wants to be told whom to become
            Files.setOwner(
                    folder,
                    folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
            command.addAll(List.of("-u", "nobody"));
        }
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        command.addAll(List.of("127.0.0.1:" + port, "100"));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        var sink = new PostfixSink(folder, builder.start(), port);
        long end = System.nanoTime() + CarteiroProcess.PATIENCE.toNanos();
        while (!sink.greets()) {
            if (System.nanoTime() > end || !sink.process.isAlive()) {
                sink.close();
                throw new AssertionError("smtp-sink does not greet");
            }
            LockSupport.parkNanos(20_000_000);
        }
        return sink;
    }

    private boolean greets() {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(5_000);
            return socket.getInputStream().read() == '2';
        } catch (IOException e) {
            return false;
        }
    }

    int port() {
        return port;
    }

    /** How many files there are; a file is there before it is whole. */
    int arrived() {
        String[] names = folder.toFile().list();
        return names == null ? 0 : names.length;
    }

    /** The files, each with the X- lines and the Received field that smtp-sink puts on top, without its last empty line. */
    List<String> messages() throws IOException {
        var messages = new ArrayList<String>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                if (!text.endsWith("\n\n")) {
                    throw new AssertionError(file + " is not whole:\n" + text);
                }
                messages.add(text.substring(0, text.length() - 1));
            }
        }
        return messages;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroy();
        process.waitFor();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}

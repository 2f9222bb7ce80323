package carteiro.pop3;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** A Maildir in a temporary folder, and conversations about it. */
record TestMaildir(Path folder) {
    static TestMaildir make(Path folder) throws IOException {
        for (String part : List.of("new", "cur", "tmp")) {
            Files.createDirectories(folder.resolve(part));
        }
        return new TestMaildir(folder);
    }

    /** @param name such as {@code new/1.2.host} */
    Path put(String name, String octets, Duration old) throws IOException {
        Path file = folder.resolve(name);
        Files.write(file, octets.getBytes(StandardCharsets.ISO_8859_1));
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(old)));
        return file;
    }

    /** What is answered to these lines, the greeting included; then the client has gone. */
    String converse(String... lines) {
        var out = new ByteArrayOutputStream();
        QmailPop3d.serve(
                folder.toString(),
                new ByteArrayInputStream((String.join("\r\n", lines) + "\r\n").getBytes(StandardCharsets.ISO_8859_1)),
                out);
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    /** Every file of it, in the order of the names. */
    List<String> files() throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(file -> !Files.isDirectory(file))
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}

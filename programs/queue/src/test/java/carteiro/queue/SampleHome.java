package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.posix.Invocation;
import carteiro.queuetool.QueueCommand;
import carteiro.segments.FileDisk;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An installation on disk whose queue tests fill, and then look at by {@code carteiro queue}. */
record SampleHome(Path home, EventLog log) {
    private static final int SEGMENT = 1 << 16;

    /** What a command did; a character of what it printed is an octet. */
    record Ran(int exit, String out, String err) {
        byte[] octets() {
            return out.getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    Path queue() {
        return home.resolve("queue");
    }

    /** Its queue, at work; a small disk is enough for it. */
    Queue open(Clock clock) throws IOException {
        Files.createDirectories(queue());
        Path control = Files.createDirectories(home.resolve("control"));
        Files.writeString(control.resolve("queuediskfloor"), "1048576\n");
        return new Queue(new FileDisk(queue()), () -> new QueueSettings(1 << 20, 1 << 20), log, clock, SEGMENT);
    }

    /** {@code carteiro queue} with these words, and input on its standard input. */
    Ran run(byte[] input, String... words) {
        var arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--home", home.toString()));
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int exit = new Invocation(arguments, Map.of(), new ByteArrayInputStream(input), out, err)
                .run("carteiro queue", QueueCommand::run);
        return new Ran(exit, out.toString(StandardCharsets.ISO_8859_1), err.toString(StandardCharsets.ISO_8859_1));
    }
}

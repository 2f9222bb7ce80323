package carteiro.inject;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** Another program, run by one of ours. */
final class Child {
    private Child() {}

    /** Waits for its end; 111 if a signal ended it. */
    static int exitCode(Process child) throws IOException {
        try {
            int code = child.waitFor();
            return code > 128 ? QmailInject.TEMPORARY : code;
        } catch (InterruptedException e) {
            child.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Runs it with that input, which it need not read, and our output; answers its exit code. */
    static int run(List<String> words, InputStream input) throws IOException {
        Process child = new ProcessBuilder(words)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread.ofPlatform().daemon(true).start(() -> feed(input, child.getOutputStream()));
        return exitCode(child);
    }

    private static void feed(InputStream input, OutputStream child) {
        try (child) {
            input.transferTo(child);
        } catch (IOException e) {
            // it has read what it wanted
        }
    }
}

package carteiro.inject;

import carteiro.posix.ChildCommand;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;

/** Another program, run by one of ours: in a session of its own, with the variables of who called us. */
final class Child {
    /** What the shell, and setsid, answer for a program that is not there or cannot be run. */
    private static final int CANNOT_RUN = 126;

    private static final int NOT_FOUND = 127;

    private Child() {}

    /** Waits for its end; 111 if a signal ended it. */
    static int exitCode(Process child) throws IOException {
        try {
            int code = child.waitFor();
            return code > 128 ? QmailInject.TEMPORARY : code;
        } catch (InterruptedException e) {
            ChildCommand.kill(child);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Runs it with that input, which it need not read, and our output; answers its exit code, 111 if it cannot be run. */
    static int run(List<String> words, InputStream input) throws IOException {
        Process child = ChildCommand.withOurVariables(words)
                .redirectInput(Redirect.PIPE)
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT)
                .start();
        Thread.ofPlatform().daemon(true).start(() -> feed(input, child.getOutputStream()));
        int code = exitCode(child);
        return code == CANNOT_RUN || code == NOT_FOUND ? QmailInject.TEMPORARY : code;
    }

    private static void feed(InputStream input, OutputStream child) {
        try (child) {
            input.transferTo(child);
        } catch (IOException e) {
            // it has read what it wanted
        }
    }
}

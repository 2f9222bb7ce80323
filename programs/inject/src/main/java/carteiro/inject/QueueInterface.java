package carteiro.inject;

import carteiro.log.LogText;
import carteiro.posix.Invocation;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** What a command with qmail-queue's interface does around its work: descriptors, exit codes, and an end after a day. */
final class QueueInterface {
    /** After this long it gives up, as qmail-queue does. */
    private static final Duration DEATH = Duration.ofHours(24);

    private QueueInterface() {}

    /** The work. */
    interface QueueAction {
        /** @return {@link QueueExitCode#QUEUED}, or another code of which nothing is to be said */
        QueueExitCode run() throws IOException, QueueExitException;
    }

    /** The work of this process. */
    interface QueueProcess {
        /**
         * @param call with the message on its standard input
         * @param envelope descriptor 1, which is open for reading
         * @return the exit code
         */
        int run(Invocation call, InputStream envelope) throws IOException;
    }

    /** What {@code main} does. */
    static void runAndExit(String name, String[] arguments, QueueProcess work) {
        int code = QueueExitCode.BUG.code;
        try {
            Thread.ofPlatform().daemon(true).start(QueueInterface::endInTime);
            int ended = Invocation.ofThisProcess(arguments)
                    .run(name, call -> work.run(call, new FileInputStream(FileDescriptor.out)));
            code = ended == QmailInject.TEMPORARY ? code : ended; // 111 is none of its codes
        } finally {
            System.exit(code);
        }
    }

    private static void endInTime() {
        try {
            Thread.sleep(DEATH);
            Runtime.getRuntime().halt(QueueExitCode.TIMEOUT.code);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does the work, and says on standard error why it ended before the message was queued. @return the exit code */
    static int run(String name, Invocation call, QueueAction work) throws IOException {
        try {
            return work.run().code;
        } catch (QueueExitException e) {
            call.complain(name + ": fatal: " + LogText.sentence(String.valueOf(e.getMessage())) + "\n");
            return e.ended().code;
        } catch (OutOfMemoryError e) {
            call.complain(name + ": fatal: out of memory\n");
            return QueueExitCode.OUT_OF_MEMORY.code;
        }
    }
}

package carteiro.pop3;

import carteiro.posix.ChildCommand;
import carteiro.posix.FilledPipe;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a name and a password are given to: a program of the checkpassword interface, which becomes the user and then the program that
 * serves him. It has our own standard streams, which are the client's, and reads name, password and stamp from descriptor 3.
 */
final class Pop3Login {
    /** What such a program reads at most (the checkpassword interface). */
    static final int LIMIT = 512;

    /** No word of a client is in it: it opens the pipe, whose name is the first word, as descriptor 3. */
    private static final String OPEN_PIPE = "exec \"$@\" 3<\"$0\"";

    /** Above it stand signals. */
    private static final int SIGNAL = 128;

    private final List<String> checker;
    private final byte[] stamp;

    /** @param stamp of the greeting, with its angle brackets */
    Pop3Login(List<String> checker, byte[] stamp) {
        this.checker = List.copyOf(checker);
        this.stamp = stamp;
    }

    /** How it ended. */
    enum LoginEnd {
        /** The visit is over. */
        SERVED,
        /** It has not let the client in, or whoever served him ended with a fault. */
        REFUSED,
        /** A signal ended it. */
        CRASHED,
        /** It was not run: name and password are too long for the interface. */
        TOO_LONG
    }

    /**
     * Runs the program, and waits for the end of the client's whole visit.
     *
     * @param name without NUL
     * @param secret without NUL; the password, or the digest of APOP; cleared
     * @throws IOException if the program cannot be started
     */
    LoginEnd run(byte[] name, byte[] secret) throws IOException {
        int length = name.length + secret.length + stamp.length + 3;
        byte[] told = new byte[Math.min(length, LIMIT)];
        try {
            if (length > LIMIT) {
                return LoginEnd.TOO_LONG;
            }
            System.arraycopy(name, 0, told, 0, name.length); // a NUL is behind each
            System.arraycopy(secret, 0, told, name.length + 1, secret.length);
            System.arraycopy(stamp, 0, told, name.length + secret.length + 2, stamp.length);
            return run(told);
        } finally {
            Arrays.fill(told, (byte) 0);
            Arrays.fill(secret, (byte) 0);
        }
    }

    private LoginEnd run(byte[] told) throws IOException {
        try (var pipe = FilledPipe.of(told)) {
            Arrays.fill(told, (byte) 0);
            var words = new ArrayList<>(
                    List.of("/bin/sh", "-c", OPEN_PIPE, pipe.path().toString()));
            words.addAll(checker);
            Process child = ChildCommand.withOurVariables(words)
                    .redirectInput(Redirect.INHERIT)
                    .redirectOutput(Redirect.INHERIT)
                    .redirectError(Redirect.INHERIT)
                    .start();
            int code = ChildCommand.waitFor(child);
            if (code == 0) {
                return LoginEnd.SERVED;
            }
            return code > SIGNAL ? LoginEnd.CRASHED : LoginEnd.REFUSED;
        }
    }
}

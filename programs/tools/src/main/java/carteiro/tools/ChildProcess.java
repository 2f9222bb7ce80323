package carteiro.tools;

import carteiro.posix.ChildCommand;
import carteiro.posix.FileStatus;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that one of ours runs, as a shell or {@code .qmail} would: with our environment and output, but in a session of
 * its own, so that it cannot type into the terminal of whoever called us.
 */
final class ChildProcess {
    private ChildProcess() {}

    /**
     * Runs it on our own standard input and answers its exit code; 111 if a signal ended it or it cannot run now, 100 if
     * there is no such program.
     *
     * @throws IOException if no program can be started now
     */
    static int onOurInput(List<String> words) throws IOException {
        return run(words, Redirect.INHERIT, InputStream.nullInputStream());
    }

    /** The same with that input; the program need not read it. */
    static int onInput(List<String> words, InputStream input) throws IOException {
        return run(words, Redirect.PIPE, input);
    }

    /** The same with a file from its beginning. */
    static int onFile(List<String> words, Path file) throws IOException {
        return run(words, Redirect.from(file.toFile()), InputStream.nullInputStream());
    }

    private static int run(List<String> words, Redirect source, InputStream input) throws IOException {
        if (!isThere(words.getFirst())) {
            return Exit.PERMANENT;
        }
        Process child = ChildCommand.withOurVariables(exactly(words))
                .redirectInput(source)
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT)
                .start();
        if (source.equals(Redirect.PIPE)) {
            ChildCommand.feed(child, input);
        }
        return ChildCommand.exitCode(child);
    }

    /** Whether there is such a program, by its path or on the PATH; whoever starts it cannot tell that from its own end. */
    private static boolean isThere(String program) {
        if (program.indexOf('/') >= 0) {
            return isFile(program);
        }
        if (program.isEmpty() || program.startsWith("-")) {
            return false; // no file of a PATH is called so
        }
        String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
        for (String folder : path.split(":", -1)) {
            if (isFile((folder.isEmpty() ? "." : folder) + "/" + program)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isFile(String path) {
        try {
            return path.indexOf(0) < 0
                    && FileStatus.of(path)
                            .filter(file -> file.kind() == FileStatus.FileKind.REGULAR && (file.mode() & 0111) != 0)
                            .isPresent();
        } catch (IOException e) {
            return false; // this user may not look, so may not run it either
        }
    }

    /** The words as Java passes them on unchanged: octets above 127 are lost in the C locale, so a shell writes them. */
    private static List<String> exactly(List<String> words) {
        boolean plain = true;
        for (String word : words) {
            plain &= carteiro.mail.Octets.areAscii(word);
        }
        if (plain) {
            return words;
        }
        var script = new StringBuilder("exec");
        for (String word : words) {
            script.append(" \"$(printf '");
            for (int i = 0; i < word.length(); i++) {
                int octet = word.charAt(i);
                script.append('\\').append(octet >> 6).append(octet >> 3 & 7).append(octet & 7);
            }
            script.append("')\"");
        }
        return new ArrayList<>(List.of("/bin/sh", "-c", script.toString()));
    }
}

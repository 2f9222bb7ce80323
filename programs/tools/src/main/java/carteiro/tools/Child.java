package carteiro.tools;

import carteiro.posix.ChildCommand;
import carteiro.posix.FileStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A program that one of ours runs, as a shell or {@code .qmail} would: with our environment and output, but in a session of
 * its own, so that it cannot type into the terminal of whoever called us.
 */
final class Child {
    /** What exec says when it may work later, or when it says nothing: EIO, EAGAIN, ENOMEM, ENFILE, EMFILE, ETXTBSY, ENOSPC, and their like. */
    private static final Set<String> TEMPORARY =
            Set.of("", "5", "11", "12", "16", "23", "24", "26", "28", "110", "122");

    private Child() {}

    /**
     * Runs it on our own standard input and answers its exit code; 111 if a signal ended it or it cannot run now, 100 if
     * it cannot run at all.
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
        Process child;
        try {
            child = ChildCommand.withOurVariables(exactly(words))
                    .redirectInput(source)
                    .redirectOutput(Redirect.INHERIT)
                    .redirectError(Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            boolean temporary = TEMPORARY.contains(errno(String.valueOf(e.getMessage())));
            return temporary ? Exit.TEMPORARY : Exit.PERMANENT;
        }
        if (source.equals(Redirect.PIPE)) {
            Thread.ofPlatform().daemon(true).start(() -> feed(input, child.getOutputStream()));
        }
        Thread end = new Thread(() -> ChildCommand.kill(child)); // it does not hear the terminal's interrupt
        Runtime.getRuntime().addShutdownHook(end);
        try {
            int code = child.waitFor();
            return code > 128 ? Exit.TEMPORARY : code;
        } catch (InterruptedException e) {
            ChildCommand.kill(child);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            removeHook(end);
        }
    }

    private static void removeHook(Thread end) {
        try {
            Runtime.getRuntime().removeShutdownHook(end);
        } catch (IllegalStateException e) {
            // this process is ending: the hook runs
        }
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
                            .filter(file -> file.kind() == FileStatus.Kind.REGULAR && (file.mode() & 0111) != 0)
                            .isPresent();
        } catch (IOException e) {
            return false; // this user may not look, so may not run it either
        }
    }

    /** The number in Java's {@code ...error=2, No such file} or {@code ...error: 2 (No such file...)}. */
    private static String errno(String message) {
        int at = message.lastIndexOf("error");
        while (at >= 0 && at < message.length() && !Character.isDigit(message.charAt(at))) {
            at++;
        }
        int end = Math.max(at, 0);
        while (end < message.length() && Character.isDigit(message.charAt(end))) {
            end++;
        }
        return at < 0 ? "" : message.substring(at, end);
    }

    private static void feed(InputStream input, OutputStream child) {
        try (child) {
            input.transferTo(child);
        } catch (IOException e) {
            // it has read what it wanted
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

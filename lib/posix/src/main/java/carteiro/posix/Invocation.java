package carteiro.posix;

import carteiro.log.LogText;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a command was called. Arguments and variables are octet strings, one character an octet, whatever the locale says:
 * Java decodes them by the locale and loses octets above 127 when that is C, as under cron.
 *
 * @param arguments without the command's own name
 * @param environment the variables
 * @param in standard input
 * @param out standard output
 * @param err standard error
 */
public record Invocation(
        List<String> arguments, Map<String, String> environment, InputStream in, OutputStream out, OutputStream err) {
    /** Copies list and map. */
    public Invocation {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    /** This process. Standard input, output and error are unbuffered. */
    public static Invocation ofThisProcess(String[] arguments) {
        LauncherLink.begun();
        return new Invocation(
                octets(arguments),
                environmentOctets(),
                new FileInputStream(FileDescriptor.in),
                new Output(),
                new FileOutputStream(FileDescriptor.err));
    }

    /** Standard output, which tells when nobody reads it any more. */
    private static final class Output extends FileOutputStream {
        Output() {
            super(FileDescriptor.out);
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] octets) throws IOException {
            write(octets, 0, octets.length);
        }

        @Override
        public void write(byte[] octets, int from, int length) throws IOException {
            try {
                super.write(octets, from, length);
            } catch (IOException e) {
                throw "Broken pipe".equals(e.getMessage()) ? new BrokenPipeException(e) : e;
            }
        }
    }

    /** Whoever read standard output has gone, as head does when it has enough. */
    private static final class BrokenPipeException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenPipeException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * What {@code main} does: the work of this process, and its end with the exit code. Whatever goes wrong, an Error too, is
     * 111 and never Java's own 1, which means something else to who calls.
     */
    public static void runAndExit(String name, String[] arguments, CommandAction work) {
        int code = 111;
        try {
            code = ofThisProcess(arguments).run(name, work);
        } finally {
            System.exit(code);
        }
    }

    /** The work of a command. */
    @FunctionalInterface
    public interface CommandAction {
        /** @return the exit code */
        int run(Invocation call) throws IOException;
    }

    /**
     * Does the work and answers its exit code; 111 (try again), said on standard error, after trouble. Nothing is said when
     * only nobody read standard output to its end: a program in C dies of SIGPIPE then, as silently.
     *
     * @param name the command's name, before what it says
     */
    public int run(String name, CommandAction work) {
        try {
            return work.run(this);
        } catch (BrokenPipeException e) {
            return 111;
        } catch (IOException e) {
            complain(name + ": fatal: " + asUtf8(LogText.reason(e)) + "\n");
        } catch (OutOfMemoryError e) {
            complain(name + ": fatal: out of memory\n");
        } catch (RuntimeException | Error e) {
            var trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            complain(name + ": fatal: this is a bug: " + asUtf8(trace.toString()));
        }
        return 111;
    }

    /** The same call with other arguments. */
    public Invocation withArguments(List<String> others) {
        return new Invocation(others, environment, in, out, err);
    }

    /** The same call with other input. */
    public Invocation withInput(InputStream other) {
        return new Invocation(arguments, environment, other, out, err);
    }

    /** A variable; empty if it is not set. */
    public String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    /**
     * Writes lines for people to standard output: what a terminal could take for a command, or nobody could see, becomes
     * {@code _} ({@link LogText#printableLines}). Octets that another program reads go to {@link #out} as they are.
     */
    public void print(String octets) throws IOException {
        out.write(LogText.printableLines(octets).getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The same to standard error, which may be closed. */
    public void complain(String octets) {
        try {
            err.write(LogText.printableLines(octets).getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            // nobody listens; the exit code still tells
        }
    }

    private static List<String> octets(String[] arguments) {
        boolean plain = true;
        for (String argument : arguments) {
            plain &= isAscii(argument);
        }
        if (plain) {
            return List.of(arguments);
        }
        List<String> words = records("/proc/self/cmdline");
        if (words.size() < arguments.length) {
            var decoded = new ArrayList<String>();
            for (String argument : arguments) {
                decoded.add(asUtf8(argument));
            }
            return decoded;
        }
        return words.subList(words.size() - arguments.length, words.size()); // before them stands the JVM's own
    }

    private static Map<String, String> environmentOctets() {
        var octets = new HashMap<String, String>();
        boolean plain = true;
        for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
            plain &= isAscii(variable.getValue());
            octets.put(asUtf8(variable.getKey()), asUtf8(variable.getValue()));
        }
        if (!plain) {
            for (String variable : records("/proc/self/environ")) {
                int equals = variable.indexOf('=');
                if (equals > 0) {
                    octets.put(variable.substring(0, equals), variable.substring(equals + 1));
                }
            }
        }
        return octets;
    }

    /** The strings of a file of NUL-ended strings; none if it cannot be read. */
    private static List<String> records(String file) {
        try {
            String all = new String(Files.readAllBytes(Path.of(file)), StandardCharsets.ISO_8859_1);
            var records = new ArrayList<String>();
            for (int from = 0, end; (end = all.indexOf(0, from)) >= 0; from = end + 1) {
                records.add(all.substring(from, end));
            }
            return records;
        } catch (IOException e) {
            return List.of(); // no /proc here
        }
    }

    private static String asUtf8(String text) {
        return isAscii(text) ? text : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7f) {
                return false;
            }
        }
        return true;
    }
}

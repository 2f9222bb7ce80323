package carteiro.inject;

import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Completion;
import carteiro.mail.HeaderAddressList;
import carteiro.mail.MalformedFieldException;
import carteiro.posix.ChildCommand;
import carteiro.posix.Invocation;
import carteiro.posix.Options;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** sendmail, as cron, mail(1), mutt, PHP and others call it: turned into a call of qmail-inject (docs/programs/sendmail.md). */
public final class Sendmail {
    /**
     * Those with a meaning here, those that qmail ignores (v i m x, e o p B, E J), and those that today's callers pass
     * without need (N R V L A G U n).
     */
    private static final String LETTERS = "tf:r:F:b:vimxe:o:p:B:E;J;N:R:V:L:A;GUn";

    private static final String SMTP = "qmail-smtpd";
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private final Invocation call;
    private final Inject inject;
    private final CommandRunner programs;

    private boolean fromHeader;
    private Optional<String> sender = Optional.empty();
    private Optional<String> name = Optional.empty();

    /** What is called in the end. */
    @FunctionalInterface
    interface Inject {
        int run(Invocation call) throws IOException;
    }

    /** Runs another command of the installation with this one's input and output. */
    @FunctionalInterface
    interface CommandRunner {
        /**
         * @param words the command and its arguments
         * @param variables what is set for it besides our own environment
         * @return its exit code
         */
        int run(List<String> words, Map<String, String> variables) throws IOException;
    }

    Sendmail(Invocation call, Inject inject, CommandRunner programs) {
        this.call = call;
        this.inject = inject;
        this.programs = programs;
    }

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("sendmail", arguments, Sendmail::send);
    }

    /** Runs it with the installation that the environment names. */
    static int send(Invocation call) throws IOException {
        return new Sendmail(call, QmailInject::inject, (words, variables) -> start(call, words, variables)).run();
    }

    int run() throws IOException {
        var options = new Options(call.arguments(), LETTERS);
        for (char letter; (letter = options.next()) != Options.END; ) {
            switch (letter) {
                case 't' -> fromHeader = true;
                case 'f', 'r' -> sender = Optional.of(options.value());
                case 'F' -> name = Optional.of(options.value());
                case 'b' -> {
                    switch (options.value()) {
                        case "m" -> {}
                        case "p" -> {
                            return programs.run(List.of("qmail-qread"), Map.of());
                        }
                        case "s" -> {
                            return smtp();
                        }
                        case "i" -> {
                            call.print("newaliases: aliases take effect at once, there is nothing to rebuild;"
                                    + " write each as alias/.qmail-NAME (docs/programs/dot-qmail.md)\n");
                            return 0; // scripts of packages end where it fails
                        }
                        case "d" -> {
                            return refuse("sendmail: -bd: the SMTP server is a program of its own;"
                                    + " start it with: carteiro start smtpd\n");
                        }
                        default -> {
                            return usage();
                        }
                    }
                }
                case '?' -> {
                    return usage();
                }
                default -> {} // of no meaning here
            }
        }
        return inject.run(translated(options.rest()));
    }

    private int usage() {
        return refuse("sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n");
    }

    private int refuse(String text) {
        call.complain(text);
        return QmailInject.PERMANENT;
    }

    private Invocation translated(List<String> recipients) {
        var arguments = new ArrayList<String>();
        arguments.add(fromHeader ? "-H" : "-a");
        var environment = new HashMap<>(call.environment());
        if (sender.isPresent()) {
            arguments.add("-f");
            arguments.add(sender.get());
            author(environment, sender.get());
        }
        if (name.isPresent()) {
            environment.put("MAILNAME", name.get());
        }
        arguments.add("--");
        arguments.addAll(recipients);
        return new Invocation(arguments, environment, call.in(), call.out(), call.err());
    }

    /** Whoever names the sender is the author too, unless the message says otherwise. */
    private static void author(Map<String, String> environment, String sender) {
        Address address;
        try {
            List<Address> named =
                    HeaderAddressList.read(sender, new Completion("", "", "")).addresses();
            if (named.size() != 1) {
                return; // the null sender; qmail-inject refuses what is no sender
            }
            address = named.getFirst();
        } catch (MalformedFieldException e) {
            return; // qmail-inject says so
        }
        for (String variable : List.of("QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST")) {
            environment.remove(variable);
        }
        environment.put("QMAILUSER", address.localPart());
        if (!address.domain().isEmpty()) {
            environment.put("QMAILHOST", address.domain());
        }
    }

    /**
     * Unless a server has already said who the client is, it is the caller, on this host, and may relay; TLS is of no use
     * then, and the key not the caller's to read.
     */
    private int smtp() throws IOException {
        if (call.environment().containsKey("PROTO")) {
            return programs.run(List.of(SMTP), Map.of());
        }
        return programs.run(
                List.of(SMTP, "--without-tls"),
                Map.of(
                        "RELAYCLIENT", "",
                        "DATABYTES", "0",
                        "PROTO", "TCP",
                        "TCPREMOTEIP", "127.0.0.1",
                        "TCPREMOTEHOST", "localhost",
                        "TCPREMOTEINFO", "sendmail-bs",
                        "TCPLOCALIP", "127.0.0.1",
                        "TCPLOCALHOST", "localhost"));
    }

    /** The launcher told us where it is; without one, the commands are in HOME/bin. */
    private static int start(Invocation call, List<String> words, Map<String, String> variables) throws IOException {
        Installation installation = Installation.ofEnvironment(call.environment());
        String launcher = System.getProperty("carteiro.launcher", "");
        Path own = installation.home().resolve("bin").resolve(words.getFirst());
        var started = new ArrayList<String>(words);
        if (!launcher.isEmpty()) {
            started.addFirst(launcher);
        } else if (Files.isExecutable(own)) {
            started.set(0, own.toString());
        } else {
            throw new IOException("cannot find " + words.getFirst() + ": " + own
                    + " is not there; call sendmail as \"carteiro sendmail\" or by a link to carteiro");
        }
        var builder = ChildCommand.withOurVariables(started)
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT);
        if (words.getFirst().equals(SMTP)) {
            builder.redirectInput(Redirect.INHERIT); // the client
            if (isTerminal(STANDARD_ERROR)) {
                builder.redirectError(Redirect.DISCARD);
            }
        }
        builder.environment().put("CARTEIRO_HOME", installation.home().toString());
        builder.environment().putAll(variables);
        return ChildCommand.exitCode(builder.start());
    }

    /** Whether a descriptor leads to a terminal: there, the log of the SMTP server would disturb the program that runs us. */
    private static boolean isTerminal(Path descriptor) {
        try {
            String file = Files.readSymbolicLink(descriptor).toString();
            return file.startsWith("/dev/pts/") || file.startsWith("/dev/tty") || file.equals("/dev/console");
        } catch (IOException e) {
            return false; // closed, or no /proc here
        }
    }
}

package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** config-fast: writes the first control files from the host's full name (docs/programs/config-fast.md). */
public final class ConfigFast {
    private ConfigFast() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("config-fast", arguments, ConfigFast::run);
    }

    static int run(Invocation call) throws IOException {
        if (call.arguments().size() != 1 || !isHost(call.arguments().getFirst())) {
            call.complain("config-fast: usage: config-fast host.example.org (the full name of this host)\n");
            return Exit.PERMANENT;
        }
        String host = Octets.lowerCase(call.arguments().getFirst());
        Path control = Installation.ofEnvironment(call.environment()).control();
        Files.createDirectories(control);
        if (Files.exists(control.resolve("me"))) {
            call.complain("config-fast: fatal: " + LogText.path(control.resolve("me"))
                    + " exists; remove it first if it is to be written anew\n");
            return Exit.TEMPORARY;
        }
        call.print("Your fully qualified host name is " + host + ".\n");
        int lastDot = host.lastIndexOf('.');
        int dotBefore = host.lastIndexOf('.', lastDot - 1);
        put(call, control, "defaultdomain", host.substring(host.indexOf('.') + 1));
        put(call, control, "plusdomain", host.substring(dotBefore + 1));
        add(call, control, "locals", host);
        add(call, control, "rcpthosts", host);
        put(call, control, "me", host); // last: with it, the installation is usable
        call.print("Now qmail will refuse to accept SMTP messages except to " + host
                + ".\nMake sure to change rcpthosts if you add hosts to locals or virtualdomains!\n");
        return 0;
    }

    private static boolean isHost(String text) {
        if (text.indexOf('.') <= 0 || text.endsWith(".") || text.contains("..") || text.length() > 253) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean fits = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.';
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    private static void put(Invocation call, Path control, String name, String value) throws IOException {
        call.print("Putting " + value + " into control/" + name + "...\n");
        write(control.resolve(name), value + "\n");
    }

    private static void add(Invocation call, Path control, String name, String value) throws IOException {
        call.print("Putting " + value + " into control/" + name + "...\n");
        Path file = control.resolve(name);
        String before = Files.exists(file) ? Octets.text(Files.readAllBytes(file)) : "";
        if (!before.isEmpty() && !before.endsWith("\n")) {
            before += "\n";
        }
        write(file, before + value + "\n");
    }

    private static void write(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.write(
                draft,
                Octets.bytes(text),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(draft, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }
}

package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.log.LogText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the variables of control/tcp.smtp would do; smtpd itself says where the file is not well formed. */
final class ClientRules {
    /** {@code ,NAME="value"}, with any octet as the quote. */
    private static final Pattern VARIABLE = Pattern.compile(",([^,=]+)=(.)((?:(?!\\2).)*)\\2");

    private static final Set<String> KNOWN = Set.of("RELAYCLIENT", "DATABYTES", "QMAILQUEUE");

    private final Installation installation;
    private final ControlFiles files;

    ClientRules(Installation installation, ControlFiles files) {
        this.installation = installation;
        this.files = files;
    }

    /** Adds a mistake for a program that is not there, a warning for a variable that nothing reads. */
    void look(Set<String> mistakes, Set<String> warnings) {
        int number = 0;
        for (String line : files.text("tcp.smtp").orElse("").split("\n")) {
            number++;
            int rule = line.indexOf(":allow,");
            if (line.startsWith("#") || rule < 0) {
                continue;
            }
            Map<String, String> variables = new HashMap<>();
            Matcher found = VARIABLE.matcher(line);
            for (int from = rule; found.find(from); from = found.end()) {
                variables.putIfAbsent(found.group(1), found.group(3));
            }
            String place = "control/tcp.smtp:" + number + ": ";
            String queue = variables.getOrDefault("QMAILQUEUE", "");
            Path program = installation.home().resolve(queue); // smtpd's current folder
            if (queue.indexOf('/') >= 0 && (!Files.isRegularFile(program) || !Files.isExecutable(program))) {
                mistakes.add(place + "QMAILQUEUE: there is no program " + LogText.sentence(program.toString())
                        + ", so that no message of these clients is accepted; install it, or remove the variable");
            }
            if (queue.isEmpty()) { // such a program gets them all
                variables.keySet().stream()
                        .filter(name -> !KNOWN.contains(name))
                        .sorted()
                        .forEach(name -> warnings.add(place + LogText.sentence(name)
                                + " has no effect: smtpd reads RELAYCLIENT, DATABYTES and QMAILQUEUE"));
            }
        }
    }
}

package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.log.LogText;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** What the variables of control/tcp.smtp would do. */
final class ClientRules {
    private final Installation installation;
    private final ControlFiles files;

    ClientRules(Installation installation, ControlFiles files) {
        this.installation = installation;
        this.files = files;
    }

    /** Adds a mistake for a program that is not there, a warning for a variable that nothing reads. */
    void look(Set<String> mistakes, Set<String> warnings) {
        for (TcpRules.Line line : TcpRules.read(files).lines()) {
            switch (line.rule()) {
                case TcpRules.Rule.Deny _ -> {}
                case TcpRules.Rule.Allow(var variables) ->
                    look("control/tcp.smtp:" + line.number() + ": ", variables, mistakes, warnings);
            }
        }
    }

    private void look(String place, Map<String, String> variables, Set<String> mistakes, Set<String> warnings) {
        String queue = variables.getOrDefault(TcpRules.QMAILQUEUE, "");
        if (queue.isEmpty()) { // such a program gets them all
            variables.keySet().stream()
                    .filter(name -> !TcpRules.VARIABLES.contains(name))
                    .sorted()
                    .forEach(name -> warnings.add(place + LogText.sentence(name) + " has no effect: smtpd reads only "
                            + String.join(", ", TcpRules.VARIABLES)));
            return;
        }
        if (queue.indexOf('/') >= 0 && !isProgram(queue)) {
            mistakes.add(place + "QMAILQUEUE: there is no program "
                    + LogText.sentence(queue.startsWith("/") ? queue : installation.home() + "/" + queue)
                    + ", so that no message of these clients is accepted; install it, or remove the variable");
        }
    }

    /** Whether smtpd, whose current folder is HOME, would find a program of that name. */
    private boolean isProgram(String name) {
        try {
            Path program = installation.home().resolve(name);
            return Files.isRegularFile(program) && Files.isExecutable(program);
        } catch (InvalidPathException e) { // no file has such a name
            return false;
        }
    }
}

package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.log.LogText;
import java.nio.file.Files;
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
        Path program = installation.home().resolve(queue); // smtpd's current folder
        if (queue.indexOf('/') >= 0 && (!Files.isRegularFile(program) || !Files.isExecutable(program))) {
            mistakes.add(place + "QMAILQUEUE: there is no program " + LogText.sentence(program.toString())
                    + ", so that no message of these clients is accepted; install it, or remove the variable");
        }
    }
}

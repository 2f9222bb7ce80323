package carteiro.control;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where an installation keeps what (qmail's layout, plus run/ and log/).
 *
 * @param home the folder given with {@code --home}; qmail's /var/qmail
 */
public record Installation(Path home) {
    /** Makes the path absolute. */
    public Installation {
        home = home.toAbsolutePath().normalize();
    }

    /**
     * The installation a command means that was given none: CARTEIRO_HOME or QMAILHOME of its environment, else the
     * system property {@code carteiro.home}, else /var/qmail.
     */
    public static Installation ofEnvironment(Map<String, String> environment) {
        for (String name : new String[] {"CARTEIRO_HOME", "QMAILHOME"}) {
            String home = environment.getOrDefault(name, "");
            if (!home.isEmpty()) {
                return new Installation(Path.of(home));
            }
        }
        return new Installation(Path.of(System.getProperty("carteiro.home", "/var/qmail")));
    }

    /** The control files. */
    public Path control() {
        return home.resolve("control");
    }

    /** The home of the alias user. */
    public Path alias() {
        return home.resolve("alias");
    }

    /** users/assign and users/cdb. */
    public Path users() {
        return home.resolve("users");
    }

    /** The segments, owned by queue alone. */
    public Path queue() {
        return home.resolve("queue");
    }

    /**
     * What to do about a queue/ that is still qmail's, whose mail is not read here and in which queue cannot work; empty
     * if it is not.
     */
    public Optional<String> queueOfQmail() {
        if (!Files.isDirectory(queue().resolve("mess")) || !Files.isDirectory(queue().resolve("lock"))) {
            return Optional.empty();
        }
        return Optional.of(queue() + " is qmail's own, and what waits in it is not seen here; have qmail deliver it"
                + " until qmail-qstat says 0, stop qmail, and then: mv " + queue() + " " + queue() + ".qmail"
                + " && carteiro init --home " + home + " --me HOST");
    }

    /** The sockets by which programs meet, one folder a program. */
    public Path run() {
        return home.resolve("run");
    }

    /** The sockets of one program. */
    public Path run(String program) {
        return run().resolve(program);
    }

    /** Where a logger may keep the log. */
    public Path log() {
        return home.resolve("log");
    }

    /** The file of a setting. */
    public Path control(Setting<?> setting) {
        return control(setting.name());
    }

    /** One control file. */
    public Path control(String name) {
        return control().resolve(name);
    }
}

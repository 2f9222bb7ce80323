package carteiro.control;

import java.nio.file.Path;

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

    /** The sockets by which programs meet, one folder a program. */
    public Path run() {
        return home.resolve("run");
    }

    /** The sockets of one program. */
    public Path run(String program) {
        return run().resolve(program);
    }

    /** One control file. */
    public Path control(String name) {
        return control().resolve(name);
    }
}

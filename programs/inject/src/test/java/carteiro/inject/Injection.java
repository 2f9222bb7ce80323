package carteiro.inject;

import carteiro.control.Installation;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs qmail-inject inside the test, in a home of its own. */
final class Injection {
    final Path home;
    final Recorded queue = new Recorded();
    private final Map<String, String> environment = new HashMap<>(Map.of("QMAILUSER", "joe", "QUEUEWAIT", "0"));

    Injection(Path home) throws IOException {
        this.home = home;
        Files.createDirectories(home.resolve("control"));
        control("me", "mail.example.org");
        control("defaultdomain", "example.org");
        control("plusdomain", "example.org");
        control("idhost", "mail.example.org");
    }

    Injection control(String name, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(name), text, StandardCharsets.ISO_8859_1);
        return this;
    }

    Injection without(String control) throws IOException {
        Files.delete(home.resolve("control").resolve(control));
        return this;
    }

    Injection with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Injection unset(String variable) {
        environment.remove(variable);
        return this;
    }

    record Result(int code, String out, String err) {}

    Result run(String input, String... arguments) {
        return run(new ByteArrayInputStream(Octets.bytes(input)), arguments);
    }

    Result run(java.io.InputStream input, String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var call = new Invocation(List.of(arguments), environment, input, out, err);
        int code = call.run("qmail-inject", c -> new QmailInject(c, new Installation(home), queue).run());
        return new Result(code, out.toString(StandardCharsets.ISO_8859_1), err.toString(StandardCharsets.ISO_8859_1));
    }
}

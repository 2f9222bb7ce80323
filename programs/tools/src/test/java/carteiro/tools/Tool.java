package carteiro.tools;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.Enqueue;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs a command inside the test. */
final class Tool {
    private final Map<String, String> environment = new HashMap<>();
    private String input = "";

    Tool with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Tool reading(String text) {
        input = text;
        return this;
    }

    record Result(int code, String out, String err) {}

    Result run(Invocation.CommandAction work, String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var call = new Invocation(
                List.of(arguments), environment, new ByteArrayInputStream(Octets.bytes(input)), out, err);
        int code = call.run("tool", work);
        return new Result(code, out.toString(StandardCharsets.ISO_8859_1), err.toString(StandardCharsets.ISO_8859_1));
    }

    interface QueueWork {
        int run(Invocation call, Enqueue queue) throws java.io.IOException;
    }

    Result run(QueueWork work, Enqueue queue, String... arguments) {
        return run(call -> work.run(call, queue), arguments);
    }
}

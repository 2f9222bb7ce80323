package carteiro.tokens;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.BearerTokens.TokenAnswer;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Program.ProgramContext;
import carteiro.protocol.Program.RunningProgram;
import carteiro.protocol.SocketWires;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;

/** tokens in a home of its own, asked by the wires as lookup does. */
final class TokensAtWork implements AutoCloseable {
    final Installation installation;
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final DirectWires wires;
    final RunningProgram running;

    private TokensAtWork(Installation installation) throws Exception {
        this.installation = installation;
        wires = new DirectWires(new SocketWires(installation, log));
        running = new TokensProgram().start(new ProgramContext(installation, wires, log, Map.of(), () -> {}));
    }

    /** @param settings files of control and what they hold */
    static Installation home(Path folder, Map<String, String> settings) throws Exception {
        Files.createDirectories(folder.resolve("control"));
        for (Map.Entry<String, String> each : settings.entrySet()) {
            Files.writeString(folder.resolve("control").resolve(each.getKey()), each.getValue() + "\n");
        }
        return new Installation(folder);
    }

    static TokensAtWork start(Path folder, Map<String, String> settings) throws Exception {
        return new TokensAtWork(home(folder, settings));
    }

    TokenAnswer look(String token) throws Exception {
        return wires.tokens().look(token.getBytes(StandardCharsets.UTF_8));
    }

    /** What has been logged so far, and is written when it ends. */
    String log() {
        return logged.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        running.stop(Duration.ZERO);
        wires.close();
        log.close();
    }
}

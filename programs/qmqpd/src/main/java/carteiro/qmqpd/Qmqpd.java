package carteiro.qmqpd;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.listen.Budgets;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.IOException;
import java.nio.file.Files;

/** The QMQP server as a long-running program: opens its listeners, gives up root, serves. */
public final class Qmqpd implements Program {
    /** For the service loader. */
    public Qmqpd() {}

    @Override
    public String name() {
        return "qmqpd";
    }

    @Override
    public String user() {
        return "qmaild";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.WAY_IN;
    }

    /** Nobody needs it who has not asked for it: it takes every recipient. */
    @Override
    public boolean isWanted(Installation installation) {
        return Files.exists(installation.control(Settings.QMQPDLISTEN));
    }

    @Override
    public void check(Installation installation) throws ControlException {
        if (isWanted(installation)) {
            var _ = QmqpdSettings.read(installation);
        }
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        return start(context, Budgets.ofThisProcess());
    }

    static QmqpdServer start(ProgramContext context, Budgets budgets) throws ControlException, IOException {
        var server = new QmqpdServer(context, QmqpdSettings.read(context.installation()), budgets);
        try {
            server.open();
            context.dropPrivileges();
        } catch (IOException | RuntimeException e) {
            server.closeListeners();
            throw e;
        }
        server.serve();
        return server;
    }
}

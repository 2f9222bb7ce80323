package carteiro.pop3;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.listen.Budgets;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.IOException;
import java.nio.file.Files;

/** The POP3 server as a long-running program: opens its listeners, gives up root, serves. */
public final class Pop3d implements Program {
    /** For the service loader. */
    public Pop3d() {}

    @Override
    public String name() {
        return "pop3d";
    }

    /** A user of its own: what it hears of passwords no other program that hears strangers shall reach. */
    @Override
    public String user() {
        return "qmailpop";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.WAY_IN;
    }

    @Override
    public boolean isWanted(Installation installation) {
        return Files.exists(installation.control(Settings.POP3DLISTEN));
    }

    @Override
    public void check(Installation installation) throws ControlException {
        if (isWanted(installation)) {
            var _ = Pop3dSettings.read(installation);
        }
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        var server = new Pop3dServer(context, Pop3dSettings.read(context.installation()), Budgets.ofThisProcess());
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

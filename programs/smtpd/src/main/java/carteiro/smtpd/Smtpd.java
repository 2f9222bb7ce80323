package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.listen.Budgets;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.IOException;
import java.time.Clock;

/** The SMTP server as a long-running program: opens its listeners, gives up root, serves. */
public final class Smtpd implements Program {
    /** For the service loader. */
    public Smtpd() {}

    @Override
    public String name() {
        return "smtpd";
    }

    @Override
    public String user() {
        return "qmaild";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.WAY_IN;
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = SmtpdSettings.read(installation);
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        return start(context, Budgets.ofThisProcess(), SmtpdServer.Times.STANDARD);
    }

    static SmtpdServer start(ProgramContext context, Budgets budgets, SmtpdServer.Times times)
            throws ControlException, IOException {
        SmtpdSettings settings = SmtpdSettings.read(context.installation());
        var server = new SmtpdServer(context, settings, budgets, Clock.systemUTC(), times);
        try {
            server.open(SystemAccount.effectiveUid() == 0);
            context.dropPrivileges();
        } catch (IOException | RuntimeException e) {
            server.closeListeners();
            throw e;
        }
        server.serve();
        return server;
    }
}

package carteiro.lookup;

import carteiro.control.CdbWriter;
import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.util.List;

/** qmail-newmrh: compiles control/morercpthosts into control/morercpthosts.cdb (docs/programs/qmail-newmrh.md). */
public final class QmailNewmrh {
    private QmailNewmrh() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-newmrh", arguments, QmailNewmrh::run);
    }

    static int run(Invocation call) throws IOException {
        Installation installation = HomeArgument.of(call).installation();
        var files = new ControlFiles(installation);
        List<String> hosts = files.list(Settings.MORERCPTHOSTS).orElse(null);
        try {
            files.check();
        } catch (ControlException e) {
            throw new IOException(e.getMessage(), e);
        }
        if (hosts == null) {
            throw new IOException("there is no " + installation.control(Settings.MORERCPTHOSTS) + "; write it first");
        }
        try (var writer = new CdbWriter(
                installation.control(Settings.MORERCPTHOSTS_CDB), installation.control("morercpthosts.tmp"))) {
            for (String host : hosts) {
                writer.add(DomainName.key(host), "");
            }
            writer.commit();
        }
        return 0;
    }
}

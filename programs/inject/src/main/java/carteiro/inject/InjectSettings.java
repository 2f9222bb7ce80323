package carteiro.inject;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.posix.Invocation;
import org.jspecify.annotations.Nullable;

/**
 * What completes addresses and identifies messages: the environment before the control files.
 *
 * @param completion from defaulthost, defaultdomain, plusdomain
 * @param idHost the host in a new Message-ID; empty if idhost is an empty file
 */
record InjectSettings(Completion completion, String idHost) {
    static InjectSettings read(Installation installation, Invocation call) throws ControlException {
        var files = new ControlFiles(installation);
        var settings = new InjectSettings(
                Completion.of(
                        setting(call, "QMAILDEFAULTHOST", files, "defaulthost"),
                        setting(call, "QMAILDEFAULTDOMAIN", files, "defaultdomain"),
                        setting(call, "QMAILPLUSDOMAIN", files, "plusdomain")),
                setting(call, "QMAILIDHOST", files, "idhost"));
        files.check();
        return settings;
    }

    private static String setting(Invocation call, String variable, ControlFiles files, String file) {
        @Nullable String value = call.environment().get(variable);
        return value != null ? value : files.lineOrMe(file);
    }
}

package carteiro.inject;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.mail.Completion;
import carteiro.posix.Invocation;
import org.jspecify.annotations.Nullable;

/**
 * What completes addresses and identifies messages: the environment before the control files.
 *
 * @param completion from defaulthost, defaultdomain, plusdomain
 * @param idHost the host in a new Message-ID; empty if idhost is an empty file
 * @param line the most octets of a line of the message, its LF not counted: what our own smtpd takes (control/linebytes)
 */
record InjectSettings(Completion completion, String idHost, int line) {
    /** The most octets of a line, its LF not counted, where nothing else is set: what RFC 5321 section 4.5.3.1.6 lets pass. */
    static final int LINE = 998;

    /** Of a line that is looked at as a whole; control/linebytes may be more. */
    static final int LONGEST_LINE = 1 << 20;

    static InjectSettings read(Installation installation, Invocation call) throws ControlException {
        var files = new ControlFiles(installation);
        var settings = new InjectSettings(
                Completion.of(
                        setting(call, "QMAILDEFAULTHOST", files, Settings.DEFAULTHOST),
                        setting(call, "QMAILDEFAULTDOMAIN", files, Settings.DEFAULTDOMAIN),
                        setting(call, "QMAILPLUSDOMAIN", files, Settings.PLUSDOMAIN)),
                setting(call, "QMAILIDHOST", files, Settings.IDHOST),
                line(installation));
        files.check();
        return settings;
    }

    /** A mistake in it is smtpd's to tell, and keeps no local mail back. Nothing more is looked up where the file is not there. */
    private static int line(Installation installation) {
        var files = new ControlFiles(installation);
        if (files.line(Settings.LINEBYTES).isEmpty()) {
            return LINE;
        }
        return (int) Math.min(files.get(Settings.LINEBYTES) - 2, LONGEST_LINE);
    }

    private static String setting(Invocation call, String variable, ControlFiles files, Setting<String> setting) {
        @Nullable String value = call.environment().get(variable);
        return value != null ? value : files.get(setting);
    }
}

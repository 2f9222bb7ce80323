package carteiro.pop3;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerLimits;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.LoginMechanism;
import carteiro.listen.ProxyHosts;
import carteiro.listen.TlsKey;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the control files say, read together; docs/control has a page for each.
 *
 * @param me this host's name
 * @param silence how long a client may be silent, or not read
 * @param limits how many conversations there may be
 * @param mechanisms how people may log in
 * @param cleartext whether they may without TLS
 * @param tls key and certificate
 * @param listen where to listen
 */
record Pop3dSettings(
        String me,
        Duration silence,
        ListenerLimits limits,
        Set<LoginMechanism> mechanisms,
        boolean cleartext,
        Optional<TlsKey> tls,
        List<ListenAddress> listen) {
    /** How long a conversation may last. */
    static final Duration CONVERSATION = Duration.ofHours(24);

    Pop3dSettings {
        mechanisms = mechanisms.isEmpty() ? Set.of() : EnumSet.copyOf(mechanisms);
        listen = List.copyOf(listen);
    }

    /** @throws ControlException naming every problem */
    static Pop3dSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        Optional<String> me = files.line(Settings.ME);
        if (me.isEmpty()) {
            files.problem(Settings.ME, 0, "is missing; write the host's full name into it");
        }
        var settings = new Pop3dSettings(
                me.orElse(""),
                files.get(Settings.TIMEOUTPOP3D),
                new ListenerLimits(
                        files.get(Settings.CONCURRENCYPOP3D),
                        files.get(Settings.CONCURRENCYPERCLIENT),
                        ProxyHosts.read(files)),
                LoginMechanism.read(files),
                files.get(Settings.POP3DCLEARTEXT),
                TlsKey.read(files, installation),
                ListenAddress.read(
                                files,
                                Settings.POP3DLISTEN,
                                EnumSet.of(RoleWord.TLS, RoleWord.PROXY),
                                "[::]:110 or [::]:995 tls")
                        .orElse(List.of()));
        files.check();
        TlsKey.checkFor(settings.tls(), settings.listen().stream().map(ListenAddress::role), Settings.POP3DLISTEN);
        return settings;
    }
}

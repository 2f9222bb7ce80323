package carteiro.qmqpd;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.control.TcpRules;
import carteiro.listen.Client;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerLimits;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.ProxyHosts;
import carteiro.listen.TlsKey;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the control files say, read together; docs/control has a page for each.
 *
 * @param me this host's name
 * @param silence how long a client may be silent, or not read
 * @param conversation how long all of it may last
 * @param databytes the most octets of a message
 * @param limits how many conversations there may be
 * @param rules who may connect; empty: this host alone
 * @param tls key and certificate, for listeners with tls
 * @param listen where to listen; empty if there is no file
 */
record QmqpdSettings(
        String me,
        Duration silence,
        Duration conversation,
        long databytes,
        ListenerLimits limits,
        Optional<TcpRules> rules,
        Optional<TlsKey> tls,
        Optional<List<ListenAddress>> listen) {
    private static final TcpRules.Rule SERVED = new TcpRules.Rule.Allow(Map.of());
    private static final TcpRules.Rule DENIED = new TcpRules.Rule.Deny();

    /** @throws ControlException naming every problem */
    static QmqpdSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        QmqpdSettings settings = read(files, installation);
        files.check();
        TlsKey.checkFor(
                settings.tls(),
                settings.listen().orElse(List.of()).stream().map(ListenAddress::role),
                Settings.QMQPDLISTEN);
        return settings;
    }

    private static QmqpdSettings read(ControlFiles files, Installation installation) {
        QmqpdSettings alone = forOneConversation(files);
        return new QmqpdSettings(
                alone.me(),
                alone.silence(),
                alone.conversation(),
                alone.databytes(),
                alone.limits(),
                files.text(Settings.TCP_QMQP).map(_ -> TcpRules.read(files, Settings.TCP_QMQP)),
                TlsKey.read(files, installation),
                ListenAddress.read(
                        files,
                        Settings.QMQPDLISTEN,
                        EnumSet.of(RoleWord.TLS, RoleWord.PROXY),
                        "127.0.0.1:6280 or [::]:628"));
    }

    /** Below tcpserver, which has its own listeners and rules. @throws ControlException naming every problem */
    static QmqpdSettings forOneConversation(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        QmqpdSettings settings = forOneConversation(files);
        files.check();
        return settings;
    }

    private static QmqpdSettings forOneConversation(ControlFiles files) {
        Optional<String> me = files.line(Settings.ME);
        if (me.isEmpty()) {
            files.problem(Settings.ME, 0, "is missing; write the host's full name into it");
        }
        return new QmqpdSettings(
                me.orElse(""),
                files.get(Settings.TIMEOUTSMTPD),
                files.get(Settings.TIMEOUTSESSION),
                files.get(Settings.DATABYTES),
                new ListenerLimits(
                        files.get(Settings.CONCURRENCYINCOMING),
                        files.get(Settings.CONCURRENCYPERCLIENT),
                        ProxyHosts.read(files)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Whether the name of a client counts. */
    boolean needHost() {
        return rules.isPresent() && rules.get().needHost();
    }

    /** The rule for a client; one that no rule is for is not served: every recipient is taken from those who are. */
    TcpRules.Rule ruleFor(InetAddress address, String host) {
        return rules.isEmpty()
                ? address.isLoopbackAddress() ? SERVED : DENIED
                : rules.get().ruleFor(address, host, "", DENIED);
    }

    /** Whether a rule serves everybody. */
    boolean isOpenToAll() {
        return rules.isPresent() && rules.get().isOpenToAll();
    }

    /**
     * The most octets of a client's message: DATABYTES of its variables goes before control/databytes.
     *
     * @param most the octets that one client may have under way
     */
    long databytesOf(Client client, long most) {
        OptionalLong own = ControlFiles.digits(client.variables().getOrDefault(TcpRules.DATABYTES, ""));
        long limit = own.orElse(databytes);
        return limit == 0 ? most : Math.min(limit, most);
    }
}

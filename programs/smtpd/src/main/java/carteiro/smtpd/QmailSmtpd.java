package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientConnection;
import carteiro.listen.ListenerRole;
import carteiro.listen.StandardSocket;
import carteiro.log.EventLog;
import carteiro.posix.LauncherLink;
import carteiro.posix.SystemAccount;
import carteiro.protocol.SocketWires;
import carteiro.protocol.StartupGrace;
import carteiro.smtpd.Verdict.Refusal;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/** One SMTP conversation on standard input and output, below tcpserver, inetd or sendmail -bs. */
public final class QmailSmtpd {
    private static final Reply UNREADABLE = PolicyRule.FAULT.reply(421, "4.3.0 the settings here cannot be read");

    /** How the settings are read. */
    private interface SettingsReader {
        SmtpdSettings read(Installation installation, EventLog log) throws ControlException;
    }

    private QmailSmtpd() {}

    /** {@code qmail-smtpd [--home DIR] [--without-tls]}. */
    public static void main(String[] args) {
        LauncherLink.begun();
        System.exit(run(
                args,
                System.getenv(),
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                StandardSocket.errorsGoToTheClient()
                        ? OutputStream.nullOutputStream()
                        : new FileOutputStream(FileDescriptor.err)));
    }

    /** 0 after QUIT; 1 if the conversation ended otherwise or could not begin; 100 for arguments not understood. */
    static int run(
            String[] args, Map<String, String> environment, InputStream in, OutputStream out, OutputStream errors) {
        String home = environment.getOrDefault("CARTEIRO_HOME", "/var/qmail");
        SettingsReader reading = QmailSmtpd::settings;
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--home") && i + 1 < args.length) {
                home = args[++i];
            } else if (args[i].startsWith("--home=")) {
                home = args[i].substring(7);
            } else if (args[i].equals("--without-tls")) {
                reading = (installation, _) -> SmtpdSettings.withoutTls(installation);
            } else {
                return usage(errors);
            }
        }
        var installation = new Installation(Path.of(home));
        var log = new EventLog(errors, EventLog.LogFormat.PLAIN, Clock.systemUTC());
        try (log;
                var wires = new SocketWires(installation, log)) {
            return converse(installation, environment, reading, new StandardSocket(in, out), wires, log);
        } catch (IOException e) {
            return 1; // the client has gone
        }
    }

    private static int converse(
            Installation installation,
            Map<String, String> environment,
            SettingsReader reading,
            StandardSocket socket,
            SocketWires wires,
            EventLog log)
            throws IOException {
        SmtpdSettings settings;
        try {
            TcpRules.check(environment);
            settings = reading.read(installation, log);
        } catch (ControlException e) {
            e.problems().forEach(problem -> log.alert("qmail-smtpd", problem));
            return turnAway(socket, UNREADABLE, Reply.RuleCodes.HIDDEN);
        }
        Budgets budgets = Budgets.ofThisProcess();
        Client client = Client.of(environment);
        return converse(
                socket,
                Peer.of(
                        client,
                        ListenerRole.PLAIN,
                        new TcpRules.Rule.Allow(client.variables()), // or tcpserver would not have started us
                        settings.rightsOf(client, budgets.text().mostOfOne())),
                settings,
                new SmtpdSession.SessionContext(
                        wires.enqueue(),
                        wires.lookup(),
                        wires.passwords(),
                        log,
                        Clock.systemUTC(),
                        installation.home(),
                        budgets,
                        StartupGrace.OVER,
                        SystemAccount.effectiveUid(),
                        () -> false));
    }

    /** With a peer whom nobody has asked the policy about. */
    static int converse(StandardSocket socket, Peer peer, SmtpdSettings settings, SmtpdSession.SessionContext context)
            throws IOException {
        Optional<Refusal> refused = settings.policy().judge(Stage.CONNECTED, peer, TransactionView.NONE, context);
        if (refused.isPresent()) {
            Reply reply = refused.get().reply();
            context.log().log(
                    new SmtpdEvent.TurnedAway(peer.client().ip(), refused.get().why(), reply.ruleName()));
            return turnAway(socket, reply, settings.ruleCodes());
        }
        var connection =
                new ClientConnection(socket, settings.silence(), settings.conversation(), SmtpdSession.LINE_LIMIT);
        var session = new SmtpdSession(connection, peer, settings, context);
        connection.converseAlone(() -> session.run());
        return session.ended().equals("quit") ? 0 : 1;
    }

    private static int turnAway(StandardSocket socket, Reply reply, Reply.RuleCodes codes) throws IOException {
        socket.getOutputStream().write(reply.octets(codes));
        socket.shutdownOutput();
        return 1;
    }

    private static SmtpdSettings settings(Installation installation, EventLog log) throws ControlException {
        Path key = installation.control(Settings.SERVERCERT_PEM);
        if (!Files.exists(key) || Files.isReadable(key)) {
            return SmtpdSettings.forOneConversation(installation);
        }
        log.warning(
                "qmail-smtpd",
                "control/servercert.pem: permission denied, so that STARTTLS is not offered; make it readable"
                        + " for the user of qmail-smtpd, and nobody else");
        return SmtpdSettings.withoutTls(installation);
    }

    private static int usage(OutputStream errors) {
        try {
            errors.write("usage: qmail-smtpd [--home DIR] [--without-tls]\n"
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // nobody to tell
        }
        return 100;
    }
}

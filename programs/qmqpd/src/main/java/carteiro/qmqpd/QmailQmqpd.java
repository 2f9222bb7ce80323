package carteiro.qmqpd;

import carteiro.control.ChosenHome;
import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientConnection;
import carteiro.listen.ListenerRole;
import carteiro.listen.StandardSocket;
import carteiro.log.EventLog;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.LauncherLink;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Enqueue;
import carteiro.protocol.SocketWires;
import carteiro.protocol.StartupGrace;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** One message by QMQP on standard input and output, below tcpserver or inetd. */
public final class QmailQmqpd {
    /** The client was answered, or has gone. */
    private static final int DONE = 0;

    /** What came is not QMQP; or the arguments are not understood. */
    private static final int WRONG = 100;

    /** A length over the largest; or it could not begin. */
    private static final int TROUBLE = 111;

    private static final QmqpReply UNREADABLE = QmqpReply.of(new Status(4, 3, 0), "the settings here cannot be read");

    private QmailQmqpd() {}

    /** {@code qmail-qmqpd [--home DIR]}. */
    public static void main(String[] args) {
        LauncherLink.begun();
        System.exit(run(
                List.of(args),
                System.getenv(),
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                StandardSocket.errorsGoToTheClient()
                        ? OutputStream.nullOutputStream()
                        : new FileOutputStream(FileDescriptor.err)));
    }

    /** Runs it. @return the exit code */
    static int run(
            List<String> arguments,
            Map<String, String> environment,
            InputStream in,
            OutputStream out,
            OutputStream errors) {
        ChosenHome chosen = ChosenHome.of(arguments, environment);
        if (!chosen.problem().isEmpty() || !chosen.rest().isEmpty()) {
            return usage(errors);
        }
        var log = new EventLog(errors, EventLog.LogFormat.PLAIN, Clock.systemUTC());
        try (log;
                var wires = new SocketWires(chosen.installation(), log)) {
            return converse(chosen.installation(), environment, new StandardSocket(in, out), wires.enqueue(), log);
        } catch (IOException e) {
            return DONE; // the client has gone
        }
    }

    private static int converse(
            Installation installation,
            Map<String, String> environment,
            StandardSocket socket,
            Enqueue queue,
            EventLog log)
            throws IOException {
        QmqpdSettings settings;
        try {
            TcpRules.check(environment);
            settings = QmqpdSettings.forOneConversation(installation);
        } catch (ControlException e) {
            e.problems().forEach(problem -> log.alert("qmail-qmqpd", problem));
            socket.getOutputStream().write(UNREADABLE.octets());
            socket.shutdownOutput();
            return TROUBLE;
        }
        var connection =
                new ClientConnection(socket, settings.silence(), settings.conversation(), QmqpdServer.NO_LINES);
        var session = new QmqpdSession(
                connection,
                Client.of(environment), // or tcpserver would not have started us
                settings,
                new QmqpdSession.QmqpContext(
                        queue,
                        log,
                        Clock.systemUTC(),
                        installation.home(),
                        Budgets.ofThisProcess(),
                        StartupGrace.OVER,
                        SystemAccount.effectiveUid()));
        var end = new AtomicReference<>(QmqpdSession.QmqpEnd.LOST);
        connection.converseAlone(() -> end.set(session.run(ListenerRole.PLAIN)));
        return switch (end.get()) {
            case ANSWERED, LOST -> DONE;
            case NOT_QMQP -> WRONG;
            case LENGTH -> TROUBLE;
        };
    }

    private static int usage(OutputStream errors) {
        try {
            errors.write(Octets.bytes("usage: qmail-qmqpd [--home DIR]\n"));
        } catch (IOException e) {
            // nobody to tell
        }
        return WRONG;
    }
}

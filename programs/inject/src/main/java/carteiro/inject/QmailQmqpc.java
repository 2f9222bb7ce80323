package carteiro.inject;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.QmqpServer;
import carteiro.control.Settings;
import carteiro.inject.QmqpClient.QmqpLimits;
import carteiro.log.LogText;
import carteiro.mail.Envelope;
import carteiro.posix.Invocation;
import carteiro.wire.TlsTrust;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * qmail-qmqpc: hands the message on descriptor 0 for the envelope on descriptor 1 to a server of QMQP, for hosts without a
 * queue (docs/programs/qmail-qmqpc.md). Interface and exit codes are those of qmail-queue.
 */
public final class QmailQmqpc {
    private static final String NAME = "qmail-qmqpc";

    private final Invocation call;
    private final InputStream envelopeInput;
    private final Installation installation;
    private final QmqpLimits limits;
    private final Path temporary;

    QmailQmqpc(Invocation call, InputStream envelope, Installation installation, QmqpLimits limits, Path temporary) {
        this.call = call;
        this.envelopeInput = envelope;
        this.installation = installation;
        this.limits = limits;
        this.temporary = temporary;
    }

    /** The command. */
    public static void main(String[] arguments) {
        QueueInterface.runAndExit(
                NAME,
                arguments,
                (call, envelope) -> new QmailQmqpc(
                                call,
                                envelope,
                                Installation.ofEnvironment(call.environment()),
                                QmqpLimits.STANDARD,
                                Path.of(System.getProperty("java.io.tmpdir", "/tmp")))
                        .run());
    }

    int run() throws IOException {
        return QueueInterface.run(NAME, call, this::handIn);
    }

    private QueueExitCode handIn() throws IOException, QueueExitException {
        try (BufferedMessage message = BufferedMessage.read(call.in(), QmqpClient.MOST_OCTETS, temporary);
                var watchdog = new Watchdog()) {
            Envelope envelope = new EnvelopeInput(envelopeInput).read();
            if (QmqpClient.length(message, envelope) > QmqpClient.MOST_OCTETS) {
                throw new QueueExitException(
                        QueueExitCode.REFUSED,
                        "message and addresses have over " + QmqpClient.MOST_OCTETS + " octets together");
            }
            return handIn(message, envelope, watchdog);
        }
    }

    /** Tries one server after the other until one is connected; that one has the message, or nobody. */
    private QueueExitCode handIn(BufferedMessage message, Envelope envelope, Watchdog watchdog)
            throws IOException, QueueExitException {
        var files = new ControlFiles(installation);
        List<QmqpServer> servers = QmqpServer.read(files);
        String problem =
                "there is no " + Settings.QMQPSERVERS + "; write the address of a host that takes QMQP into it";
        try {
            files.check();
        } catch (ControlException e) {
            problem = String.join("; ", e.problems());
            if (!servers.isEmpty()) {
                warn(problem);
            }
        }
        if (servers.isEmpty()) {
            throw new QueueExitException(QueueExitCode.NOT_CONFIGURED, problem);
        }
        TlsTrust trust = trust(servers);
        QueueExitException last = null;
        for (QmqpServer server : servers) {
            if (last != null) {
                warn(last.getMessage() + "; the next one is tried");
            }
            QmqpClient client;
            try {
                client = QmqpClient.connect(server, trust, limits, watchdog);
            } catch (SocketTimeoutException e) {
                last = notConnected(QueueExitCode.CONNECTION_TIMED_OUT, server, e);
                continue;
            } catch (IOException e) {
                last = notConnected(QueueExitCode.NOT_CONNECTED, server, e);
                continue;
            }
            try (client) {
                return handIn(client, server, message, envelope);
            }
        }
        throw Objects.requireNonNull(last);
    }

    private static QueueExitException notConnected(QueueExitCode code, QmqpServer server, IOException e) {
        return new QueueExitException(
                code, "no connection to the QMQP server " + server.text() + " (" + LogText.reason(e) + ")");
    }

    private QueueExitCode handIn(QmqpClient client, QmqpServer server, BufferedMessage message, Envelope envelope)
            throws QueueExitException {
        String answer;
        try {
            answer = client.send(message, envelope);
        } catch (IOException e) {
            throw new QueueExitException(
                    QueueExitCode.QUEUE_LOST,
                    "the QMQP server " + server.text() + " was lost (" + LogText.reason(e)
                            + "); it may have queued the message or not");
        }
        return switch (answer.charAt(0)) {
            case 'K' -> QueueExitCode.QUEUED;
            case 'Z' -> throw refused(QueueExitCode.NOT_NOW, server, "refuses for now", answer);
            default -> throw refused(QueueExitCode.REFUSED, server, "refuses", answer);
        };
    }

    private static QueueExitException refused(QueueExitCode code, QmqpServer server, String how, String answer) {
        return new QueueExitException(
                code,
                "the QMQP server " + server.text() + " " + how + ": "
                        + answer.substring(1).strip());
    }

    private @Nullable TlsTrust trust(List<QmqpServer> servers) throws QueueExitException {
        if (servers.stream().allMatch(server -> server.tlsName().isEmpty())) {
            return null;
        }
        var files = new ControlFiles(installation);
        try {
            Optional<String> authorities = files.get(Settings.QMQPCACERTS);
            files.check(); // a file that cannot be read is not a missing one
            return authorities.isPresent() ? TlsTrust.in(authorities.get()) : TlsTrust.ofJava();
        } catch (ControlException e) {
            throw new QueueExitException(QueueExitCode.NOT_CONFIGURED, String.join("; ", e.problems()));
        } catch (GeneralSecurityException e) {
            throw new QueueExitException(
                    QueueExitCode.NOT_CONFIGURED,
                    Settings.QMQPCACERTS + " cannot be used (" + e.getMessage()
                            + "); write the authorities' certificates in PEM form");
        }
    }

    private void warn(String sentence) {
        call.complain(NAME + ": warning: " + LogText.sentence(sentence) + "\n");
    }
}

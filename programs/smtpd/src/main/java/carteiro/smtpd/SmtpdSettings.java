package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.log.LogText;
import carteiro.wire.TlsIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * What the control files say, read together; docs/control has a page for each.
 *
 * @param me this host's name
 * @param greeting the first words of the banner
 * @param silence how long a client may be silent, or not read
 * @param conversation how long a whole conversation may last
 * @param refusals how many refused commands end a conversation
 * @param databytes the most octets of a message, LF line ends; {@link #NO_LIMIT} for none
 * @param linebytes the most octets of a text line, CRLF included
 * @param recipients the most recipients of a message
 * @param connections the most conversations at once
 * @param connectionsOfOne the most conversations at once with one client
 * @param policy who may send to whom
 * @param rules settings of single clients
 * @param tls key and certificate; without them STARTTLS is not offered
 * @param listen where to listen, as the file says; empty if there is no file
 */
record SmtpdSettings(
        String me,
        String greeting,
        Duration silence,
        Duration conversation,
        int refusals,
        long databytes,
        long linebytes,
        int recipients,
        int connections,
        int connectionsOfOne,
        RecipientPolicy policy,
        TcpRules rules,
        Optional<TlsIdentity> tls,
        Optional<List<ListenAddress>> listen) {
    /** Stands for no limit of smtpd's own: what 0 in control/databytes means. */
    static final long NO_LIMIT = Long.MAX_VALUE;

    /** Fields Received and Delivered-To in one message, from which on it is taken to be in a loop. */
    static final int HOPS = 100;

    /** @throws ControlException naming every problem */
    static SmtpdSettings read(Installation installation) throws ControlException {
        return read(installation, SmtpdSettings::tls);
    }

    /** The key is left alone; STARTTLS is not offered. @throws ControlException naming every problem */
    static SmtpdSettings withoutTls(Installation installation) throws ControlException {
        return read(installation, _ -> Optional.empty());
    }

    private static SmtpdSettings read(Installation installation, Function<ControlFiles, Optional<TlsIdentity>> tls)
            throws ControlException {
        var files = new ControlFiles(installation);
        Optional<String> me = files.line("me");
        Optional<String> greeting = files.line("smtpgreeting").or(() -> me);
        if (greeting.isEmpty()) {
            files.problem("me", 0, "is missing, and so is control/smtpgreeting; write the host's full name into it");
        }
        var settings = new SmtpdSettings(
                me.orElse(greeting.orElse("").split(" ", 2)[0]),
                Reply.safe(greeting.orElse("")),
                Duration.ofSeconds(files.number("timeoutsmtpd")),
                Duration.ofSeconds(files.number("timeoutsession")),
                (int) files.number("maxrefusals"),
                databytes(files.number("databytes")),
                files.number("linebytes"),
                (int) files.number("maxrecipients"),
                (int) files.number("concurrencyincoming"),
                (int) files.number("concurrencyperclient"),
                RecipientPolicy.read(files, installation, me),
                TcpRules.read(files),
                tls.apply(files),
                listen(files));
        files.check();
        return settings;
    }

    private static long databytes(long number) {
        return number == 0 ? NO_LIMIT : number;
    }

    /** Refuses variables that tcpserver hands over and that do not say what they seem to. @throws ControlException */
    static void check(Map<String, String> environment) throws ControlException {
        String own = environment.getOrDefault(TcpRules.DATABYTES, "");
        if (!own.isEmpty() && ControlFiles.digits(own).isEmpty()) {
            throw new ControlException(List.of("DATABYTES in the environment: \"" + LogText.printable(own)
                    + "\" is not a number; write digits alone into tcpserver's rule, such as DATABYTES=\"10485760\""));
        }
    }

    /** The limit for a client: DATABYTES of its variables goes before control/databytes, as in qmail. */
    long databytesFor(Client client) {
        String value = client.variables().getOrDefault(TcpRules.DATABYTES, "");
        OptionalLong own = ControlFiles.digits(value);
        return own.isEmpty() ? databytes : databytes(own.getAsLong());
    }

    private static Optional<TlsIdentity> tls(ControlFiles files) {
        return files.text("servercert.pem").flatMap(pem -> {
            try {
                return Optional.of(TlsIdentity.read(pem));
            } catch (IOException e) {
                files.problem("servercert.pem", 0, String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        });
    }

    private static Optional<List<ListenAddress>> listen(ControlFiles files) {
        return files.text("smtpdlisten").map(text -> {
            var addresses = new ArrayList<ListenAddress>();
            int number = 0;
            for (String line : text.split("\n")) {
                number++;
                String trimmed = line.strip();
                if (!trimmed.isEmpty() && trimmed.charAt(0) != '#') {
                    Optional<ListenAddress> address = ListenAddress.parse(trimmed);
                    if (address.isEmpty()) {
                        files.problem(
                                "smtpdlisten",
                                number,
                                "\"" + trimmed + "\" is no address and port; write such as 127.0.0.1:2525 or [::]:25");
                    }
                    address.ifPresent(addresses::add);
                }
            }
            return addresses.stream()
                    .filter(address -> !address.takenBy(addresses))
                    .toList();
        });
    }
}

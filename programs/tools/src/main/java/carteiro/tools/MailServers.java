package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerRole.RoleWord;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where people's mail programs connect.
 *
 * @param host by its name, as in the certificate
 * @param ports of the services that there are
 */
record MailServers(String host, Map<MailService, Integer> ports) {
    /** Copies the map, in the order of the services. */
    MailServers {
        ports = ports.isEmpty() ? Map.of() : new EnumMap<>(ports);
    }

    /** What a mail program may look for in the DNS, what is preferred first (RFC 8314 section 3). */
    enum MailService {
        /** Sending, TLS at once (RFC 8314 section 3.3). */
        SUBMISSIONS,
        /** Sending, STARTTLS (RFC 6186 section 3.1). */
        SUBMISSION,
        /** Fetching, TLS at once (RFC 6186 section 3.3). */
        POP3S,
        /** Fetching, STLS (RFC 6186 section 3.3). */
        POP3;

        /** Whether TLS begins before the greeting. */
        boolean isTlsAtOnce() {
            return this == SUBMISSIONS || this == POP3S;
        }
    }

    /** A service, and where it is. */
    record MailPort(MailService service, int port) {}

    /** Reads the listeners of smtpd for submission, and those of pop3d. */
    static MailServers read(ControlFiles files, String host) {
        return of(host, files.get(Settings.SMTPDLISTEN), files.get(Settings.POP3DLISTEN));
    }

    /** The same of their lines. */
    static MailServers of(String host, List<String> smtpd, List<String> pop3d) {
        var ports = new EnumMap<MailService, Integer>(MailService.class);
        EnumSet<RoleWord> words = EnumSet.allOf(RoleWord.class);
        for (String line : smtpd) {
            ListenAddress.parse(line.strip(), words)
                    .filter(each -> each.role().has(RoleWord.SUBMISSION))
                    .ifPresent(each -> note(ports, each, MailService.SUBMISSIONS, MailService.SUBMISSION));
        }
        for (String line : pop3d) {
            ListenAddress.parse(line.strip(), words)
                    .ifPresent(each -> note(ports, each, MailService.POP3S, MailService.POP3));
        }
        return new MailServers(host, ports);
    }

    /** The first of a kind; what only this host or a proxy can reach is for no mail program. */
    private static void note(
            Map<MailService, Integer> ports, ListenAddress listener, MailService atOnce, MailService later) {
        int port = listener.address().getPort();
        if (port > 0
                && !listener.role().has(RoleWord.PROXY)
                && !listener.address().getAddress().isLoopbackAddress()) {
            ports.putIfAbsent(listener.role().has(RoleWord.TLS) ? atOnce : later, port);
        }
    }

    /** Where mail is sent, the preferred one. */
    Optional<MailPort> outgoing() {
        return first(MailService.SUBMISSIONS).or(() -> first(MailService.SUBMISSION));
    }

    /** Where mail is fetched, the preferred one. */
    Optional<MailPort> incoming() {
        return first(MailService.POP3S).or(() -> first(MailService.POP3));
    }

    private Optional<MailPort> first(MailService service) {
        return Optional.ofNullable(ports.get(service)).map(port -> new MailPort(service, port));
    }
}

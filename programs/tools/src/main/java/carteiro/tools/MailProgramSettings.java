package carteiro.tools;

import carteiro.tools.MailServers.MailPort;
import carteiro.tools.MailServers.MailService;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.UUID;

/**
 * What a mail program has to be told of one address, in the forms that programs read by themselves. No password is in it.
 *
 * @param address as people write it, in UTF-8; text
 * @param user the name to log in with; text
 */
record MailProgramSettings(String address, String user, MailServers servers) {
    private static final String XML = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

    private String domain() {
        return address.substring(address.lastIndexOf('@') + 1);
    }

    /** Thunderbird's config-v1.1.xml, which other programs read, too. */
    String thunderbird() {
        var xml = new StringBuilder(XML + "<clientConfig version=\"1.1\">\n");
        xml.append("  <emailProvider id=\"").append(escaped(domain())).append("\">\n");
        element(xml, 4, "domain", domain());
        element(xml, 4, "displayName", domain() + " mail");
        element(xml, 4, "displayShortName", domain());
        for (MailService service : servers.ports().keySet()) {
            boolean sends = service == MailService.SUBMISSIONS || service == MailService.SUBMISSION;
            String kind = sends ? "outgoingServer" : "incomingServer";
            xml.append("    <").append(kind).append(sends ? " type=\"smtp\">\n" : " type=\"pop3\">\n");
            element(xml, 6, "hostname", servers.host());
            element(xml, 6, "port", Integer.toString(servers.ports().getOrDefault(service, 0)));
            element(xml, 6, "socketType", service.isTlsAtOnce() ? "SSL" : "STARTTLS");
            element(xml, 6, "username", user);
            element(xml, 6, "authentication", "password-cleartext"); // over TLS; programs choose SCRAM by themselves
            xml.append("    </").append(kind).append(">\n");
        }
        return xml.append("  </emailProvider>\n</clientConfig>\n").toString();
    }

    private static void element(StringBuilder xml, int indent, String name, String text) {
        xml.repeat(' ', indent)
                .append('<')
                .append(name)
                .append('>')
                .append(escaped(text))
                .append("</")
                .append(name)
                .append(">\n");
    }

    /**
     * Apple's profile, a .mobileconfig. Its identifiers follow from host and address: a newer one takes the place of an older.
     *
     * @param outgoing where mail is sent
     * @param incoming where mail is fetched; Mail has no account without
     */
    String apple(MailPort outgoing, MailPort incoming) {
        var xml = new StringBuilder(XML + "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\""
                + " \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
                + "<plist version=\"1.0\">\n<dict>\n  <key>PayloadContent</key>\n  <array>\n    <dict>\n");
        text(xml, 6, "EmailAccountType", "EmailTypePOP");
        text(xml, 6, "EmailAccountName", address);
        text(xml, 6, "EmailAccountDescription", address);
        text(xml, 6, "EmailAddress", address);
        server(xml, "Incoming", incoming);
        server(xml, "Outgoing", outgoing);
        truth(xml, "OutgoingPasswordSameAsIncomingPassword");
        payload(xml, 6, "com.apple.mail.managed", "mail");
        xml.append("    </dict>\n  </array>\n");
        payload(xml, 2, "Configuration", "profile");
        return xml.append("</dict>\n</plist>\n").toString();
    }

    private void server(StringBuilder xml, String way, MailPort at) {
        text(xml, 6, way + "MailServerAuthentication", "EmailAuthPassword");
        text(xml, 6, way + "MailServerHostName", servers.host());
        key(xml, 6, way + "MailServerPortNumber");
        xml.append("<integer>").append(at.port()).append("</integer>\n");
        truth(xml, way + "MailServerUseSSL"); // at other ports than those for TLS at once it is STARTTLS
        text(xml, 6, way + "MailServerUsername", user);
    }

    private void payload(StringBuilder xml, int indent, String type, String part) {
        String identifier = "carteiro." + servers.host() + "." + address + "." + part;
        text(xml, indent, "PayloadDisplayName", "Mail for " + address);
        text(xml, indent, "PayloadIdentifier", identifier);
        text(xml, indent, "PayloadType", type);
        text(
                xml,
                indent,
                "PayloadUUID",
                UUID.nameUUIDFromBytes(identifier.getBytes(StandardCharsets.UTF_8))
                        .toString()
                        .toUpperCase(Locale.ROOT));
        key(xml, indent, "PayloadVersion");
        xml.append("<integer>1</integer>\n");
    }

    private static void key(StringBuilder xml, int indent, String name) {
        xml.repeat(' ', indent).append("<key>").append(name).append("</key>");
    }

    private static void text(StringBuilder xml, int indent, String name, String text) {
        key(xml, indent, name);
        xml.append("<string>").append(escaped(text)).append("</string>\n");
    }

    private static void truth(StringBuilder xml, String name) {
        key(xml, 6, name);
        xml.append("<true/>\n");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /**
     * Records for the domain's zone (RFC 6186, RFC 8314 section 5.1); a service that there is not has a dot for a host.
     *
     * @param zone the domain in its ASCII form
     */
    String srv(String zone) {
        var records = new StringBuilder();
        for (MailService service : MailService.values()) {
            Integer port = servers.ports().get(service);
            records.append('_')
                    .append(service.name().toLowerCase(Locale.ROOT))
                    .append("._tcp.")
                    .append(zone)
                    .append(". 3600 IN SRV ")
                    .append(port == null ? "0 0 0 ." : "0 1 " + port + " " + servers.host() + ".")
                    .append('\n');
        }
        return records.toString();
    }
}

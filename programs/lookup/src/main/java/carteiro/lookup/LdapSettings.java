package carteiro.lookup;

import carteiro.control.ControlFiles;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the control files say of the directory; see docs/control/ldap*.md. Holds no class of the LDAP library.
 *
 * @param servers in the order in which they are tried
 * @param aliasDomains domains in lower case that are searched under another name
 * @param startTls for servers without ldaps
 * @param caCertificates PEM text; empty: the authorities that Java trusts
 * @param base the search base
 * @param objectClass what stands in {@code (objectClass=TEXT)}; empty: no such filter
 * @param login the DN of the reader; empty: anonymous
 * @param searchTime for one search
 * @param connectTime for one connection, with TLS and bind
 * @param connections at most, to each server
 * @param remembered how long an entry is remembered
 * @param remembersNone how long it is remembered that there is no entry
 * @param messageStore what relative mailMessageStore values stand below, with a final slash; empty: none
 * @param ids those that an entry may name
 * @param uid for entries without qmailUID; 0: none
 * @param gid for entries without qmailGID; 0: none
 * @param dotMode for entries without qmailDotMode
 * @param faults what becomes of mail for an entry that cannot be used
 * @param logins how people log in
 */
record LdapSettings(
        List<LdapServerAddress> servers,
        Map<String, String> aliasDomains,
        StartTlsPolicy startTls,
        String caCertificates,
        String base,
        String objectClass,
        String login,
        Secret password,
        Duration searchTime,
        Duration connectTime,
        int connections,
        Duration remembered,
        Duration remembersNone,
        String messageStore,
        IdRange ids,
        int uid,
        int gid,
        DotMode dotMode,
        Faults faults,
        LdapLogins logins) {
    private static final int PLAIN_PORT = 389;
    private static final int TLS_PORT = 636;

    LdapSettings {
        servers = List.copyOf(servers);
        aliasDomains = Map.copyOf(aliasDomains);
    }

    /**
     * Users and groups that an entry may name.
     *
     * @param least from 1 on
     * @param most at most 4294967294
     */
    record IdRange(long least, long most) {
        /** nobody, whom many systems give what has no owner. */
        private static final long NOBODY = 65_534;

        boolean contains(long id) {
            return id >= least && id <= most && id != NOBODY;
        }

        @Override
        public String toString() {
            return "a number from " + least + " to " + most
                    + (NOBODY >= least && NOBODY <= most ? " (without " + NOBODY + ")" : "");
        }
    }

    /**
     * How people log in to accounts of the directory.
     *
     * @param rebind whether the directory compares a password, by a bind as the account; it is compared here otherwise
     * @param clearText whether a userPassword without a scheme may be the password itself
     * @param attributes what the name that somebody logs in with is looked for in
     */
    record LdapLogins(boolean rebind, boolean clearText, List<String> attributes) {
        LdapLogins {
            attributes = List.copyOf(attributes);
        }

        /** Where the name of an account that has logged in is looked for: it is the entry's uid, if it has one. */
        List<String> namesOfAccounts() {
            var names = new ArrayList<String>();
            names.add("uid");
            attributes.stream().filter(name -> !name.equals("uid")).forEach(names::add);
            return names;
        }
    }

    /** Where a server listens. */
    record LdapServerAddress(String host, int port, Tls tls) {
        @Override
        public String toString() {
            return (tls == Tls.LDAPS ? "ldaps://" : "ldap://") + (host.indexOf(':') >= 0 ? "[" + host + "]" : host)
                    + ":" + port;
        }
    }

    /** Whether TLS is there from the first octet. */
    enum Tls {
        /** It is not. */
        LATER,
        /** It is. */
        LDAPS
    }

    /** Whether an unprotected connection is protected with StartTLS before anything is said on it. */
    enum StartTlsPolicy {
        /** It is not. */
        OFF,
        /** If the server knows StartTLS. */
        OPTIONAL,
        /** Always; a server without it is not used. */
        REQUIRED
    }

    /** What becomes of mail for an entry that cannot be used. */
    enum Faults {
        /** It waits, and an alert is logged. */
        DEFER,
        /** It comes back, as in qmail-LDAP. */
        BOUNCE
    }

    /** Whether there is a directory at all. */
    static boolean isConfigured(ControlFiles files) {
        return files.isThere(Settings.LDAPSERVER);
    }

    /** Reads everything; problems are noted in {@code files}. */
    static LdapSettings read(ControlFiles files) {
        String login = files.get(Settings.LDAPLOGIN);
        String password = firstLine(files.get(Settings.LDAPPASSWORD));
        if (!login.isEmpty() && password.isEmpty()) {
            files.problem(
                    Settings.LDAPPASSWORD,
                    0,
                    "is missing or empty, but control/ldaplogin names a reader; write its password, or remove"
                            + " control/ldaplogin to read anonymously");
        }
        StartTlsPolicy startTls = word(files, Settings.LDAPSTARTTLS, StartTlsPolicy.class);
        String store = files.get(Settings.LDAPMESSAGESTORE);
        if (!store.isEmpty() && !store.startsWith("/")) {
            files.problem(Settings.LDAPMESSAGESTORE, 1, "\"" + store + "\" is not an absolute path");
        }
        var ids = new IdRange(files.get(Settings.LDAPMINID), files.get(Settings.LDAPMAXID));
        if (ids.least() > ids.most()) {
            files.problem(
                    Settings.LDAPMINID,
                    1,
                    ids.least() + " is greater than ldapmaxid, " + ids.most() + ": no entry could have an id");
        }
        if (files.get(Settings.LDAPCLUSTER)) { // mail for mailboxes of other hosts must not be stored here
            files.problem(
                    Settings.LDAPCLUSTER, 1, "1 is not possible: mailHost is not regarded; write 0 or remove the file");
        }
        return new LdapSettings(
                servers(files),
                aliasDomains(files),
                startTls,
                caCertificates(files),
                files.get(Settings.LDAPBASEDN),
                files.get(Settings.LDAPOBJECTCLASS),
                login,
                new Secret(password),
                files.get(Settings.LDAPTIMEOUT),
                files.get(Settings.LDAPTIMEOUTCONNECT),
                files.get(Settings.LDAPCONNECTIONS),
                files.get(Settings.LDAPCACHETTL),
                files.get(Settings.LDAPCACHENEGATIVETTL),
                store.isEmpty() || store.endsWith("/") ? store : store + "/",
                ids,
                id(files, ids, Settings.LDAPUID),
                id(files, ids, Settings.LDAPGID),
                word(files, Settings.LDAPDEFAULTDOTMODE, DotMode.class),
                word(files, Settings.LDAPFAULTS, Faults.class),
                new LdapLogins(
                        files.get(Settings.LDAPREBIND), files.get(Settings.LDAPCLEARTEXT), loginAttributes(files)));
    }

    private static List<String> loginAttributes(ControlFiles files) {
        List<String> names = files.get(Settings.LDAPLOGINATTRIBUTES);
        for (String name : names) {
            if (!name.matches("[A-Za-z][A-Za-z0-9-]{0,63}")) {
                files.problem(
                        Settings.LDAPLOGINATTRIBUTES,
                        0,
                        "\"" + name + "\" is no name of an attribute; write one on each line, such as uid or mail");
            }
        }
        return names.isEmpty() ? List.of("uid") : names;
    }

    /** An id that stands in for a missing one is bounded as those of entries are. */
    private static int id(ControlFiles files, IdRange ids, Setting<Long> setting) {
        long id = files.get(setting);
        if (id != 0 && !ids.contains(id)) {
            files.problem(setting, 1, id + " is not " + ids + "; see ldapminid and ldapmaxid");
        }
        return (int) id;
    }

    /** All octets of it: passwords are compared octet by octet, the blanks at the end too (RFC 4519 section 2.41). */
    private static String firstLine(String text) {
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }

    /** Whether the password ends with something that cannot be seen. */
    static boolean endsUnseen(Secret password) {
        String text = password.reveal();
        return !text.isEmpty() && text.charAt(text.length() - 1) <= ' ';
    }

    private static List<LdapServerAddress> servers(ControlFiles files) {
        var servers = new ArrayList<LdapServerAddress>();
        int number = 0;
        for (String line : files.text(Settings.LDAPSERVER).orElse("").split("\n")) {
            number++;
            String entry = line.strip();
            if (entry.isEmpty() || entry.startsWith("#")) {
                continue;
            }
            Optional<LdapServerAddress> server = server(entry);
            if (server.isEmpty()) {
                files.problem(
                        Settings.LDAPSERVER,
                        number,
                        "\"" + entry + "\" is no server; write host, host:port, [IPv6]:port, ldap://host:port or"
                                + " ldaps://host:port");
            }
            server.ifPresent(servers::add);
        }
        if (number > 0 && servers.isEmpty()) {
            files.problem(Settings.LDAPSERVER, 0, "names no server; write one on each line, or remove the file");
        }
        return servers;
    }

    /** Understands {@code host}, {@code host:port}, {@code [IPv6]:port} and both as a URL. */
    static Optional<LdapServerAddress> server(String entry) {
        Tls tls = Tls.LATER;
        String place = entry;
        int scheme = entry.indexOf("://");
        if (scheme >= 0) {
            switch (Octets.lowerCase(entry.substring(0, scheme))) {
                case "ldap" -> tls = Tls.LATER;
                case "ldaps" -> tls = Tls.LDAPS;
                default -> {
                    return Optional.empty();
                }
            }
            place = entry.substring(scheme + 3);
            place = place.endsWith("/") ? place.substring(0, place.length() - 1) : place;
        }
        String host = place;
        String port = "";
        if (place.startsWith("[")) {
            int end = place.indexOf(']');
            String rest = end < 0 ? "?" : place.substring(end + 1);
            if (!rest.isEmpty() && !rest.startsWith(":")) {
                return Optional.empty();
            }
            host = place.substring(1, end);
            port = rest;
        } else if (place.indexOf(':') >= 0) {
            host = place.substring(0, place.indexOf(':'));
            port = place.substring(place.indexOf(':'));
        }
        if (!port.isEmpty() && !port.matches(":[0-9]{1,5}") || !host.matches("[A-Za-z0-9._:-]+")) {
            return Optional.empty();
        }
        int number = port.isEmpty() ? tls == Tls.LDAPS ? TLS_PORT : PLAIN_PORT : Integer.parseInt(port.substring(1));
        return number < 1 || number > 65535 ? Optional.empty() : Optional.of(new LdapServerAddress(host, number, tls));
    }

    private static Map<String, String> aliasDomains(ControlFiles files) {
        var domains = new HashMap<String, String>();
        files.get(Settings.ALIASDOMAINS).forEach((alias, real) -> domains.put(DomainName.key(alias), real));
        return domains;
    }

    private static String caCertificates(ControlFiles files) {
        Optional<String> pem = files.get(Settings.LDAPCACERTS);
        if (pem.isPresent() && !pem.get().contains("-----BEGIN CERTIFICATE-----")) {
            files.problem(
                    Settings.LDAPCACERTS, 0, "holds no certificate; write the authorities' certificates in PEM form");
        }
        return pem.orElse("");
    }

    private static <E extends Enum<E>> E word(ControlFiles files, Setting<String> setting, Class<E> words) {
        return Enum.valueOf(words, files.get(setting).toUpperCase(Locale.ROOT));
    }
}

package carteiro.control;

import static carteiro.control.ControlFile.Absence.ME_ELSE_NAME;
import static carteiro.control.ControlFile.Absence.ME_ELSE_REFUSED;
import static carteiro.control.ControlFile.Absence.NOTHING;
import static carteiro.control.ControlFile.Absence.STANDARD;

import carteiro.control.ControlFile.Absence;
import carteiro.control.ControlFile.ControlFileFormat;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Every control file there is, for {@code carteiro showctl} and {@code carteiro check}. Each has a page docs/control/NAME.md,
 * which a test compares. Programs read their files themselves; what stands here is what they do.
 */
public final class ControlCatalog {
    /** The greatest id of a user; the next one, 4294967295, stands for none. */
    private static final long GREATEST_ID = 4_294_967_294L;

    private static final List<ControlFile> FILES = List.of(
            row(
                    "me",
                    ControlFileFormat.LINE,
                    NOTHING,
                    "several programs refuse to start",
                    "all",
                    "the full name of this host"),
            // inject
            orMe("defaultdomain", "inject", "added to host names without a dot"),
            orMe("defaulthost", "inject", "added to addresses without a host"),
            orMe("idhost", "inject", "the host in a new Message-ID; must differ from host to host"),
            orMe("plusdomain", "inject", "replaces a plus sign at the end of a host name"),
            // smtpd
            list("badmailfrom", "nobody is refused", "smtpd", "senders that are refused: addresses, or @host"),
            number("concurrencyincoming", 10_000, 1, 1_000_000, "smtpd, qmqpd", "connections at once"),
            number("concurrencyperclient", 200, 1, 1_000_000, "smtpd, qmqpd", "connections at once from one client"),
            number(
                    "databytes",
                    67_108_864,
                    0,
                    1L << 60,
                    "smtpd, qmqpd",
                    "octets of the largest message; 0 for the most there is, 2 GiB"),
            number("linebytes", 1000, 1000, 1L << 30, "smtpd", "octets of the longest line of a message"),
            row(
                    "localiphost",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "",
                    "smtpd",
                    "replaces [own address] in envelope addresses"),
            number(
                    "maxidlecommands",
                    100,
                    20,
                    1_000_000,
                    "smtpd",
                    "commands without a message until the conversation ends"),
            number("maxrecipients", 1000, 100, 100_000, "smtpd", "recipients of one message"),
            number("maxrefusals", 20, 1, 1_000_000, "smtpd", "refused commands until the conversation ends"),
            list("morercpthosts", "none", "qmail-newmrh", "more of rcpthosts, for large lists: source of the cdb"),
            row(
                    "morercpthosts.cdb",
                    ControlFileFormat.CDB,
                    NOTHING,
                    "none",
                    "smtpd",
                    "more of rcpthosts, made by qmail-newmrh"),
            row(
                    "openrelay",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "no",
                    "smtpd",
                    "\"yes\" accepts mail for any domain when there is no rcpthosts, as qmail does"),
            list(
                    "rcpthosts",
                    "only me is accepted",
                    "smtpd",
                    "domains that mail is accepted for; .suffix for all below"),
            number("rulecodes", 1, 0, 1, "smtpd", "1 ends each refusal with the code of its rule, 0 does not"),
            row(
                    "servercert.pem",
                    ControlFileFormat.TEXT,
                    NOTHING,
                    "no STARTTLS, and no line with tls in smtpdlisten and qmqpdlisten",
                    "smtpd, qmqpd",
                    "the server's certificate, its chain and its private key"),
            row(
                    "smtpdlisten",
                    ControlFileFormat.LIST,
                    NOTHING,
                    "port 25 as root, else none",
                    "smtpd",
                    "addresses to listen at; tls behind one has TLS come first, by servercert.pem"),
            row("smtpgreeting", ControlFileFormat.LINE, ME_ELSE_REFUSED, "", "smtpd", "what smtpd calls itself"),
            row(
                    "tcp.smtp",
                    ControlFileFormat.TEXT,
                    NOTHING,
                    "no client may relay",
                    "smtpd",
                    "who may connect, who may relay"),
            number("timeoutsession", 3600, 1, 86_400, "smtpd, qmqpd", "seconds of the longest conversation"),
            raised("timeoutsmtpd", 300, 1, 86_400, "smtpd, qmqpd", "seconds a client may be silent"),
            // qmqpd
            row(
                    "qmqpdlisten",
                    ControlFileFormat.LIST,
                    NOTHING,
                    "nowhere: qmqpd is not started",
                    "qmqpd",
                    "addresses to listen at by QMQP; tls behind one has TLS come first, by servercert.pem"),
            row(
                    "tcp.qmqp",
                    ControlFileFormat.TEXT,
                    NOTHING,
                    "clients on this host alone",
                    "qmqpd",
                    "who may hand in mail by QMQP, for anywhere"),
            // queue
            number("queuediskfloor", 134_217_728, 1 << 20, 1L << 50, "queue", "octets of disk that stay free"),
            number(
                    "queuememory",
                    33_554_432,
                    1 << 20,
                    1L << 40,
                    "queue",
                    "octets of memory for messages being received"),
            // clean
            number("cleanpause", 10, 1, 3600, "clean", "seconds between two looks for dead segments"),
            // send
            row(
                    "bouncefrom",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "MAILER-DAEMON",
                    "send",
                    "local part in From of bounces"),
            orMe("bouncehost", "send", "host in From and in the text of bounces"),
            number("bouncemaxbytes", 0, 0, 1L << 60, "send", "octets of the original in a bounce; 0 for all"),
            cut("concurrencylocal", 10, 0, 1000, "send, local", "local deliveries at once; 0 holds local mail"),
            cut("concurrencyremote", 20, 0, 1000, "send", "remote deliveries at once; 0 holds remote mail"),
            share("concurrencyperhost", "send", "remote deliveries at once to one host"),
            share("concurrencyperuser", "send, local", "local deliveries at once to one account and for one user"),
            list("destinationlimits", "none", "send", "remote deliveries at once and in a time, by domain"),
            orMe("doublebouncehost", "send", "host of the recipient of double bounces"),
            row(
                    "doublebounceto",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "postmaster",
                    "send",
                    "local part for double bounces"),
            orMe("envnoathost", "lookup", "host given to envelope recipients that have none"),
            row("locals", ControlFileFormat.LIST, ME_ELSE_REFUSED, "", "lookup", "domains delivered on this host"),
            list("percenthack", "none", "lookup", "domains whose user%host addresses are unfolded"),
            number("queuelifetime", 604_800, 0, 315_360_000, "send", "seconds a message may wait"),
            list("retryschedule", "qmail's formula", "send", "when a deferred recipient is tried again"),
            map("virtualdomains", "none", "lookup", "domains and addresses that belong to an account"),
            // local
            row(
                    "defaultdelivery",
                    ControlFileFormat.TEXT,
                    STANDARD,
                    "./Mailbox",
                    "local",
                    "instructions of who has no .qmail"),
            list("programvariables", "none", "local", "environment variables that users' programs get too"),
            // lookup
            row(
                    "lookupsources",
                    ControlFileFormat.LIST,
                    NOTHING,
                    "ldap if there is one, assign, passwd, alias",
                    "lookup",
                    "where addresses are looked for, in order"),
            row(
                    "ldapserver",
                    ControlFileFormat.LIST,
                    NOTHING,
                    "no directory",
                    "lookup",
                    "LDAP servers, in the order they are tried"),
            map("aliasdomains", "none", "lookup", "domains that are searched in the directory under another name"),
            number("ldapcluster", 0, 0, 1, "lookup", "clusters are not possible; 1 is refused"),
            row(
                    "ldapbasedn",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "",
                    "lookup",
                    "where in the directory the search begins"),
            row(
                    "ldapobjectclass",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "",
                    "lookup",
                    "only entries of this object class are found"),
            row(
                    "ldaplogin",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "",
                    "lookup",
                    "the DN that reads; empty to read anonymously"),
            row("ldappassword", ControlFileFormat.SECRET, STANDARD, "", "lookup", "the password of ldaplogin"),
            row("ldapstarttls", ControlFileFormat.LINE, STANDARD, "off", "lookup", "off, optional or required"),
            row(
                    "ldapcacerts",
                    ControlFileFormat.TEXT,
                    NOTHING,
                    "those that Java trusts",
                    "lookup",
                    "certificates of the authorities that vouch for the servers, PEM"),
            number("ldaptimeout", 30, 1, 300, "lookup", "seconds for one search"),
            number("ldaptimeoutconnect", 5, 1, 300, "lookup", "seconds for one connection, with TLS and bind"),
            number("ldapconnections", 8, 1, 200, "lookup", "connections at once to each server"),
            number("ldapcachettl", 30, 0, 3600, "lookup", "seconds an entry is remembered"),
            number("ldapcachenegativettl", 5, 0, 3600, "lookup", "seconds the absence of an entry is remembered"),
            row(
                    "ldapmessagestore",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "",
                    "lookup",
                    "relative mailMessageStore values are below it"),
            number("ldapminid", 100, 1, GREATEST_ID, "lookup", "the least uid and gid that an entry may name"),
            number(
                    "ldapmaxid",
                    GREATEST_ID,
                    1,
                    GREATEST_ID,
                    "lookup",
                    "the greatest uid and gid that an entry may name; 65534 is refused always"),
            id("ldapuid", "uid of entries without qmailUID"),
            id("ldapgid", "gid of entries without qmailGID"),
            number(
                    "ldaplocaldelivery",
                    1,
                    0,
                    1,
                    "lookup",
                    "1 asks the system's accounts after the directory, 0 does not"),
            row(
                    "ldapdefaultdotmode",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "ldaponly",
                    "lookup",
                    "dotmode of entries without one"),
            row(
                    "ldapfaults",
                    ControlFileFormat.LINE,
                    STANDARD,
                    "defer",
                    "lookup",
                    "defer or bounce: mail for unusable entries"),
            // remote
            list("dnsservers", "those of the system", "remote", "DNS servers to ask: address or address:port"),
            row("helohost", ControlFileFormat.LINE, ME_ELSE_REFUSED, "", "remote", "what remote calls itself"),
            list("outgoingip", "the system chooses", "remote", "addresses that connections go out from"),
            map("smtproutes", "MX records decide", "remote", "relays: domain:relay or domain:relay:port"),
            number("timeoutconnect", 60, 1, 3600, "remote", "seconds to wait for a connection"),
            number("timeoutremote", 1200, 1, 86_400, "remote", "seconds a next hop may be silent"),
            map("tlsremote", "TLS where offered", "remote", "by domain: none, may or require"),
            // start
            row("logformat", ControlFileFormat.LINE, STANDARD, "plain", "start", "plain, tai64n or json"),
            number("timeoutstop", 30, 1, 3600, "start", "seconds a program may take to finish what is in hand"));

    private static final Map<String, ControlFile> BY_NAME = byName();

    private ControlCatalog() {}

    private static Map<String, ControlFile> byName() {
        var files = new TreeMap<String, ControlFile>();
        for (ControlFile file : FILES) {
            files.put(file.name(), file);
        }
        return Collections.unmodifiableMap(files);
    }

    /** Every file by name, in the order of names. */
    public static Map<String, ControlFile> files() {
        return BY_NAME;
    }

    /** One file. @throws IllegalArgumentException if there is none of that name */
    public static ControlFile file(String name) {
        ControlFile file = BY_NAME.get(name);
        if (file == null) {
            throw new IllegalArgumentException("control/" + name + " is not in the catalog");
        }
        return file;
    }

    private static ControlFile row(
            String name, ControlFileFormat kind, Absence absence, String standard, String readers, String meaning) {
        return new ControlFile(name, kind, absence, standard, 0, 0, readers, meaning);
    }

    private static ControlFile orMe(String name, String readers, String meaning) {
        return row(name, ControlFileFormat.LINE, ME_ELSE_NAME, "", readers, meaning);
    }

    private static ControlFile number(
            String name, long standard, long least, long most, String readers, String meaning) {
        return new ControlFile(
                name, ControlFileFormat.NUMBER, STANDARD, Long.toString(standard), least, most, readers, meaning);
    }

    private static ControlFile cut(String name, long standard, long least, long most, String readers, String meaning) {
        return new ControlFile(
                name, ControlFileFormat.NUMBER_CUT, STANDARD, Long.toString(standard), least, most, readers, meaning);
    }

    private static ControlFile raised(
            String name, long standard, long least, long most, String readers, String meaning) {
        return new ControlFile(
                name,
                ControlFileFormat.NUMBER_RAISED,
                STANDARD,
                Long.toString(standard),
                least,
                most,
                readers,
                meaning);
    }

    private static ControlFile share(String name, String reader, String meaning) {
        return new ControlFile(
                name,
                ControlFileFormat.NUMBER,
                NOTHING,
                "three quarters of the whole",
                1,
                Integer.MAX_VALUE,
                reader,
                meaning);
    }

    private static ControlFile id(String name, String meaning) {
        return new ControlFile(
                name,
                ControlFileFormat.NUMBER,
                NOTHING,
                "none: such an entry cannot be used",
                1,
                GREATEST_ID,
                "lookup",
                meaning);
    }

    private static ControlFile list(String name, String standard, String readers, String meaning) {
        return row(name, ControlFileFormat.LIST, NOTHING, standard, readers, meaning);
    }

    private static ControlFile map(String name, String standard, String readers, String meaning) {
        return row(name, ControlFileFormat.MAP, NOTHING, standard, readers, meaning);
    }
}

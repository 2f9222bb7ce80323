package carteiro.tools;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Control files of qmail's well-known patches and of qmail-LDAP that Carteiro does not read, with what does their work here.
 * Some features are not there yet: then that is what is said.
 */
final class PatchFiles {
    private static final String ROADMAP = " is not there yet (docs/roadmap.md)";

    private record Replaced(String by, List<String> names) {}

    private static final List<Replaced> TABLE = List.of(
            by(
                    "recipients that do not exist are refused without a list; to refuse one that exists, write"
                            + " |bouncesaying 'TEXT' into its .qmail file",
                    "badrcptto",
                    "badrcptto.cdb",
                    "badrcpttonorelay",
                    "badmailto",
                    "badmailtonorelay",
                    "validrcptto",
                    "validrcptto.cdb",
                    "goodrcptto",
                    "recipients",
                    "recipients.cdb",
                    "goodmailaddr",
                    "rcptcheck",
                    "chkuser",
                    "moregoodrcptto.cdb"),
            by(
                    "HELO and EHLO are not examined; to refuse a client, write ADDRESS:deny into control/tcp.smtp",
                    "badhelo",
                    "badhelonorelay",
                    "goodhelo",
                    "badloadertypes",
                    "badmimetypes"),
            by(
                    "control/badmailfrom is, without patterns: user@example.org, or @example.org for a whole domain",
                    "badmailfromnorelay",
                    "badmailfrom-unknown",
                    "badmailfromunknown",
                    "badmailfrom.cdb",
                    "badmailpatterns",
                    "mailfrompatterns",
                    "goodmailfrom",
                    "envpolicy"),
            by("SPF" + ROADMAP, "spfbehavior", "spfrules", "spfguess", "spfexp", "spfipv6"),
            by(
                    "maxrecipients and maxrefusals bound what one client may ask for",
                    "tarpitcount",
                    "tarpitdelay",
                    "brtlimit",
                    "maxrcpt",
                    "maxrcptcount",
                    "greetdelay",
                    "smtpdelay"),
            by(
                    "a login is offered at listeners for submission (smtpdlisten), and where SMTPAUTH is set (tcp.smtp)",
                    "smtpauth",
                    "smtpauthusers",
                    "authlogin",
                    "forcetls",
                    "smtpauthenv"),
            by(
                    "a login at a relay stands in smtproutes or authsenders: relay:port|user|password",
                    "smtpauthroutes",
                    "remoteauth"),
            by(
                    "block lists by DNS" + ROADMAP + "; until then run qmail-smtpd under tcpserver and rblsmtpd",
                    "dnsbllist",
                    "dnsblskip",
                    "rbllist",
                    "rbldomains",
                    "blacklists",
                    "whitelist",
                    "relays",
                    "nodnscheck",
                    "mfcheck"),
            by(
                    "control/tcp.smtp is: ADDRESS:allow,RELAYCLIENT=\"\" lets a client relay",
                    "relayclients",
                    "relaydomains",
                    "relaymailfrom",
                    "relaymailfrom.cdb",
                    "goodips",
                    "qmail-smtpd.rules",
                    "qmail-smtpd.cdb",
                    "tcp.smtp.cdb"),
            by(
                    "a filter program in QMAILQUEUE is (control/tcp.smtp, docs/programs/smtpd.md)",
                    "simcontrol",
                    "simcontrol.cdb",
                    "simversions",
                    "simversions.cdb",
                    "ssattach",
                    "ssattach.cdb",
                    "signatures",
                    "smtpplugins",
                    "surblfilter",
                    "level2-tlds",
                    "level3-tlds"),
            by("copies of all mail" + ROADMAP, "taps", "bigbrother", "queueextra"),
            by("a table of senders and recipients" + ROADMAP, "policy", "mailrules.default"),
            by("signatures by DKIM" + ROADMAP, "domainkeys", "dkimkeys", "dkimsign", "signdomains", "filterargs"),
            by(
                    "control/servercert.pem is, with the key in it; groups and ciphers are agreed on by name",
                    "smtpcert",
                    "servercert.cnf",
                    "servercerts",
                    "dhparam",
                    "dh512.pem",
                    "dh1024.pem",
                    "dh2048.pem",
                    "dh4096.pem",
                    "rsa512.pem",
                    "rsa2048.pem",
                    "tlsdheparams",
                    "tlsciphers",
                    "tlsserverciphers",
                    "tlsserversciphers"),
            by(
                    "control/tlsremote is: by domain none, may or require",
                    "tlshosts",
                    "notlshosts",
                    "tlsdestinations",
                    "tlsclientciphers",
                    "tlsremoteciphers",
                    "domaincerts"),
            by("certificates of clients" + ROADMAP, "clientcert.pem", "clientcrl.pem", "remotecert"),
            by(
                    "control/clientcerts is: the account that the name in a client's certificate logs in to (AUTH EXTERNAL)",
                    "tlsclients"),
            by("control/outgoingip is", "outgoingips", "domainips", "bindroutes", "domainbindings", "bindinterface"),
            by("control/smtproutes is", "smtproutes.cdb", "mailroutes", "artificialroutes"),
            by("control/tcp.qmqp is, in the text form of tcprules", "qmail-qmqpd.rules", "qmail-qmqpd.cdb"),
            by("control/qmqpservers is, an address a line", "qmqpcip"),
            by("QMTP" + ROADMAP, "qmtproutes"),
            by("control/locals is, a domain a line", "locals.cdb"),
            by("control/rcpthosts and morercpthosts are", "rcpthosts.cdb"),
            by("control/virtualdomains is, a line each", "virtualdomains.cdb"),
            by("control/helohost is", "helohosts", "smtphelo"),
            by(
                    "control/destinationlimits and concurrencyperhost are",
                    "channels",
                    "concurrencyremotehost",
                    "domainlimits"),
            by(
                    "the queue needs no such setting",
                    "bigtodo",
                    "queuebigtodo",
                    "concurrencytodo",
                    "silentconcurrency",
                    "conf-split"),
            by("control/defaultdelivery is", "aliasempty", "defaultmailbox"),
            by(
                    "control/bouncemaxbytes and doublebounceto are",
                    "bouncemimemaxbytes",
                    "doublebounces",
                    "bouncesubject",
                    "custombouncetext",
                    "bouncemessage"),
            by(
                    "quotas" + " are not there yet (docs/roadmap.md)",
                    "defaultquotasize",
                    "defaultquotacount",
                    "quotawarning",
                    "ldapdefaultquota",
                    "mailboxquota"),
            by(
                    "groups in the directory" + " are not there yet (docs/roadmap.md)",
                    "ldapgrouplogin",
                    "ldapgrouppassword"),
            by("clusters" + " are not there yet (docs/roadmap.md)", "ldapclusterhosts", "smtpclustercookie"),
            by("a missing home defers the mail: make it first, for example by pam_mkhomedir", "dirmaker"),
            by(
                    "relaying after POP" + ROADMAP + "; control/tcp.smtp lists addresses",
                    "pbsservers",
                    "pbsip",
                    "pbsport",
                    "pbssecret",
                    "pbscachesize",
                    "pbstimeout",
                    "pbsenv"),
            by("control/ldaplogin and ldappassword are", "ldapusername", "ldappasswdappend"),
            by(
                    "control/concurrencyincoming and concurrencyperclient are",
                    "concurrencyip",
                    "maxconnperip",
                    "concurrencysmtp"),
            by("the log has a line a decision (docs/programs/smtpd.md)", "smtpdlog", "logtofile", "logformat.smtpd"),
            by("Received always names the client", "hideip", "nohideip", "moreipme", "notipme"));

    private static final Map<String, String> BY_NAME = byName();

    private PatchFiles() {}

    private static Replaced by(String by, String... names) {
        return new Replaced(by, List.of(names));
    }

    private static Map<String, String> byName() {
        var byName = new HashMap<String, String>();
        for (Replaced replaced : TABLE) {
            for (String name : replaced.names) {
                if (byName.put(name, replaced.by) != null) {
                    throw new IllegalStateException(name + " stands there twice");
                }
            }
        }
        return Map.copyOf(byName);
    }

    /** What does the work of such a file here; empty for a file that no patch has. */
    static Optional<String> replacement(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }
}

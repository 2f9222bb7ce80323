package carteiro.control;

import carteiro.control.NumberRange.OutOfRange;
import carteiro.control.Setting.Declaration;
import carteiro.log.EventLog.LogFormat;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/**
 * Every setting there is, each declared once: programs read it, {@code carteiro showctl} prints it, {@code carteiro check} looks at
 * it, and a table on its page docs/control/NAME.md is made, all from what stands here.
 */
public final class Settings {
    /** The greatest id of a user; the next one, 4294967295, stands for none. */
    private static final long GREATEST_ID = 4_294_967_294L;

    private static final SortedMap<String, Setting<?>> ALL = new TreeMap<>(); // filled by the declarations below

    public static final Setting<Optional<String>> ME =
            orNone(line("me").otherwise("none; several programs refuse to start"), "all", "the full name of this host");

    // inject

    public static final Setting<String> DEFAULTDOMAIN =
            orMe("defaultdomain", "inject", "added to host names without a dot");

    public static final Setting<String> DEFAULTHOST =
            orMe("defaulthost", "inject", "added to addresses without a host");

    public static final Setting<String> IDHOST =
            orMe("idhost", "inject", "the host in a new Message-ID; must differ from host to host");

    public static final Setting<String> PLUSDOMAIN =
            orMe("plusdomain", "inject", "replaces a plus sign at the end of a host name");

    public static final Setting<List<String>> QMQPSERVERS = list(
            "qmqpservers",
            "there is none",
            "qmail-qmqpc",
            "hosts that messages are handed to by QMQP, in the order they are tried");

    public static final Setting<Optional<String>> QMQPCACERTS = whole(
            pem("qmqpcacerts").otherwise("those that Java trusts"),
            "qmail-qmqpc",
            "certificates of the authorities that vouch for the servers with TLS");

    // smtpd, and what other programs with listeners share with it

    public static final Setting<List<String>> AUTHMECHANISMS = list(
            "authmechanisms",
            "plain and login",
            "smtpd, pop3d",
            "how people may log in: plain, login, scram-sha-256, scram-sha-1, external, oauthbearer, xoauth2");

    public static final Setting<Optional<String>> CLIENTCA_PEM = whole(
            pem("clientca.pem").otherwise("no client is asked for a certificate"),
            "smtpd",
            "certificates of the authorities that vouch for clients");

    public static final Setting<List<String>> CLIENTCERTS = list(
            "clientcerts",
            "no certificate stands for an account",
            "smtpd",
            "names in certificates of clients, and the accounts that they log in to: name:account");

    public static final Setting<Boolean> AUTHREQUIRED =
            flag("authrequired", false, "smtpd", "whether nobody may send anything without a login, at any listener");

    public static final Setting<List<String>> BADMAILFROM =
            list("badmailfrom", "nobody is refused", "smtpd", "senders that are refused: addresses, or @host");

    public static final Setting<Integer> CONCURRENCYINCOMING =
            count("concurrencyincoming", 10_000, 1, 1_000_000, "smtpd, qmqpd", "connections at once");

    public static final Setting<Boolean> HIDEUSERS =
            flag("hideusers", true, "smtpd", "whether the Received field of who has logged in leaves out the client");

    /** Without the file a client has half of the connections at most: it must not keep all others out. */
    public static final Setting<Integer> CONCURRENCYPERCLIENT = countOf(
            numbers("concurrencyperclient", 200, SettingUnit.COUNT, 1, 1_000_000, OutOfRange.REFUSED),
            CONCURRENCYINCOMING,
            connections -> Math.ceilDiv(connections, 2),
            _ -> 1_000_000,
            "smtpd, qmqpd",
            "connections at once from one client; without the file half of concurrencyincoming at most");

    public static final Setting<Long> DATABYTES = octets(
            "databytes",
            67_108_864,
            0,
            1L << 60,
            "smtpd, qmqpd",
            "the largest message; 0 for the most there is, 2 GiB");

    public static final Setting<Long> LINEBYTES =
            octets("linebytes", 1000, 1000, 1L << 30, "smtpd, inject", "the longest line of a message");

    public static final Setting<Optional<String>> LOCALIPHOST = declare(line("localiphost")
            .otherwise(Absence.ME_ELSE_NOTHING)
            .readBy(
                    "smtpd",
                    "replaces [own address] in envelope addresses",
                    (files, self) -> files.line(self).or(() -> files.line(ME))));

    public static final Setting<Integer> MAXIDLECOMMANDS = count(
            "maxidlecommands", 100, 20, 1_000_000, "smtpd", "commands without a message until the conversation ends");

    public static final Setting<Integer> MAXRECIPIENTS =
            count("maxrecipients", 1000, 100, 100_000, "smtpd", "recipients of one message");

    public static final Setting<Integer> MAXREFUSALS =
            count("maxrefusals", 20, 1, 1_000_000, "smtpd", "refused commands until the conversation ends");

    public static final Setting<List<String>> MORERCPTHOSTS =
            list("morercpthosts", "none", "qmail-newmrh", "more of rcpthosts, for large lists: source of the cdb");

    public static final Setting<Optional<String>> MORERCPTHOSTS_CDB = whole(
            new Declaration("morercpthosts.cdb", SettingFormat.CDB).otherwise("none"),
            "smtpd",
            "more of rcpthosts, made by qmail-newmrh");

    public static final Setting<Boolean> OPENRELAY = declare(line("openrelay")
            .standard("no")
            .words(List.of("no", "yes"))
            .readBy(
                    "smtpd",
                    "yes accepts mail for any domain, from anybody",
                    (files, self) -> files.exactWord(self).equals("yes")));

    public static final Setting<List<String>> PROXYHOSTS = list(
            "proxyhosts",
            "this host: 127.0.0.0/8 and ::1",
            "smtpd, qmqpd, pop3d",
            "addresses and networks of proxies, who may say at a listener with proxy who the client is");

    public static final Setting<List<String>> RCPTHOSTS = list(
            "rcpthosts",
            "only what is local or virtual is accepted",
            "smtpd",
            "domains that mail is accepted for; .suffix for all below");

    public static final Setting<Boolean> RULECODES =
            flag("rulecodes", true, "smtpd", "whether each refusal ends with the code of its rule");

    public static final Setting<Optional<String>> SERVERCERT_PEM = whole(
            pem("servercert.pem")
                    .otherwise("no STARTTLS, and no line with tls in smtpdlisten, qmqpdlisten and pop3dlisten"),
            "smtpd, qmqpd, pop3d",
            "the server's certificate, its chain and its private key");

    public static final Setting<List<String>> SMTPDLISTEN = list(
            "smtpdlisten",
            "port 25 as root, else none",
            "smtpd",
            "addresses to listen at; behind one its role: tls, submission, proxy");

    public static final Setting<String> SMTPGREETING = meRequired("smtpgreeting", "smtpd", "what smtpd calls itself");

    public static final Setting<Optional<String>> TCP_SMTP =
            whole(text("tcp.smtp").otherwise("no client may relay"), "smtpd", "who may connect, who may relay");

    public static final Setting<Duration> TIMEOUTSESSION =
            seconds("timeoutsession", 3600, 1, 86_400, OutOfRange.REFUSED, "smtpd, qmqpd", "the longest conversation");

    public static final Setting<Duration> TIMEOUTSMTPD = seconds(
            "timeoutsmtpd", 300, 1, 86_400, OutOfRange.RAISED, "smtpd, qmqpd", "how long a client may be silent");

    // qmqpd

    public static final Setting<List<String>> QMQPDLISTEN = list(
            "qmqpdlisten",
            "nowhere: qmqpd is not started",
            "qmqpd",
            "addresses to listen at by QMQP; behind one its role: tls, proxy");

    public static final Setting<Optional<String>> TCP_QMQP = whole(
            text("tcp.qmqp").otherwise("clients on this host alone"),
            "qmqpd",
            "who may hand in mail by QMQP, for anywhere");

    // queue

    public static final Setting<Long> QUEUEDISKFLOOR =
            octets("queuediskfloor", 134_217_728, 1 << 20, 1L << 50, "queue", "how much of the disk stays free");

    public static final Setting<Long> QUEUEMEMORY =
            octets("queuememory", 33_554_432, 1 << 20, 1L << 40, "queue", "memory for messages being received");

    // clean

    public static final Setting<Duration> CLEANPAUSE =
            seconds("cleanpause", 10, 1, 3600, OutOfRange.REFUSED, "clean", "between two looks for dead segments");

    // send

    public static final Setting<String> BOUNCEFROM =
            free("bouncefrom", "MAILER-DAEMON", "send, lookup", "local part in From of bounces");

    public static final Setting<String> BOUNCEHOST =
            orMe("bouncehost", "send, lookup", "host in From and in the text of bounces");

    public static final Setting<Long> BOUNCEMAXBYTES =
            octets("bouncemaxbytes", 0, 0, 1L << 60, "send", "how much of the original a bounce holds; 0 for all");

    public static final Setting<Integer> CONCURRENCYLOCAL =
            cut("concurrencylocal", 10, "send, local", "local deliveries at once; 0 holds local mail");

    public static final Setting<Integer> CONCURRENCYREMOTE =
            cut("concurrencyremote", 20, "send", "remote deliveries at once; 0 holds remote mail");

    public static final Setting<Integer> CONCURRENCYPERHOST =
            share("concurrencyperhost", CONCURRENCYREMOTE, "send", "remote deliveries at once to one host");

    public static final Setting<Integer> CONCURRENCYPERUSER = share(
            "concurrencyperuser",
            CONCURRENCYLOCAL,
            "send, local",
            "local deliveries at once to one account and for one user");

    public static final Setting<List<String>> DESTINATIONLIMITS =
            list("destinationlimits", "none", "send", "remote deliveries at once and in a time, by domain");

    public static final Setting<String> DOUBLEBOUNCEHOST =
            orMe("doublebouncehost", "send, lookup", "host of the recipient of double bounces");

    public static final Setting<String> DOUBLEBOUNCETO = free(
            "doublebounceto",
            "postmaster",
            "send, lookup",
            "local part for double bounces, and for warnings about accounts");

    public static final Setting<Duration> QUEUELIFETIME = seconds(
            "queuelifetime", 604_800, 0, 315_360_000, OutOfRange.REFUSED, "send", "how long a message may wait");

    public static final Setting<List<String>> RETRYSCHEDULE =
            list("retryschedule", "qmail's formula", "send", "when a deferred recipient is tried again");

    // local

    public static final Setting<String> DEFAULTDELIVERY = declare(text("defaultdelivery")
            .standard("./Mailbox")
            .readBy("local, lookup", "instructions of who has no .qmail", ControlFiles::value));

    public static final Setting<List<String>> PROGRAMVARIABLES =
            list("programvariables", "none", "local", "environment variables that users' programs get too");

    // lookup

    public static final Setting<String> ENVNOATHOST =
            orMe("envnoathost", "lookup", "host given to envelope recipients that have none");

    /** Without the file, this host's own name. */
    public static final Setting<List<String>> LOCALS = declare(new Declaration("locals", SettingFormat.LIST)
            .otherwise(Absence.ME_ELSE_REFUSED)
            .readBy("lookup", "domains delivered on this host", (files, self) -> {
                Optional<List<String>> written = files.list(self);
                return written.isPresent()
                        ? written.get()
                        : files.meInPlaceOf(self).stream().toList();
            }));

    public static final Setting<List<String>> PERCENTHACK =
            list("percenthack", "none", "lookup", "domains whose user%host addresses are unfolded");

    public static final Setting<SequencedMap<String, String>> VIRTUALDOMAINS =
            map("virtualdomains", "none", "lookup", "domains and addresses that belong to an account");

    public static final Setting<List<String>> LOOKUPSOURCES = list(
            "lookupsources",
            "ldap if there is one, assign, passwd, alias",
            "lookup",
            "where addresses are looked for, in order");

    public static final Setting<Optional<String>> CHECKPASSWORD = orNone(
            line("checkpassword").otherwise("no program is asked; checkpassword is not started"),
            "lookup, checkpassword",
            "a program of the checkpassword interface that looks at passwords, and its arguments");

    public static final Setting<List<String>> LOGINSENDERS = list(
            "loginsenders",
            "an account sends as its own addresses alone",
            "lookup",
            "further addresses, and whole domains, that accounts may send as: account:address, account:@domain");

    public static final Setting<List<String>> ACCOUNTLIMITS = list(
            "accountlimits",
            "no limit",
            "lookup",
            "how much accounts may send: account:messages an hour:messages a day:recipients an hour:recipients a day");

    // pop3d

    public static final Setting<Integer> CONCURRENCYPOP3D =
            count("concurrencypop3d", 2_000, 1, 4_000, "pop3d", "connections at once");

    public static final Setting<Boolean> POP3DCLEARTEXT =
            flag("pop3dcleartext", false, "pop3d", "whether people may log in without TLS");

    public static final Setting<List<String>> POP3DLISTEN = list(
            "pop3dlisten",
            "pop3d and mailboxes are not started",
            "pop3d",
            "addresses to listen at, with tls for TLS at once, with proxy behind one");

    public static final Setting<String> POP3DUIDL = free(
            "pop3duidl",
            "%f",
            "mailboxes",
            "how UIDL names messages, as Dovecot's pop3_uidl_format: %f, or with %u and %v by the numbers of Dovecot's list");

    public static final Setting<Duration> TIMEOUTPOP3D = seconds(
            "timeoutpop3d",
            1200,
            1,
            86_400,
            OutOfRange.REFUSED,
            "pop3d",
            "how long a client may be silent, or not read");

    // logins by tokens

    public static final Setting<Optional<String>> OAUTHISSUER = orNone(
            line("oauthissuer").otherwise("tokens is not started"),
            "tokens",
            "the identity provider whose tokens count, as they name it (iss)");

    public static final Setting<List<String>> OAUTHAUDIENCE = list(
            "oauthaudience",
            "none; tokens refuses to start",
            "tokens",
            "whom tokens must be made for (aud); one of them is enough");

    public static final Setting<Optional<String>> OAUTHSCOPE = orNone(
            line("oauthscope").otherwise("none is needed"),
            "tokens",
            "what tokens must be good for, words with blanks");

    public static final Setting<Optional<String>> OAUTHJWKS = orNone(
            line("oauthjwks").otherwise("tokens are not checked by keys"),
            "tokens",
            "where the identity provider has the keys that tokens are signed with: a URL");

    public static final Setting<Optional<String>> OAUTHINTROSPECT = orNone(
            line("oauthintrospect").otherwise("the identity provider is not asked about single tokens"),
            "tokens",
            "where the identity provider is asked about each token: a URL");

    public static final Setting<String> OAUTHCLIENT = declare(new Declaration("oauthclient", SettingFormat.SECRET)
            .standard("")
            .readBy(
                    "tokens",
                    "as whom it asks at oauthintrospect: a line with an id, a line with a secret",
                    ControlFiles::value));

    public static final Setting<String> OAUTHCLAIM =
            free("oauthclaim", "email", "tokens", "which claim of a token names the account");

    public static final Setting<Optional<String>> OAUTHCACERTS = whole(
            pem("oauthcacerts").otherwise("those that Java trusts"),
            "tokens",
            "certificates of the authorities that vouch for the identity provider");

    // lookup in a directory

    public static final Setting<List<String>> LDAPSERVER =
            list("ldapserver", "no directory", "lookup", "LDAP servers, in the order they are tried");

    public static final Setting<SequencedMap<String, String>> ALIASDOMAINS =
            map("aliasdomains", "none", "lookup", "domains that are searched in the directory under another name");

    public static final Setting<Boolean> LDAPCLUSTER =
            flag("ldapcluster", false, "lookup", "clusters are not possible; 1 is refused");

    public static final Setting<String> LDAPBASEDN =
            free("ldapbasedn", "", "lookup", "where in the directory the search begins");

    public static final Setting<String> LDAPOBJECTCLASS =
            free("ldapobjectclass", "", "lookup", "only entries of this object class are found");

    public static final Setting<String> LDAPLOGIN =
            free("ldaplogin", "", "lookup", "the DN that reads; empty to read anonymously");

    public static final Setting<String> LDAPPASSWORD = declare(new Declaration("ldappassword", SettingFormat.SECRET)
            .standard("")
            .readBy("lookup", "the password of ldaplogin", ControlFiles::value));

    public static final Setting<String> LDAPSTARTTLS = word(
            "ldapstarttls",
            "off",
            List.of("off", "optional", "required"),
            "lookup",
            "whether TLS comes before the bind");

    public static final Setting<Optional<String>> LDAPCACERTS = whole(
            pem("ldapcacerts").otherwise("those that Java trusts"),
            "lookup",
            "certificates of the authorities that vouch for the servers");

    public static final Setting<Duration> LDAPTIMEOUT =
            seconds("ldaptimeout", 30, 1, 300, OutOfRange.REFUSED, "lookup", "for one search");

    public static final Setting<Duration> LDAPTIMEOUTCONNECT = seconds(
            "ldaptimeoutconnect", 5, 1, 300, OutOfRange.REFUSED, "lookup", "for one connection, with TLS and bind");

    public static final Setting<Integer> LDAPCONNECTIONS =
            count("ldapconnections", 8, 1, 200, "lookup", "connections at once to each server");

    public static final Setting<Duration> LDAPCACHETTL =
            seconds("ldapcachettl", 30, 0, 3600, OutOfRange.REFUSED, "lookup", "how long an entry is remembered");

    public static final Setting<Duration> LDAPCACHENEGATIVETTL = seconds(
            "ldapcachenegativettl",
            5,
            0,
            3600,
            OutOfRange.REFUSED,
            "lookup",
            "how long the absence of an entry is remembered");

    public static final Setting<String> LDAPMESSAGESTORE =
            free("ldapmessagestore", "", "lookup", "relative mailMessageStore values are below it");

    public static final Setting<Long> LDAPMINID =
            declare(numbers("ldapminid", 100, SettingUnit.ID, 1, GREATEST_ID, OutOfRange.REFUSED)
                    .readBy("lookup", "the least uid and gid that an entry may name", ControlFiles::number));

    public static final Setting<Long> LDAPMAXID =
            declare(numbers("ldapmaxid", GREATEST_ID, SettingUnit.ID, 1, GREATEST_ID, OutOfRange.REFUSED)
                    .readBy(
                            "lookup",
                            "the greatest uid and gid that an entry may name; 65534 is refused always",
                            ControlFiles::number));

    public static final Setting<Long> LDAPUID = id("ldapuid", "uid of entries without qmailUID");

    public static final Setting<Long> LDAPGID = id("ldapgid", "gid of entries without qmailGID");

    public static final Setting<Boolean> LDAPLOCALDELIVERY =
            flag("ldaplocaldelivery", true, "lookup", "whether the system's accounts are asked after the directory");

    public static final Setting<Boolean> LDAPREBIND = flag(
            "ldaprebind",
            false,
            "lookup",
            "1 has the directory compare passwords, by a bind as the account; 0 compares userPassword here");

    public static final Setting<Boolean> LDAPCLEARTEXT = flag(
            "ldapcleartext", false, "lookup", "whether a userPassword without a scheme may be the password itself");

    public static final Setting<List<String>> LDAPLOGINATTRIBUTES = list(
            "ldaploginattributes",
            "uid",
            "lookup",
            "attributes in which the name that somebody logs in with is looked for");

    public static final Setting<String> LDAPDEFAULTDOTMODE = word(
            "ldapdefaultdotmode",
            "ldaponly",
            List.of("ldaponly", "ldapwithprog", "dotonly", "both", "none"),
            "lookup",
            "dotmode of entries without one");

    public static final Setting<String> LDAPFAULTS = word(
            "ldapfaults", "defer", List.of("defer", "bounce"), "lookup", "what becomes of mail for unusable entries");

    // remote

    public static final Setting<List<String>> DNSSERVERS =
            list("dnsservers", "those of the system", "remote", "DNS servers to ask: address or address:port");

    public static final Setting<Optional<String>> HELOHOST = declare(line("helohost")
            .otherwise(Absence.ME_ELSE_NOTHING)
            .readBy(
                    "remote",
                    "what remote calls itself",
                    (files, self) -> files.line(self).or(() -> files.line(ME))));

    public static final Setting<List<String>> OUTGOINGIP =
            list("outgoingip", "the system chooses", "remote", "addresses that connections go out from");

    public static final Setting<SequencedMap<String, String>> AUTHSENDERS = relays(
            "authsenders",
            "control/smtproutes decides",
            "relays by sender, with a login: sender:relay:port|user|password, @domain:relay:port|user|password");

    public static final Setting<Optional<String>> REMOTECACERTS = whole(
            pem("remotecacerts").otherwise("those that Java trusts"),
            "remote",
            "certificates of the authorities that vouch for relays with a login, and where tlsremote says verify");

    public static final Setting<SequencedMap<String, String>> SMTPROUTES = relays(
            "smtproutes",
            "MX records decide",
            "relays: domain:relay or domain:relay:port, and for a login there domain:relay:port|user|password");

    public static final Setting<Duration> TIMEOUTCONNECT = seconds(
            "timeoutconnect", 60, 1, 3600, OutOfRange.REFUSED, "remote", "how long a connection may take to open");

    public static final Setting<Duration> TIMEOUTREMOTE = seconds(
            "timeoutremote", 1200, 1, 86_400, OutOfRange.REFUSED, "remote", "how long a next hop may be silent");

    public static final Setting<SequencedMap<String, String>> TLSREMOTE =
            map("tlsremote", "TLS where offered", "remote", "by domain: none, may, require or verify");

    // start

    public static final Setting<LogFormat> LOGFORMAT = declare(line("logformat")
            .standard("plain")
            .words(List.of("plain", "tai64n", "json"))
            .readBy(
                    "start",
                    "how a line of the log looks",
                    (files, self) -> LogFormat.named(files.word(self)).orElseThrow()));

    public static final Setting<Duration> TIMEOUTSTOP =
            seconds("timeoutstop", 30, 1, 3600, OutOfRange.REFUSED, "start", "how long a stop may take in all");

    private Settings() {}

    /** Every setting by name, in the order of names. */
    public static Map<String, Setting<?>> all() {
        return Collections.unmodifiableMap(ALL);
    }

    /**
     * What one of many may use where nothing else is set: three quarters of the whole, so that a slow one never holds all of it.
     *
     * @return at least 1
     */
    public static int usualShare(int whole) {
        return Math.max(1, whole - Math.max(1, whole / 4));
    }

    private static <T> Setting<T> declare(Setting<T> setting) {
        ALL.put(setting.name(), setting);
        return setting;
    }

    private static Declaration line(String name) {
        return new Declaration(name, SettingFormat.LINE);
    }

    private static Declaration text(String name) {
        return new Declaration(name, SettingFormat.TEXT);
    }

    private static Declaration pem(String name) {
        return new Declaration(name, SettingFormat.PEM);
    }

    private static Declaration numbers(
            String name, long standard, SettingUnit unit, long least, long most, OutOfRange outside) {
        return new Declaration(name, SettingFormat.NUMBER)
                .standard(Long.toString(standard))
                .range(new NumberRange(unit, least, most, outside));
    }

    private static Setting<Optional<String>> orNone(Declaration declaration, String readers, String meaning) {
        return declare(declaration.readBy(readers, meaning, ControlFiles::line));
    }

    private static Setting<Optional<String>> whole(Declaration declaration, String readers, String meaning) {
        return declare(declaration.readBy(readers, meaning, ControlFiles::text));
    }

    private static Setting<String> orMe(String name, String readers, String meaning) {
        return declare(line(name).otherwise(Absence.ME_ELSE_NAME).readBy(readers, meaning, ControlFiles::value));
    }

    private static Setting<String> meRequired(String name, String readers, String meaning) {
        return declare(line(name).otherwise(Absence.ME_ELSE_REFUSED).readBy(readers, meaning, ControlFiles::value));
    }

    private static Setting<String> free(String name, String standard, String readers, String meaning) {
        return declare(line(name).standard(standard).readBy(readers, meaning, ControlFiles::value));
    }

    private static Setting<String> word(
            String name, String standard, List<String> words, String readers, String meaning) {
        return declare(line(name).standard(standard).words(words).readBy(readers, meaning, ControlFiles::word));
    }

    private static Setting<Integer> count(
            String name, int standard, int least, int most, String readers, String meaning) {
        return declare(numbers(name, standard, SettingUnit.COUNT, least, most, OutOfRange.REFUSED)
                .readBy(readers, meaning, (files, self) -> Math.toIntExact(files.number(self))));
    }

    private static Setting<Integer> cut(String name, int standard, String readers, String meaning) {
        return declare(numbers(name, standard, SettingUnit.COUNT, 0, 1000, OutOfRange.CUT)
                .readBy(readers, meaning, (files, self) -> Math.toIntExact(files.number(self))));
    }

    /**
     * A part of another number.
     *
     * @param usual of the whole, without the file; a standard of its own holds where it is less
     * @param most of the whole; more is cut
     */
    private static Setting<Integer> countOf(
            Declaration declaration,
            Setting<Integer> whole,
            LongUnaryOperator usual,
            LongUnaryOperator most,
            String readers,
            String meaning) {
        return declare(declaration.readBy(readers, meaning, (files, self) -> {
            int all = files.get(whole);
            long share = usual.applyAsLong(all);
            long without =
                    self.absence() == Absence.STANDARD ? Math.min(Long.parseLong(self.standard()), share) : share;
            return Math.toIntExact(Math.min(files.number(self, without), most.applyAsLong(all)));
        }));
    }

    private static Setting<Integer> share(String name, Setting<Integer> whole, String readers, String meaning) {
        return countOf(
                new Declaration(name, SettingFormat.NUMBER)
                        .otherwise("three quarters of " + whole.name())
                        .range(new NumberRange(SettingUnit.COUNT, 1, Integer.MAX_VALUE, OutOfRange.REFUSED)),
                whole,
                all -> usualShare((int) all),
                all -> Math.max(1, all),
                readers,
                meaning);
    }

    private static Setting<Long> octets(
            String name, long standard, long least, long most, String readers, String meaning) {
        return declare(numbers(name, standard, SettingUnit.OCTETS, least, most, OutOfRange.REFUSED)
                .readBy(readers, meaning, ControlFiles::number));
    }

    private static Setting<Duration> seconds(
            String name, long standard, long least, long most, OutOfRange outside, String readers, String meaning) {
        return declare(numbers(name, standard, SettingUnit.SECONDS, least, most, outside)
                .readBy(readers, meaning, (files, self) -> Duration.ofSeconds(files.number(self))));
    }

    private static Setting<Boolean> flag(String name, boolean standard, String readers, String meaning) {
        return declare(numbers(name, standard ? 1 : 0, SettingUnit.SWITCH, 0, 1, OutOfRange.REFUSED)
                .readBy(readers, meaning, (files, self) -> files.number(self) == 1));
    }

    private static Setting<Long> id(String name, String meaning) {
        return declare(new Declaration(name, SettingFormat.NUMBER)
                .otherwise("none: such an entry cannot be used")
                .range(new NumberRange(SettingUnit.ID, 1, GREATEST_ID, OutOfRange.REFUSED))
                .readBy("lookup", meaning, (files, self) -> files.number(self, 0)));
    }

    private static Setting<List<String>> list(String name, String without, String readers, String meaning) {
        return declare(new Declaration(name, SettingFormat.LIST)
                .otherwise(without)
                .readBy(readers, meaning, (files, self) -> files.list(self).orElse(List.of())));
    }

    private static Setting<SequencedMap<String, String>> map(
            String name, String without, String readers, String meaning) {
        return declare(new Declaration(name, SettingFormat.MAP)
                .otherwise(without)
                .readBy(readers, meaning, ControlFiles::map));
    }

    private static Setting<SequencedMap<String, String>> relays(String name, String without, String meaning) {
        return declare(new Declaration(name, SettingFormat.MAP)
                .otherwise(without)
                .masked(RelayLine::masked)
                .readBy("remote", meaning, ControlFiles::map));
    }
}

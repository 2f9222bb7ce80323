package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerLimits;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.ProxyHosts;
import carteiro.listen.ReplyText;
import carteiro.listen.TlsKey;
import carteiro.mail.Envelope.AddressForm;
import carteiro.smtpd.Reply.RuleCodes;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
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
 * @param idleCommands how many commands that bring no message nearer end a conversation
 * @param databytes the most octets of a message, LF line ends; {@link #NO_LIMIT} for none
 * @param linebytes the most octets of a text line, CRLF included
 * @param recipients the most recipients of a message
 * @param limits how many conversations there may be
 * @param policy what is asked of a client and its messages
 * @param localLiterals what addresses at a literal of this host become
 * @param rules settings of single clients
 * @param tls key and certificate; without them STARTTLS is not offered
 * @param ruleCodes whether refusals end with the code of their rule
 * @param logins who may log in
 * @param hidesUsers whether the Received field of who has logged in names no client
 * @param widestForm the widest form of addresses that is taken: SMTPUTF8 only where file names can hold them
 * @param listen where to listen, as the file says; empty if there is no file
 */
record SmtpdSettings(
        String me,
        String greeting,
        Duration silence,
        Duration conversation,
        int refusals,
        int idleCommands,
        long databytes,
        long linebytes,
        int recipients,
        ListenerLimits limits,
        Policy policy,
        LocalLiterals localLiterals,
        TcpRules rules,
        Optional<TlsKey> tls,
        RuleCodes ruleCodes,
        LoginOffer logins,
        ClientCertificates certificates,
        boolean hidesUsers,
        AddressForm widestForm,
        Optional<List<ListenAddress>> listen) {
    /** What 0 in control/databytes means: what a client may have under way is the limit, {@link Budgets#TEXT}. */
    static final long NO_LIMIT = Long.MAX_VALUE;

    /** @throws ControlException naming every problem */
    static SmtpdSettings read(Installation installation) throws ControlException {
        SmtpdSettings settings = read(installation, files -> TlsKey.read(files, installation));
        TlsKey.checkFor(
                settings.tls(),
                settings.listen().orElse(List.of()).stream().map(ListenAddress::role),
                Settings.SMTPDLISTEN);
        return settings;
    }

    /**
     * For one conversation, which may never ask for TLS: the key is read when it does. That is the larger part of the time
     * from the start of the program to its greeting.
     *
     * @throws ControlException naming every problem, but for what is wrong inside the key's file
     */
    static SmtpdSettings forOneConversation(Installation installation) throws ControlException {
        return read(installation, files -> TlsKey.readLater(files, installation));
    }

    /** The key is left alone; STARTTLS is not offered. @throws ControlException naming every problem */
    static SmtpdSettings withoutTls(Installation installation) throws ControlException {
        return read(installation, _ -> Optional.empty());
    }

    private static SmtpdSettings read(Installation installation, Function<ControlFiles, Optional<TlsKey>> tls)
            throws ControlException {
        var files = new ControlFiles(installation);
        Optional<String> me = files.get(Settings.ME);
        String greeting = files.get(Settings.SMTPGREETING);
        int connections = files.get(Settings.CONCURRENCYINCOMING);
        Duration silence = files.get(Settings.TIMEOUTSMTPD); // mistakes are told in this order
        Duration conversation = files.get(Settings.TIMEOUTSESSION);
        int refusals = files.get(Settings.MAXREFUSALS);
        int idleCommands = files.get(Settings.MAXIDLECOMMANDS);
        long databytes = databytes(files.get(Settings.DATABYTES));
        long linebytes = files.get(Settings.LINEBYTES);
        int recipients = files.get(Settings.MAXRECIPIENTS);
        AddressForm widestForm = formOfFileNames();
        LoginOffer logins = LoginOffer.read(files);
        ClientCertificates certificates = ClientCertificates.read(files, logins.mechanisms());
        var settings = new SmtpdSettings(
                me.orElse(greeting.split(" ", 2)[0]),
                ReplyText.safe(greeting),
                silence,
                conversation,
                refusals,
                idleCommands,
                databytes,
                linebytes,
                recipients,
                new ListenerLimits(connections, files.get(Settings.CONCURRENCYPERCLIENT), ProxyHosts.read(files)),
                Policy.read(files, installation, recipients, linebytes, widestForm),
                LocalLiterals.read(files),
                TcpRules.read(files, Settings.TCP_SMTP),
                tls.apply(files),
                files.get(Settings.RULECODES) ? RuleCodes.SHOWN : RuleCodes.HIDDEN,
                logins,
                certificates,
                files.get(Settings.HIDEUSERS),
                widestForm,
                ListenAddress.read(
                        files, Settings.SMTPDLISTEN, EnumSet.allOf(RoleWord.class), "127.0.0.1:2525 or [::]:25"));
        files.check();
        return settings;
    }

    private static long databytes(long number) {
        return number == 0 ? NO_LIMIT : number;
    }

    /**
     * What a client may do: DATABYTES of its variables goes before control/databytes, as in qmail.
     *
     * @param most the octets that one client may have under way
     */
    Rights rightsOf(Client client, long most) {
        String value = client.variables().getOrDefault(TcpRules.DATABYTES, "");
        OptionalLong own = ControlFiles.digits(value);
        long limit = own.isEmpty() ? databytes : databytes(own.getAsLong());
        return new Rights(client.relayClient(), Math.min(limit, most), Optional.empty());
    }

    /** How this process writes names of files: the locale it was started with decides. */
    static String fileNames() {
        return System.getProperty("sun.jnu.encoding", "");
    }

    /** An address in UTF-8 becomes the name of a file (a .qmail file, a folder): in the locale POSIX it has none. */
    private static AddressForm formOfFileNames() {
        return fileNames().equalsIgnoreCase("UTF-8") ? AddressForm.SMTPUTF8 : AddressForm.ASCII;
    }
}

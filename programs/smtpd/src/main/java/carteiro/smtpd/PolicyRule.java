package carteiro.smtpd;

import carteiro.mail.Status;

/**
 * Why smtpd refuses: each refusal names one, and its reply ends with the code of it. A code, once given, stays with its rule. What a
 * control file sets has the name of that file. {@code carteiro why} prints what stands here, docs/programs/why.md has it as a table.
 */
enum PolicyRule {
    ALL_CONNECTIONS(
            "R01",
            "concurrencyincoming",
            "all connections that smtpd takes are in use",
            "control/concurrencyincoming",
            "raise the number if the host can take more; who holds them stands in the log",
            "try again later; mail servers do so by themselves"),
    CONNECTIONS_OF_ONE(
            "R02",
            "concurrencyperclient",
            "the client has as many connections as one client may have",
            "control/concurrencyperclient",
            "raise the number if the client is one that sends much, such as a mailing list's",
            "close connections, or try again later"),
    CLIENTS(
            "R03",
            "tcp.smtp",
            "the client's address or name is denied here",
            "control/tcp.smtp",
            "take the deny out of the line that fits the client",
            "ask the administrator of this host, from another address"),
    SILENCE(
            "R04",
            "timeoutsmtpd",
            "nothing was heard from the client, or it read nothing, for too long",
            "control/timeoutsmtpd",
            "raise the seconds if clients come over slow lines",
            "try again; look for what holds the data up in between if it comes again"),
    CONVERSATION(
            "R05",
            "timeoutsession",
            "the conversation lasted too long",
            "control/timeoutsession",
            "raise the seconds if large messages come over slow lines",
            "send again, fewer messages in one connection"),
    REFUSALS(
            "R06",
            "maxrefusals",
            "too many commands one after another were refused",
            "control/maxrefusals",
            "see in the log what was refused; raise the number if it should not end the conversation",
            "mend what was refused before, such as recipients that do not exist"),
    IDLE_COMMANDS(
            "R07",
            "maxidlecommands",
            "too many commands came without a message",
            "control/maxidlecommands",
            "raise the number if a client that means no harm needs so many",
            "connect again, and send a message"),
    STOPPING(
            "R08",
            "stopping",
            "smtpd is being stopped",
            "nothing",
            "start it again: carteiro start smtpd",
            "try again later; mail servers do so by themselves"),
    FAULT(
            "R09",
            "fault",
            "there is a mistake in smtpd itself, or its settings cannot be read",
            "nothing",
            "the log has an alert about it; please report what it calls a bug",
            "try again later; mail servers do so by themselves"),
    COMMAND(
            "R10",
            "command",
            "the command or one of its parameters is not understood, or not offered",
            "nothing",
            "the log has the command; such a client has to be mended",
            "send what the answer to EHLO offers, in the form of RFC 5321"),
    COMMAND_ORDER(
            "R11",
            "command-order",
            "another command has to come first",
            "nothing",
            "such a client has to be mended; often its earlier command was refused",
            "see what was answered to the command before: MAIL, RCPT and DATA need each other in this order"),
    COMMAND_LENGTH(
            "R12",
            "command-length",
            "the command is longer than 2048 octets",
            "nothing",
            "nothing can be set",
            "send shorter commands"),
    LINE_ENDS(
            "R13",
            "line-ends",
            "a CR or an LF stands alone, which can make two hosts see different messages",
            "nothing",
            "nothing can be set; the program that makes such lines has to be mended",
            "end every line with CR and LF, those of the message too"),
    OTHER_PROTOCOL(
            "R14",
            "other-protocol",
            "the line belongs to another protocol than SMTP",
            "nothing",
            "nothing can be set; a browser may have been led here",
            "speak SMTP at this port"),
    STARTTLS(
            "R15",
            "starttls",
            "TLS is not offered, or its key cannot be used",
            "control/servercert.pem",
            "write certificate and key into the file; an alert in the log says what is wrong with them",
            "send without TLS, or try again later"),
    BEHIND_STARTTLS(
            "R16",
            "behind-starttls",
            "commands were sent behind STARTTLS before TLS was on, perhaps by somebody in between",
            "nothing",
            "nothing can be set; the client has to be mended, or is being attacked",
            "wait for the answer to STARTTLS"),
    PROXIES(
            "R17",
            "proxyhosts",
            "the port is behind a proxy, and nobody who may says who the client is",
            "proxy in control/smtpdlisten, control/proxyhosts",
            "name the proxy in proxyhosts, and have it send the PROXY header; the reason stands in the log",
            "use the address that the administrator of this host names for mail"),
    ADDRESS_LENGTH(
            "R20",
            "address-length",
            "the address is longer than 899 octets, with what RELAYCLIENT appends than 1000",
            "RELAYCLIENT in control/tcp.smtp",
            "nothing but RELAYCLIENT can be set",
            "use a shorter address"),
    ADDRESS_FORM(
            "R21",
            "address-form",
            "the address has characters beyond ASCII without SMTPUTF8, or is not UTF-8",
            "nothing",
            "nothing can be set",
            "send through a server that has SMTPUTF8 (RFC 6531)"),
    FILE_NAMES(
            "R22",
            "file-names",
            "SMTPUTF8 was asked for, and file names here cannot hold such addresses",
            "the system's locale C.UTF-8",
            "install the locale C.UTF-8; without the launcher, start smtpd with LC_ALL=C.UTF-8",
            "use an address in ASCII"),
    SENDERS(
            "R30",
            "badmailfrom",
            "mail from this sender is not taken here",
            "control/badmailfrom",
            "take the sender, or @ and its host, out of the file",
            "ask the administrator of this host, from another address"),
    RECIPIENTS(
            "R31",
            "maxrecipients",
            "the message has as many recipients as one message may have",
            "control/maxrecipients",
            "raise the number, or leave it: servers send the rest in a further message",
            "send the rest in a further message; mail servers do so by themselves"),
    RELAYING(
            "R32",
            "rcpthosts",
            "the recipient is another host's, and this client may not send there through us",
            "control/rcpthosts, control/morercpthosts, control/locals, control/virtualdomains, RELAYCLIENT in control/tcp.smtp",
            "is the domain ours, write it into locals or virtualdomains and rcpthosts; is the client, give it RELAYCLIENT in tcp.smtp",
            "send through your own provider's server; is the domain this host's, tell its administrator"),
    UNKNOWN_RECIPIENT(
            "R33",
            "unknown-recipient",
            "nobody here has that address",
            "users/assign, the directory, the system's accounts, alias/",
            "carteiro explain ADDRESS says where it was looked for; make the account, alias or .qmail file",
            "check how the address is written"),
    UNDECIDED_RECIPIENT(
            "R34",
            "undecided-recipient",
            "whether anybody has that address cannot be told now",
            "control/lookupsources, control/morercpthosts",
            "is lookup running, does the directory answer? carteiro status, and the reason in the log",
            "try again later; mail servers do so by themselves"),
    SUBMISSION(
            "R35",
            "submission",
            "the port is for submission by users of this host, and the client has not logged in as one",
            "submission in control/smtpdlisten, RELAYCLIENT in control/tcp.smtp",
            "people log in; a device that cannot is given RELAYCLIENT in tcp.smtp; mail from elsewhere belongs to port 25",
            "switch login on in the mail program, with TLS; servers use port 25 among each other"),
    AUTH_REQUIRED(
            "R36",
            "authrequired",
            "nobody sends here without a login",
            "control/authrequired, AUTHREQUIRED and AUTHORIZED in control/tcp.smtp",
            "write 0 into authrequired, or AUTHORIZED into the line of tcp.smtp that fits the client",
            "switch login on in the mail program, with TLS"),
    OWN_SENDER(
            "R37",
            "own-sender",
            "the sender is not an address of the account that has logged in",
            "control/loginsenders, and whatever says where mail for the address goes",
            "may the account send so, write account:address or account:@domain into loginsenders",
            "send as your own address; the mail program's account settings have it"),
    OWN_AUTHOR(
            "R38",
            "own-author",
            "From or Sender is missing, there twice, or has an address that is not of the account that has logged in",
            "control/loginsenders, and whatever says where mail for the address goes",
            "may the account send so, write account:address or account:@domain into loginsenders",
            "send as your own address; the mail program's account settings have it"),
    LOGIN(
            "R60",
            "login",
            "the name, the password or the token is wrong, or the account may not log in",
            "users/passwd, the directory",
            "the log of lookup says which; carteiro passwd sets a password of users/passwd",
            "enter name and password again, or ask the administrator of this host"),
    LOGIN_FAILURES(
            "R61",
            "login-failures",
            "too many passwords were wrong, of the account or from the client's network",
            "nothing",
            "the log says from where; passwords are looked at again after 15 minutes",
            "correct the password in every program that has it, and try again later"),
    LOGIN_UNDECIDED(
            "R62",
            "login-undecided",
            "whether the password is right cannot be told now",
            "control/lookupsources, users/passwd, the directory",
            "is lookup running, does the directory answer? carteiro status, and the reason in the log",
            "try again later; the password need not be entered anew"),
    LOGIN_TLS(
            "R63",
            "login-tls",
            "a login needs TLS first",
            "SMTPAUTH in control/tcp.smtp",
            "SMTPAUTH with any value but TLSREQUIRED allows a login in the clear",
            "switch TLS on in the mail program: STARTTLS, or the port for TLS"),
    ACCOUNT_LIMIT(
            "R64",
            "account-limit",
            "the account that has logged in has sent what it may in this hour or day",
            "control/accountlimits",
            "carteiro logins ACCOUNT shows what it has sent; raise its numbers if that is right",
            "try again later, or ask the administrator of this host for more"),
    ACCOUNT_STOPPED(
            "R65",
            "account-stopped",
            "an administrator has stopped the account that has logged in",
            "carteiro logins --stop",
            "carteiro logins --resume ACCOUNT lets it send again",
            "ask the administrator of this host"),
    MESSAGE_SIZE(
            "R40",
            "databytes",
            "the message is larger than is taken from this client",
            "control/databytes, DATABYTES in control/tcp.smtp",
            "raise the octets for all, or for the client in tcp.smtp",
            "send less: attachments grow by a third on their way"),
    LINE_LENGTH(
            "R41",
            "linebytes",
            "a line of the message is longer than is taken",
            "control/linebytes",
            "raise the octets; other hosts may refuse the message then",
            "have your program break its lines or encode the text (RFC 5321 section 4.5.3.1.6)"),
    NUL_OCTETS(
            "R42",
            "nul-octets",
            "the message has an octet of value 0, which text has not",
            "nothing",
            "nothing can be set",
            "have your program encode what is no text"),
    HOPS(
            "R43",
            "hops",
            "the message has come through 100 hosts: it runs in a circle",
            "nothing",
            "look at its Received fields: two hosts send it to one another, or a forward leads back",
            "tell the administrator of the recipient's host"),
    MEMORY(
            "R50",
            "memory",
            "what such conversations may hold of the memory is taken",
            "-Xmx in CARTEIRO_JAVA_OPTS",
            "see in the log which clients hold so much; give smtpd more memory if the host has it",
            "try again later; mail servers do so by themselves"),
    TEXT_UNDER_WAY(
            "R51",
            "text-under-way",
            "too much of unfinished messages is under way from the client",
            "nothing",
            "nothing can be set; see in the log what the client sends",
            "send fewer large messages at once"),
    QUEUE(
            "R52",
            "queue",
            "the queue cannot take the message now",
            "control/queuediskfloor, QMAILQUEUE in control/tcp.smtp",
            "is queue running, is there room on its disk? carteiro status, and the reason in the log",
            "try again later; mail servers do so by themselves"),
    QUEUE_REFUSES(
            "R53",
            "queue-refuses",
            "the program that takes the messages refuses this one",
            "QMAILQUEUE in control/tcp.smtp",
            "see what that program says against it",
            "the reply has its reason, if it gave one");

    private final String code;
    private final String word;
    private final String meaning;
    private final String setting;
    private final String administrator;
    private final String sender;

    PolicyRule(String code, String word, String meaning, String setting, String administrator, String sender) {
        this.code = code;
        this.word = word;
        this.meaning = meaning;
        this.setting = setting;
        this.administrator = administrator;
        this.sender = sender;
    }

    /** A refusal by this rule. */
    Reply reply(int code, String text) {
        return Reply.refusal(this, code, text);
    }

    /** A refusal by this rule in the words of another program. */
    Reply reply(int code, Status status, String reason) {
        return Reply.refusal(this, code, status, reason);
    }

    /** What a reply ends with, in brackets. */
    String code() {
        return code;
    }

    /** What is the case when it refuses. */
    String meaning() {
        return meaning;
    }

    /** What sets it. */
    String setting() {
        return setting;
    }

    /** What the administrator of this host can do. */
    String administrator() {
        return administrator;
    }

    /** What who sends the message can do. */
    String sender() {
        return sender;
    }

    /** Its name in the log. */
    @Override
    public String toString() {
        return word;
    }
}

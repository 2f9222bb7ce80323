package carteiro.smtpd;

import carteiro.mail.Status;

/** Why smtpd refuses: each refusal names one. What a control file sets has the name of that file. */
enum PolicyRule {
    ALL_CONNECTIONS("concurrencyincoming"),
    CONNECTIONS_OF_ONE("concurrencyperclient"),
    CLIENTS("tcp.smtp"),
    SILENCE("timeoutsmtpd"),
    CONVERSATION("timeoutsession"),
    REFUSALS("maxrefusals"),
    IDLE_COMMANDS("maxidlecommands"),
    STOPPING("stopping"),
    FAULT("fault"),
    COMMAND("command"),
    COMMAND_ORDER("command-order"),
    COMMAND_LENGTH("command-length"),
    LINE_ENDS("line-ends"),
    OTHER_PROTOCOL("other-protocol"),
    STARTTLS("starttls"),
    BEHIND_STARTTLS("behind-starttls"),
    ADDRESS_LENGTH("address-length"),
    ADDRESS_FORM("address-form"),
    FILE_NAMES("file-names"),
    SENDERS("badmailfrom"),
    RECIPIENTS("maxrecipients"),
    RELAYING("rcpthosts"),
    UNKNOWN_RECIPIENT("unknown-recipient"),
    UNDECIDED_RECIPIENT("undecided-recipient"),
    MEMORY("memory"),
    TEXT_UNDER_WAY("text-under-way"),
    MESSAGE_SIZE("databytes"),
    LINE_LENGTH("linebytes"),
    NUL_OCTETS("nul-octets"),
    HOPS("hops"),
    QUEUE("queue"),
    QUEUE_REFUSES("queue-refuses");

    private final String word;

    PolicyRule(String word) {
        this.word = word;
    }

    /** A refusal by this rule. */
    Reply reply(int code, String text) {
        return Reply.refusal(this, code, text);
    }

    /** A refusal by this rule in the words of another program. */
    Reply reply(int code, Status status, String reason) {
        return Reply.refusal(this, code, status, reason);
    }

    /** Its name in the log. */
    @Override
    public String toString() {
        return word;
    }
}

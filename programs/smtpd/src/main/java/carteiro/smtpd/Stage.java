package carteiro.smtpd;

/** When smtpd asks its policy, in the order of the dialogue. */
enum Stage {
    /** A client is there, and nothing was said to it. */
    CONNECTED,
    /** HELO or EHLO. */
    GREETED,
    /** MAIL. */
    SENDER,
    /** RCPT. */
    RECIPIENT,
    /** The text of a message comes; asked with each block of it, so that its checks compare and no more. */
    TEXT,
    /** All of the message is there, and queue has not been told to keep it. */
    MESSAGE
}

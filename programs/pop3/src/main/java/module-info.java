@SuppressWarnings("module") // a name that ends in a digit: the protocol has it
module carteiro.pop3 {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
    requires carteiro.listen;

    exports carteiro.pop3;

    provides carteiro.protocol.Program with
            carteiro.pop3.Pop3d,
            carteiro.pop3.MailboxesProgram;
}

module carteiro.smtpd {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.listen;
    requires carteiro.protocol;
    requires carteiro.smtp;

    exports carteiro.smtpd;

    uses carteiro.protocol.LookupExplanation;

    provides carteiro.protocol.Program with
            carteiro.smtpd.Smtpd;
}

module carteiro.local {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
    requires carteiro.maildir;

    exports carteiro.local; // the command qmail-local

    provides carteiro.protocol.Program with
            carteiro.local.Local;
}

module carteiro.remote {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.password;
    requires carteiro.protocol;
    requires carteiro.smtp;
    requires carteiro.dns;

    provides carteiro.protocol.Program with
            carteiro.remote.Remote;
}

module carteiro.qmqpd {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
    requires carteiro.listen;

    exports carteiro.qmqpd;

    provides carteiro.protocol.Program with
            carteiro.qmqpd.Qmqpd;
}

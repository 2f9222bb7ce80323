module carteiro.inject {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.idna;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
}

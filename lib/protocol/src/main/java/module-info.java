module carteiro.protocol {
    requires static transitive org.jspecify;
    requires jdk.net;
    requires transitive carteiro.mail;
    requires transitive carteiro.wire;
    requires transitive carteiro.log;
    requires transitive carteiro.posix;
    requires transitive carteiro.control;

    exports carteiro.protocol;
}

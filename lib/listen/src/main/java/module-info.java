module carteiro.listen {
    requires static transitive org.jspecify;
    requires transitive carteiro.mail;
    requires transitive carteiro.wire;
    requires transitive carteiro.log;
    requires transitive carteiro.control;
    requires transitive carteiro.protocol;

    exports carteiro.listen;
}

module carteiro.smtp {
    requires static transitive org.jspecify;
    requires transitive carteiro.mail;
    requires transitive carteiro.wire;

    exports carteiro.smtp;
}

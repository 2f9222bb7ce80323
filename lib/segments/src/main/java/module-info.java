module carteiro.segments {
    requires static transitive org.jspecify;
    requires transitive carteiro.mail;
    requires transitive carteiro.log;

    exports carteiro.segments;
}

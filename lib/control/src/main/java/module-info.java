module carteiro.control {
    requires static transitive org.jspecify;
    requires transitive carteiro.mail;

    exports carteiro.control;
}

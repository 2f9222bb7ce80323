module carteiro.control {
    requires static transitive org.jspecify;
    requires carteiro.log;
    requires transitive carteiro.idna;
    requires transitive carteiro.mail;

    exports carteiro.control;
}

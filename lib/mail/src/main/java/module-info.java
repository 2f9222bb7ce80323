module carteiro.mail {
    requires static transitive org.jspecify;

    exports carteiro.mail;
}

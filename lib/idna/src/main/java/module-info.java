module carteiro.idna {
    requires static transitive org.jspecify;
    requires carteiro.mail;

    exports carteiro.idna;
}

module carteiro.log {
    requires static transitive org.jspecify;

    exports carteiro.log;
}

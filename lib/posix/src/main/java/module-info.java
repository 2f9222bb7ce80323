module carteiro.posix {
    requires static transitive org.jspecify;
    requires carteiro.log;

    exports carteiro.posix;
}

module carteiro.posix {
    requires static transitive org.jspecify;

    exports carteiro.posix;
}

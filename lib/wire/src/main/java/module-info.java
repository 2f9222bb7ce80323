module carteiro.wire {
    requires static transitive org.jspecify;

    exports carteiro.wire;
}

module carteiro.wire {
    requires static transitive org.jspecify;
    requires java.naming;

    exports carteiro.wire;
}

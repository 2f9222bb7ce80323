/** Runs and watches the programs. */
module carteiro.start {
    requires static transitive org.jspecify;
    requires jdk.unsupported;
    requires transitive carteiro.control;
    requires transitive carteiro.log;
    requires transitive carteiro.protocol;

    uses carteiro.protocol.Program;

    exports carteiro.start;
}

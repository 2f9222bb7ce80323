/** The whole product at work in a temporary folder, for a visitor. */
module carteiro.demo {
    requires static transitive org.jspecify;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.log;
    requires carteiro.start;
    requires unboundid.ldapsdk;
}

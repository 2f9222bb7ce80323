module carteiro.lookup {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
    requires carteiro.password;
    requires unboundid.ldapsdk;

    provides carteiro.protocol.Program with
            carteiro.lookup.LookupProgram;
    provides carteiro.protocol.LookupExplanation with
            carteiro.lookup.OfflineLookup;
}

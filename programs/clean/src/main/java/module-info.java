module carteiro.clean {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;

    provides carteiro.protocol.Program with
            carteiro.clean.CleanProgram;
}

module carteiro.tools {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
    requires carteiro.maildir;
    requires carteiro.listen;

    uses carteiro.protocol.LookupExplanation;
    uses carteiro.protocol.Program;
}

module carteiro.checkpassword {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;

    provides carteiro.protocol.Program with
            carteiro.checkpassword.CheckpasswordProgram;
}

module carteiro.send {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;

    opens carteiro.send to
            carteiro.log; // the JSON form reads the components of our events

    provides carteiro.protocol.Program with
            carteiro.send.SendProgram;
}

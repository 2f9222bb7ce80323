module carteiro.queue {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.protocol;
    requires com.fasterxml.jackson.core;

    provides carteiro.protocol.Program with
            carteiro.queue.QueueProgram;
}

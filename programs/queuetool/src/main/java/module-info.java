module carteiro.queuetool {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.segments;
    requires carteiro.protocol;
    requires com.fasterxml.jackson.core;

    uses carteiro.protocol.StoppedQueueOpener;
}

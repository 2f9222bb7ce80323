module carteiro.queue {
    requires static org.jspecify;
    requires carteiro.mail;
    requires carteiro.wire;
    requires carteiro.log;
    requires carteiro.posix;
    requires carteiro.control;
    requires carteiro.segments;
    requires carteiro.protocol;

    provides carteiro.protocol.Program with
            carteiro.queue.QueueProgram;
    provides carteiro.protocol.StoppedQueueOpener with
            carteiro.queue.OfflineQueue;
}

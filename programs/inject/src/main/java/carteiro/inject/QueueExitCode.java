package carteiro.inject;

/**
 * The exit codes of qmail-queue and of what takes its place. They are an interface: filters and servers know them, and what
 * they tell their own clients by each.
 */
enum QueueExitCode {
    QUEUED(0),
    ADDRESS_TOO_LONG(11),
    REFUSED(31),
    OUT_OF_MEMORY(51),
    TIMEOUT(52),
    DISK_FULL(53),
    UNREADABLE(54),
    NOT_CONFIGURED(55),
    NO_HOME(61),
    NO_QUEUE(62),
    NOT_NOW(71),
    CONNECTION_TIMED_OUT(72),
    NOT_CONNECTED(73),
    QUEUE_LOST(74),
    BUG(81),
    BAD_ENVELOPE(91);

    final int code;

    QueueExitCode(int code) {
        this.code = code;
    }
}

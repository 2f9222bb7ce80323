package carteiro.local;

import carteiro.mail.Status;

/**
 * Why a delivery ends, found while looking at files.
 *
 * @param sentence for the sender: no path, no setting
 * @param note for the administrator: where, and how to mend it; empty if there is nothing to mend
 */
record DeliveryRefusal(Status status, String sentence, String note) {
    static final Status SYSTEM = new Status(4, 3, 0);
    static final Status SECURITY = new Status(4, 7, 0);
    static final Status MAILBOX = new Status(4, 2, 1);
    static final Status NO_MAILBOX = new Status(5, 1, 1);
    static final Status LOOP = new Status(5, 4, 6);
}

package carteiro.local;

import carteiro.posix.Identity;

/** For whom this process can deliver. */
sealed interface DeliveryPrivilege {
    /** Started by root: for every user but root. */
    record EveryUser() implements DeliveryPrivilege {}

    /** Started by an ordinary user: for that one. */
    record OneUser(int uid) implements DeliveryPrivilege {}

    static DeliveryPrivilege ofThisProcess() {
        int uid = Identity.ownUid();
        return uid == 0 ? new EveryUser() : new OneUser(uid);
    }
}

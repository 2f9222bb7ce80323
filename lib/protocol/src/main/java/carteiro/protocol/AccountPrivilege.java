package carteiro.protocol;

import carteiro.posix.Identity;

/** For which accounts this process can work with files. */
public sealed interface AccountPrivilege {
    /** Started by root: for every user but root. */
    record EveryUser() implements AccountPrivilege {}

    /** Started by an ordinary user: for that one. */
    record OneUser(int uid) implements AccountPrivilege {}

    /** By its user. */
    static AccountPrivilege ofThisProcess() {
        int uid = Identity.ownUid();
        return uid == 0 ? new EveryUser() : new OneUser(uid);
    }
}

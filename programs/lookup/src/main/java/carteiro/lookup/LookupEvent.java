package carteiro.lookup;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;
import java.util.List;

/** What lookup has to tell; each line stands in docs/programs/lookup.md. */
sealed interface LookupEvent extends LogEvent {
    @Override
    default String program() {
        return "lookup";
    }

    /** A directory server is not used for some time. */
    @EventName("directory-server-lost")
    record ServerLost(String server, String reason, long seconds) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: directory server " + server + " is not used for " + seconds + " s: "
                    + LogText.sentence(reason);
        }
    }

    /** A question did not get as far as a directory server, for a reason of our own. */
    @EventName("directory-not-asked")
    record NotAsked(String server, String reason) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: directory server " + server + " was not asked: " + LogText.sentence(reason);
        }
    }

    /** A directory server that was not used answers again. */
    @EventName("directory-server-back")
    record ServerBack(String server) implements LookupEvent {
        @Override
        public String line() {
            return "lookup: directory server " + server + " answers again";
        }
    }

    /** The directory answers, but not to what we ask. */
    @EventName("directory-fault")
    record DirectoryFault(String reason) implements LookupEvent {
        @Override
        public String line() {
            return "alert: lookup: directory: " + LogText.sentence(reason);
        }
    }

    /** An entry that cannot be used. */
    @EventName("entry-fault")
    record EntryFault(String entry, String address, String fault) implements LookupEvent {
        @Override
        public String line() {
            return "alert: lookup: entry " + LogText.sentence(entry) + " of <" + LogText.safe(address) + ">: "
                    + LogText.sentence(fault);
        }
    }

    /** A value in an entry that says nothing we know and is ignored. */
    @EventName("entry-oddity")
    record EntryOddity(String entry, String oddity) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: entry " + LogText.sentence(entry) + ": " + LogText.sentence(oddity);
        }
    }

    /** Several entries have one address. */
    @EventName("address-ambiguous")
    record Ambiguous(String address, List<String> entries) implements LookupEvent {
        @Override
        public String line() {
            return "alert: lookup: address <" + LogText.safe(address) + "> stands in several entries: "
                    + LogText.sentence(String.join("; ", entries));
        }
    }

    /** A source could not say anything about an address. */
    @EventName("address-undecided")
    record CannotTell(String source, String address, String reason) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: " + source + " cannot tell now what <" + LogText.safe(address) + "> is: "
                    + LogText.sentence(reason);
        }
    }

    /** A password was wrong, or nobody has that name, or it may not log in. Who asked was told no more than that. */
    @EventName("login-failed")
    record LoginFailed(String name, String client, String reason) implements LookupEvent {
        @Override
        public String line() {
            return "lookup: no login for \"" + LogText.safe(name) + "\" from " + LogText.safe(client) + ": "
                    + LogText.sentence(reason);
        }
    }

    /** Whether a password is right could not be told. */
    @EventName("login-undecided")
    record LoginUndecidable(String source, String name, String reason) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: " + source + " cannot tell now who \"" + LogText.safe(name) + "\" is: "
                    + LogText.sentence(reason);
        }
    }

    /** An account has sent what it may for now. */
    @EventName("account-over-limit")
    record AccountOverLimit(String account, String limit, long seconds) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: account \"" + LogText.safe(account) + "\" may send no more for " + seconds
                    + " s: its limit is " + limit;
        }
    }

    /** An account has sent much more than it uses to. */
    @EventName("sending-unusual")
    record SendingUnusual(String account, long messages, long recipients) implements LookupEvent {
        @Override
        public String line() {
            return "alert: lookup: account \"" + LogText.safe(account) + "\" has sent " + messages
                    + " messages to " + recipients + " recipients today, much more than it uses to; if somebody else"
                    + " has its password, stop it by: carteiro logins --stop";
        }
    }

    /** Somebody logs in to one account from many networks. */
    @EventName("logins-spread")
    record LoginsSpread(String account, long networks, String client) implements LookupEvent {
        @Override
        public String line() {
            return "alert: lookup: account \"" + LogText.safe(account) + "\" is logged in to from more than "
                    + networks + " networks today, now from " + LogText.safe(client) + "; if somebody else has its"
                    + " password, stop it by: carteiro logins --stop";
        }
    }

    /** An administrator has given an order about logins. */
    @EventName("logins-order")
    record LoginsOrdered(String order, String name, String by) implements LookupEvent {
        @Override
        public String line() {
            return "lookup: logins: " + LogText.safe(by) + " says " + order + " \"" + LogText.safe(name) + "\"";
        }
    }

    /** Passwords are not looked at for a time. */
    @EventName("logins-blocked")
    record LoginsBlocked(String name, String client, long seconds) implements LookupEvent {
        @Override
        public String line() {
            return "warning: lookup: no password is looked at for " + seconds + " s: \"" + LogText.safe(name)
                    + "\" from " + LogText.safe(client) + " had too many wrong ones";
        }
    }

    /** HUP to send found no control/locals. The line is qmail-send's. */
    @EventName("locals-from-me")
    record LocalsFromMe() implements LookupEvent {
        @Override
        public String line() {
            return "warning: control/locals is missing: the only local domain is that of control/me";
        }
    }
}

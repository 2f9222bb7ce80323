package carteiro.remote;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What remote says in the log by itself; what became of a delivery is said by send. */
sealed interface RemoteEvent extends LogEvent {
    @Override
    default String program() {
        return "remote";
    }

    /** Encryption failed; the message goes in clear. */
    @EventName("tls-failed")
    record TlsFailed(String host, String ip, String reason) implements RemoteEvent {
        @Override
        public String line() {
            return "remote: " + LogText.safe(host) + " (" + ip + "): STARTTLS failed: " + LogText.sentence(reason)
                    + "; trying again in clear";
        }
    }

    /** A relay refuses our login. */
    @EventName("relay-login-refused")
    record RelayLoginRejected(String host, String ip, String user, String reply) implements RemoteEvent {
        @Override
        public String line() {
            return "alert: remote: " + LogText.safe(host) + " (" + ip + ") refuses the login as \"" + LogText.safe(user)
                    + "\": " + LogText.sentence(reply) + "; its mail waits; correct user and password in"
                    + " control/smtproutes or control/authsenders, then carteiro reload remote";
        }
    }

    /** An address did not answer twice. */
    @EventName("host-dead")
    record HostDead(String ip) implements RemoteEvent {
        @Override
        public String line() {
            return "remote: " + ip + " does not answer: not tried again for about an hour";
        }
    }
}
